package history

import (
	"context"
	"fmt"
	"testing"
	"time"

	"monitord/metric"
)

// A meter counts seconds, whatever the clock says.
type meter struct {
	*host
	n float64
}

func (m *meter) tick(t *testing.T, db *DB, ts int64) (kept bool) {
	t.Helper()
	m.n++
	return db.Append(metric.Batch{T: ts, Points: []metric.Point{{Series: m.up, V: 1}, {Series: m.series[0], V: m.n}}}) == nil
}

func number(t *testing.T, db *DB, expr string, ts int64) float64 {
	t.Helper()
	values, err := db.Instant(context.Background(), expr, ts)
	if err != nil || len(values) > 1 {
		t.Fatalf("%s at %d: %v, %v", expr, ts, values, err)
	}
	if len(values) == 0 {
		return -1
	}
	return values[0].V
}

// When the clock is set back, evaluations at the present see the present: never a
// value of the time before, and no rate over both. The disk takes what it has
// nothing of, and loses nothing.
func TestTimeThatComesTwice(t *testing.T) {
	const second, hour = int64(1000), int64(3600_000)
	for name, back := range map[string]int64{"half a minute": 30, "half an hour": 1800, "an hour and a half, before all": 5400, "ten years": 10 * 365 * 86400} {
		t.Run(name, func(t *testing.T) {
			db := open(t, t.TempDir())
			m := &meter{host: newHost(1)}
			begin := start + 2*hour
			end := begin + hour
			for ts := begin; ts <= end; ts += second {
				if !m.tick(t, db, ts) {
					t.Fatal("not stored")
				}
			}
			from := end - back*second
			to := min(from+hour+10*60*second, end+120*second) // over the seam, if it is near
			for ts := from; ts <= to; ts += second {
				kept := m.tick(t, db, ts)
				if want := ts < begin && end-ts <= outOfOrder.Milliseconds() || ts > end; kept != want {
					t.Fatalf("%d s after the clock was set: kept is %v", (ts-from)/second, kept)
				}
				if s := db.Stats(); s.Folded != (ts <= end) {
					t.Fatalf("%d s after the clock was set: folded is %v", (ts-from)/second, s.Folded)
				}
				if ts%(7*second) != 0 {
					continue
				}
				if got := number(t, db, "load", ts); got != m.n {
					t.Fatalf("%d s after the clock was set: load is %v, is really %v", (ts-from)/second, got, m.n)
				}
				since := (ts - from) / second
				if got := number(t, db, "count_over_time(load[5m])", ts); got != float64(min(since+1, 300)) {
					t.Fatalf("%d s after the clock was set: %v samples in five minutes", since, got)
				}
				if got := number(t, db, "idelta(load[10s])", ts); since > 0 && got != 1 {
					t.Fatalf("%d s after the clock was set: it grew by %v in a second", since, got)
				}
				if got := number(t, db, "rate(load[5m])", ts); got > 1.001 {
					t.Fatalf("%d s after the clock was set: rate %v", since, got)
				}
			}
			// What was, is: at the times before the clock was set back, as far as they
			// came once, and on disk all of it.
			if got := number(t, db, "load", from-second); from > begin && got != float64((from-second-begin)/second+1) {
				t.Errorf("before the clock was set load was %v", got)
			}
			for ts := begin; ts <= end; ts += 60 * second {
				if !db.stored(ts) {
					t.Errorf("the tick %d s after the start is gone", (ts-begin)/second)
				}
			}
			if got, want := len(ticks(t, db, from, to)), int((to-from)/second)+1; got != want {
				t.Errorf("%d ticks since the clock was set, want %d", got, want)
			}
		})
	}
}

// A daemon that starts behind the newest tick begins at the present, too.
func TestStartBehindTheNewestTick(t *testing.T) {
	dir := t.TempDir()
	db, m := open(t, dir), &meter{host: newHost(1)}
	for ts := start; ts <= start+600_000; ts += 1000 {
		m.tick(t, db, ts)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	for ts := start + 300_000; ts <= start+420_000; ts += 1000 {
		m.tick(t, db, ts)
	}
	at := start + 420_000
	if load, rate := number(t, db, "load", at), number(t, db, "rate(load[1m])", at); load != m.n || rate < 0.999 || rate > 1.001 {
		t.Errorf("load is %v, want %v, and its rate %v", load, m.n, rate)
	}
}

// What is held of a time that comes twice is bounded, and goes when it is long past.
func TestTimeThatComesTwiceIsBounded(t *testing.T) {
	db, m := open(t, t.TempDir()), &meter{host: newHost(1)}
	day := int64(24 * time.Hour / time.Millisecond)
	for ts := start; ts <= start+day; ts += 60_000 {
		m.tick(t, db, ts)
	}
	for ts := start; ts <= start+day; ts += 60_000 {
		m.tick(t, db, ts)
		if n := len(db.memories); n > maxMemories {
			t.Fatalf("%d memories", n)
		}
		if got := number(t, db, "load", ts); got != m.n {
			t.Fatalf("load is %v, is really %v", got, m.n)
		}
	}
	for ts := start + day + 60_000; ts <= start+2*day; ts += 60_000 {
		if !m.tick(t, db, ts) {
			t.Fatal("not stored")
		}
	}
	over := db.folded
	m.tick(t, db, start+2*day+60_000)
	if over != db.folded {
		t.Error("it goes again at each tick")
	}
	if s := db.Stats(); len(db.memories) != 0 || s.MemoryTicks != 0 || s.Folded {
		t.Errorf("%d memories, %s", len(db.memories), fmt.Sprintf("%+v", s))
	}
	if err := db.closeRetired(); err != nil {
		t.Error(err)
	}
}
