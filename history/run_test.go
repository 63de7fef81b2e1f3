package history

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"monitord/metric"
)

// Run opens a failed disk again by itself. The clock is synctest's.
func TestRunOpensAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, h := open(t, dir), newHost(2)
		appendAll(t, db, h, start, start+9000)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- db.Run(ctx) }()
		db.write.Lock()
		db.fail("test", context.DeadlineExceeded)
		db.write.Unlock()
		for ts := start + 10_000; ts < start+13_000; ts += 1000 {
			if err := db.Append(h.batch(ts)); err == nil {
				t.Error("a tick that is in memory only gave no error")
			}
		}
		if got := len(ticks(t, db, start, start+20_000)); got != 13 {
			t.Errorf("%d ticks while the disk takes nothing", got)
		}
		time.Sleep(reopenEvery + time.Second)
		synctest.Wait()
		if s := db.Stats(); !s.Writable || s.MemoryTicks != 0 {
			t.Errorf("after %s: %+v", reopenEvery, s)
		}
		appendAll(t, db, h, start+13_000, start+13_000)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db := open(t, dir)
	if got := len(ticks(t, db, start, start+20_000)); got != 14 {
		t.Errorf("%d ticks after a restart, want 14", got)
	}
}

// Ticks that come while those in memory are copied are taken too, in order.
func TestAppendWhileCatchingUp(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(20)
	appendAll(t, db, h, start, start)
	db.write.Lock()
	db.fail("test", context.DeadlineExceeded)
	db.write.Unlock()
	ts := start + 1000
	for ; ts < start+1_000_000; ts += 1000 {
		db.Append(h.batch(ts))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		db.tryReopen()
	}()
	for caught := false; !caught; ts += 1000 {
		db.Append(h.batch(ts))
		if values, err := db.Instant(t.Context(), "count(load)", ts); err != nil || len(values) != 1 || values[0].V != 20 {
			t.Fatalf("at %d: %v, %v", ts, values, err)
		}
		select {
		case <-done:
			caught = true
		default:
			if ts > start+3_000_000 { // on a machine that copies more slowly than this appends, enough came
				<-done
			}
		}
	}
	want := int((ts - start) / 1000)
	if s := db.Stats(); !s.Writable || s.MemoryTicks != 0 || s.Dropped != 0 || s.Rejected != 0 {
		t.Errorf("%+v", s)
	}
	if got := len(ticks(t, db, start, ts)); got != want {
		t.Errorf("%d ticks, want %d", got, want)
	}
	values, err := db.Instant(t.Context(), "sum(count_over_time(load[10h]))", ts)
	if err != nil || len(values) != 1 || values[0].V != float64(20*want) {
		t.Errorf("samples: %v, %v; want %d", values, err, 20*want)
	}
}

// Series that end while the disk takes nothing have ended on disk as well.
func TestMarkersAreCopied(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(2)
	appendAll(t, db, h, start, start)
	db.write.Lock()
	db.fail("test", context.DeadlineExceeded)
	db.write.Unlock()
	b := h.batch(start + 1000)
	b.Points, b.Ended = b.Points[:2], []*metric.Series{h.series[1]}
	db.Append(b)
	if got := instant(t, db, "count(load)", start+1000); got != "=1;" {
		t.Errorf("in memory: %s", got)
	}
	db.tryReopen()
	if s := db.Stats(); !s.Writable {
		t.Fatalf("%+v", s)
	}
	if got := instant(t, db, "count(load)", start+1000); got != "=1;" {
		t.Errorf("on disk: %s", got)
	}
	if err := db.closeRetired(); err != nil {
		t.Error(err)
	}
}

// A storage that was closed to be opened again, and cannot be, is no hole in what
// queries see: what reaches back to it is an error until it is there again.
func TestQueriesWhileTheDiskCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(1)
	appendAll(t, db, h, start, start+59_000)
	db.write.Lock()
	db.fail("test", context.DeadlineExceeded)
	db.write.Unlock()
	blocked := filepath.Join(dir, "wal")
	if err := errors.Join(os.Rename(blocked, blocked+"-away"), os.WriteFile(blocked, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	db.Append(h.batch(start + 60_000))
	db.tryReopen()
	if db.disk != nil {
		t.Fatal("it was opened")
	}
	at := start + 60_000
	var failed *QueryError
	if values, err := db.Instant(t.Context(), "count_over_time(up[5m])", at); !errors.As(err, &failed) || failed.Kind != Storage {
		t.Errorf("of what is on disk: %v, %v", values, err)
	}
	if got, err := db.Ticks(t.Context(), start, at); err == nil {
		t.Errorf("there are %d ticks", len(got))
	}
	if db.Oldest() != start {
		t.Errorf("the oldest sample is %d", db.Oldest())
	}
	for ; at < start+120_000; at += 1000 {
		db.Append(h.batch(at))
	}
	if got := instant(t, db, "count_over_time(up[30s])", start+119_000); got != "=30;" {
		t.Errorf("of what is in memory: %s", got)
	}
	if err := errors.Join(os.Remove(blocked), os.Rename(blocked+"-away", blocked)); err != nil {
		t.Fatal(err)
	}
	db.nextTry = time.Time{}
	db.tryReopen()
	if got := instant(t, db, "count_over_time(up[5m])", start+119_000); got != "=120;" {
		t.Errorf("when it is there again: %s", got)
	}
	if err := db.closeRetired(); err != nil {
		t.Error(err)
	}
}

// What is in memory when the daemon stops is lost, and that is said.
func TestTicksThatACloseLosesAreTold(t *testing.T) {
	var lost []int64
	log := slog.New(onRecord(func(r slog.Record) {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "ticks" {
				lost = append(lost, a.Value.Int64())
			}
			return true
		})
	}))
	dir, h := t.TempDir(), newHost(1)
	for _, held := range []int64{3, 0} {
		db, err := Open(Options{Dir: dir, Config: DefaultConfig(), Log: log})
		if err != nil {
			t.Fatal(err)
		}
		at := max(db.Last()+1000, start)
		appendAll(t, db, h, at, at)
		if held > 0 {
			db.write.Lock()
			db.fail("test", context.DeadlineExceeded)
			db.write.Unlock()
		}
		for range held {
			db.Append(h.batch(db.Last() + 1000))
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(lost, []int64{3}) {
		t.Errorf("told of %d", lost)
	}
}
