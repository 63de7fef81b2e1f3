package history

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Queries go on beside appending, compaction and a failed disk that is opened
// again; each sees whole ticks only.
func TestQueriesBesideEverything(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(9)
	appendAll(t, db, h, start, start)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	ask := func(check func(last int64)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				check(db.Last())
			}
		})
	}
	for range 2 {
		ask(func(last int64) {
			values, err := db.Instant(context.Background(), "count(load)", last)
			if err != nil || len(values) != 1 || values[0].V != 9 {
				t.Errorf("at %d: %v, %v", last, values, err)
			}
		})
	}
	ask(func(last int64) {
		from := max(start, last-3_600_000)
		from -= from % 30_000
		got, err := db.Ticks(context.Background(), from, last)
		if err != nil || int64(len(got)) != (last-from)/30_000+1 {
			t.Errorf("%d ticks in [%d, %d], %v", len(got), from, last, err)
		}
	})
	ask(func(int64) { db.Stats() })

	for ts := start + 30_000; ts < start+5*1_800_000; ts += 30_000 {
		err := db.Append(h.batch(ts))
		switch ts {
		case start + 3_600_000, start + 2*3_600_000:
			db.write.Lock()
			db.fail("test", context.DeadlineExceeded)
			db.write.Unlock()
		case start + 3_900_000, start + 2*3_600_000 + 60_000:
			db.tryReopen()
			if s := db.Stats(); !s.Writable {
				t.Fatalf("not opened again: %+v", s)
			}
		default:
			if writable := db.Stats().Writable; writable && err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel()
	wg.Wait()
	s := db.Stats()
	// The storage makes blocks beside everything else, when it comes to it.
	for deadline := time.Now().Add(time.Minute); s.Blocks == 0 && time.Now().Before(deadline); s = db.Stats() {
		runtime.Gosched()
	}
	if s.Rejected+s.Dropped+s.TooOld != 0 || s.Blocks == 0 {
		t.Errorf("%+v", s)
	}
	if err := db.closeRetired(); err != nil {
		t.Error(err)
	}
}
