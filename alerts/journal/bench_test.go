package journal

import (
	"os"
	"testing"
	"time"
)

// BenchmarkAppend is one event an Append. sync-ns/op is the part of it that
// waits for the disk.
func BenchmarkAppend(b *testing.B) {
	payload := make([]byte, 600)
	for i := range payload {
		payload[i] = 'x'
	}
	run := func(b *testing.B, dev device) {
		var waited time.Duration
		sync := dev.sync
		dev.sync = func(f *os.File) error {
			start := time.Now()
			defer func() { waited += time.Since(start) }()
			return sync(f)
		}
		j, err := open(b.TempDir(), Options{Log: quiet, MaxSize: 32 << 20}, SegmentSize, dev)
		if err != nil {
			b.Fatal(err)
		}
		defer j.Close()
		b.ReportAllocs()
		recs := []Record{{Kind: Event, Data: payload}}
		for b.Loop() {
			if _, err := j.Append(recs); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(waited.Nanoseconds())/float64(b.N), "sync-ns/op")
	}
	b.Run("synced", func(b *testing.B) { run(b, realDevice()) })
	b.Run("unsynced", func(b *testing.B) { run(b, unsynced()) })
}

func BenchmarkReadOne(b *testing.B) {
	j, err := open(b.TempDir(), Options{Log: quiet}, SegmentSize, unsynced())
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	for range 40 {
		recs := make([]Record, 1000)
		for i := range recs {
			recs[i] = Record{Kind: Event, Data: make([]byte, 600)}
		}
		if _, err := j.Append(recs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n = (n + 7919) % j.Last()
		if recs, err := j.Read(n, 1); err != nil || len(recs) != 1 {
			b.Fatal(recs, err)
		}
	}
}
