package history

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// processor reports processor time beside the clock's, which says little on a
// busy machine. The storage's own goroutines are in it.
func processor(b *testing.B) {
	b.Helper()
	used := func() time.Duration {
		var r unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	before := used()
	b.Cleanup(func() { b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op") })
}

// BenchmarkAppend stores ticks of 500 series.
func BenchmarkAppend(b *testing.B) {
	db, h := benchDB(b)
	batch := h.batch(start)
	b.ReportAllocs()
	processor(b)
	for b.Loop() {
		batch.T += 1000
		for i := range batch.Points {
			batch.Points[i].V += float64(i % 7)
		}
		if err := db.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInstant evaluates expressions over ten minutes of 500 series.
func BenchmarkInstant(b *testing.B) {
	db, h := benchDB(b)
	ts := start
	for ; ts < start+600_000; ts += 1000 {
		if err := db.Append(h.batch(ts)); err != nil {
			b.Fatal(err)
		}
	}
	for _, expr := range []string{"up == 0", "load > 1e12", "sum(load)", `rate(load{core="7"}[1m])`, "sum(rate(load[10s]))"} {
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			processor(b)
			for b.Loop() {
				if _, err := db.Instant(b.Context(), expr, ts-1000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen opens a history after a kill -9, with an hour of 500 series in
// its log.
func BenchmarkOpen(b *testing.B) {
	db, h := benchDB(b)
	for ts := start; ts < start+3_600_000; ts += 1000 {
		if err := db.Append(h.batch(ts)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	processor(b)
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		if err := os.CopyFS(dir, os.DirFS(db.opts.Dir)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		again, err := Open(Options{Dir: dir, Config: DefaultConfig()})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func benchDB(b *testing.B) (*DB, *host) {
	b.Helper()
	db, err := Open(Options{Dir: b.TempDir(), Config: DefaultConfig()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db, newHost(499)
}
