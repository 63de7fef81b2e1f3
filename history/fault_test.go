package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func appendUntilKilled(dir string) error {
	db, err := Open(Options{Dir: dir, Config: DefaultConfig()})
	if err != nil {
		return err
	}
	h := newHost(50)
	for ts := max(db.Last()+1000, start); ; ts += 1000 {
		if err := db.Append(h.batch(ts)); err != nil {
			return err
		}
		fmt.Println(ts)
	}
}

func TestKillLosesNoCommittedTick(t *testing.T) {
	dir := t.TempDir()
	committed := int64(0)
	for round := 1; round <= 3; round++ {
		lines, err := runUntil("append", dir, func(_ string, n int) bool { return n == 70*round })
		if err != nil {
			t.Fatal(err)
		}
		committed += int64(len(lines))
		db, err := Open(Options{Dir: dir, Config: DefaultConfig()})
		if err != nil {
			t.Fatal(err)
		}
		got := int64(len(ticks(t, db, start, db.Last())))
		if got < committed || got > committed+1 || db.Last() != start+(got-1)*1000 {
			t.Errorf("round %d: %d ticks up to %d, %d were committed", round, got, db.Last(), committed)
		}
		committed = got // the tick in flight may have been stored
		if s := instant(t, db, "count(load)", db.Last()); s != "=50;" {
			t.Errorf("round %d: %s series in the last tick", round, s)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A file may not grow beyond the limit: every write past it fails, for root too.
func limitFiles() error {
	signal.Ignore(syscall.SIGXFSZ)
	return setFileLimit(0)
}

func unlimitFiles() error { return setFileLimit(unix.RLIM_INFINITY) }

func setFileLimit(bytes uint64) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &l); err != nil {
		return err
	}
	l.Cur = min(bytes, l.Max)
	return unix.Setrlimit(unix.RLIMIT_FSIZE, &l)
}

func remount(dir string, flags uintptr) error {
	return unix.Mount("none", filepath.Dir(dir), "", unix.MS_REMOUNT|flags, "size=40m")
}

func filler(dir string) string { return filepath.Join(filepath.Dir(dir), "filler") }

// fillDisk writes until nothing more fits.
func fillDisk(dir string) error {
	f, err := os.Create(filler(dir))
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			return err
		}
	}
	return nil
}

// What a child does that is starved of disk: ticks before, meanwhile and after.
const (
	starvedSeries = 60
	ticksBefore   = 100
	ticksStarve   = 150
	ticksAfter    = 100
	lastStarved   = start + (ticksBefore+ticksStarve-1)*1000
	lastTick      = lastStarved + ticksAfter*1000
)

// starve takes the disk away and gives it back, checks what the history says and
// answers meanwhile, and then waits to be killed. With fromStart the disk is full
// when the history is opened.
func starve(dir string, fromStart bool, take, give func() error) error {
	if fromStart {
		if err := take(); err != nil {
			return fmt.Errorf("take the disk away: %w", err)
		}
	}
	var log bytes.Buffer
	db, err := Open(Options{Dir: dir, Config: DefaultConfig(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		return err
	}
	h := newHost(starvedSeries)
	ts := start
	for ; ts < start+ticksBefore*1000; ts += 1000 {
		if err := db.Append(h.batch(ts)); (err != nil) != fromStart {
			return fmt.Errorf("append before: %w", err)
		}
	}
	if !fromStart {
		if err := take(); err != nil {
			return fmt.Errorf("take the disk away: %w", err)
		}
	}
	for ; ts <= lastStarved; ts += 1000 {
		db.Append(h.batch(ts))
		if ts%50_000 == 0 {
			db.tryReopen()
		}
		if ts%10_000 != 0 {
			continue
		}
		if err := complete(db, ts); err != nil {
			return fmt.Errorf("while starved: %w", err)
		}
	}
	if s := db.Stats(); s.Writable || s.MemoryTicks < ticksStarve/2 || s.CommitErrors < ticksStarve/2 {
		return fmt.Errorf("while starved: %+v", s)
	}
	if err := db.Append(h.batch(ts)); err == nil {
		return errors.New("an append that is not durable gave no error")
	}
	if err := give(); err != nil {
		return fmt.Errorf("give the disk back: %w", err)
	}
	db.tryReopen()
	if s := db.Stats(); !s.Writable || s.MemoryTicks != 0 {
		return fmt.Errorf("with room again: %+v\n%s", s, log.String())
	}
	for ts += 1000; ts <= lastTick; ts += 1000 {
		if err := db.Append(h.batch(ts)); err != nil {
			return fmt.Errorf("append after: %w", err)
		}
	}
	if err := complete(db, lastTick); err != nil {
		return fmt.Errorf("after: %w", err)
	}
	if n := strings.Count(log.String(), "level="); n != 2 || !strings.Contains(log.String(), "cannot write") || !strings.Contains(log.String(), "writes again") {
		return fmt.Errorf("%d log lines instead of two:\n%s", n, log.String())
	}
	fmt.Println("done")
	select {} // to be killed
}

// complete checks that every tick from the start to the last one is there.
func complete(db *DB, last int64) error {
	all, err := db.Ticks(context.Background(), start, last)
	if err != nil {
		return err
	}
	if want := int(last-start)/1000 + 1; len(all) != want {
		return fmt.Errorf("%d ticks, want %d", len(all), want)
	}
	values, err := db.Instant(context.Background(), "sum(count_over_time(load[1h]))", last)
	if err != nil {
		return err
	}
	if want := float64(starvedSeries * len(all)); len(values) != 1 || values[0].V != want {
		return fmt.Errorf("samples of load: %v, want %v", values, want)
	}
	return nil
}

// killWhenDone runs a starved child, kills it when it is done, and checks that a
// restart finds everything.
func killWhenDone(task, dir string) error {
	if _, err := runUntil(task, dir, func(line string, _ int) bool { return line == "done" }); err != nil {
		return err
	}
	db, err := Open(Options{Dir: dir, Config: DefaultConfig()})
	if err != nil {
		return err
	}
	if err := complete(db, lastTick); err != nil {
		return fmt.Errorf("after the kill: %w", err)
	}
	return db.Close()
}

func TestDiskTakesNothing(t *testing.T) {
	for _, task := range []string{"limited", "limited-open"} {
		t.Run(task, func(t *testing.T) {
			t.Parallel()
			if err := killWhenDone(task, filepath.Join(t.TempDir(), "history")); err != nil {
				t.Error(err)
			}
		})
	}
}

// closeStarved closes a history that cannot write what closing it would.
func closeStarved(dir string) error {
	db, err := Open(Options{Dir: dir, Config: DefaultConfig()})
	if err != nil {
		return err
	}
	h := newHost(starvedSeries)
	for ts := start; ts <= lastStarved; ts += 1000 { // more than fits into a chunk
		if err := db.Append(h.batch(ts)); err != nil {
			return err
		}
	}
	if err := limitFiles(); err != nil {
		return err
	}
	if err := db.Append(h.batch(lastTick)); err == nil {
		return errors.New("the disk takes ticks")
	}
	if err := db.Close(); err == nil {
		return errors.New("closed without an error")
	}
	return nil
}

func TestCloseWithoutRoom(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	if out, err := child("limited-close", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	db := open(t, dir)
	if err := complete(db, lastStarved); err != nil {
		t.Error(err)
	}
	appendAll(t, db, newHost(1), lastTick, lastTick)
}

// The same on a small file system that is really full, where the system lets us
// mount one: as root, or in a user namespace.
func TestDiskIsFull(t *testing.T) {
	for _, task := range []string{"mount-full", "mount-full-open", "mount-readonly-open"} {
		t.Run(task, func(t *testing.T) {
			t.Parallel()
			cmd := child(task, t.TempDir())
			cmd.Env = append(cmd.Env, "TMPDIR="+t.TempDir()) // where a memory goes when the disk takes no directory
			out, err := inNamespace(cmd)
			switch {
			case errors.Is(err, errNoNamespace):
				t.Log("no file system may be mounted here; TestDiskTakesNothing covers the rest:", err)
			case err != nil:
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
