package journal

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"testing"
)

// faulty is a disk that fails when it is told to.
type faulty struct {
	device
	failWrite, failSync, failCreate error
	synced                          map[string]int // by file name, syncs after its first failure
	failed                          map[string]bool
}

func newFaulty() *faulty {
	f := &faulty{synced: map[string]int{}, failed: map[string]bool{}}
	base := unsynced()
	f.device = base
	f.allocate = func(file *os.File, size int64) error {
		if f.failCreate != nil {
			return f.failCreate
		}
		return base.allocate(file, size)
	}
	f.write = func(file *os.File, b []byte, off int64) error {
		if f.failWrite != nil {
			f.failed[file.Name()] = true
			return f.failWrite
		}
		return base.write(file, b, off)
	}
	f.sync = func(file *os.File) error {
		if f.failed[file.Name()] {
			f.synced[file.Name()]++
		}
		if f.failSync != nil {
			f.failed[file.Name()] = true
			return f.failSync
		}
		return nil
	}
	return f
}

func event(seq uint64) []Record {
	return []Record{{Kind: Event, T: int64(seq) * 1000, Data: []byte(text(seq))}}
}

func TestFailedSync(t *testing.T) {
	dir, disk := t.TempDir(), newFaulty()
	j := mustOpenOn(t, dir, Options{}, small, disk.device)
	fill(t, j, 10)

	// One sync fails: the records go to a fresh file within the same Append.
	once := disk.sync
	fails := 1
	j.dev.sync = func(f *os.File) error {
		if fails > 0 {
			fails--
			disk.failed[f.Name()] = true
			return syscall.EIO
		}
		return once(f)
	}
	fill(t, j, 5)
	if s := j.Stats(); s.WriteErrors != 1 || s.Broken || s.Segments != 2 {
		t.Fatalf("stats %+v", s)
	}
	wantRange(t, readAll(t, j, 0), 1, 15)

	// All of it fails for a while: nothing is acknowledged, no number is spent.
	j.dev.sync = once
	disk.failSync = syscall.EIO
	for range 3 {
		lost := []Record{{Kind: Event, Data: []byte("never acknowledged")}}
		if n, err := j.Append(lost); n != 0 || !errors.Is(err, syscall.EIO) || lost[0].Seq != 0 {
			t.Fatalf("Append = %d, %v, number %d", n, err, lost[0].Seq)
		}
	}
	if s := j.Stats(); !s.Broken || j.Last() != 15 {
		t.Fatalf("last %d, stats %+v", j.Last(), s)
	}
	if n := len(files(t, dir)); n > 3 {
		t.Fatalf("%d files: those that took nothing are to go", n)
	}
	disk.failSync = nil
	fill(t, j, 5)
	wantRange(t, readAll(t, j, 0), 1, 20)
	for name, n := range disk.synced {
		if n > 0 {
			t.Errorf("%s was synced %d times after a failure", name, n)
		}
	}
	j.Close()

	j = mustOpenOn(t, dir, Options{}, small, unsynced())
	wantRange(t, readAll(t, j, 0), 1, 20)
	if s := j.Stats(); s.Damaged != 0 || s.Lost != 0 {
		t.Fatalf("reopened: stats %+v", s)
	}
}

// TestVoid: what a broken file holds beyond its acknowledged part is not read,
// however whole it looks.
func TestVoid(t *testing.T) {
	dir := t.TempDir()
	disk := newFaulty()
	j := mustOpenOn(t, dir, Options{}, small, disk.device)
	fill(t, j, 4)
	disk.failSync = syscall.EIO
	disk.failCreate = syscall.ENOSPC
	if _, err := j.Append([]Record{{Kind: Event, Data: []byte("never acknowledged")}, {Kind: State, Data: []byte("nor this")}}); err == nil {
		t.Fatal("no error")
	}
	disk.failSync, disk.failCreate = nil, nil
	fill(t, j, 4)
	j.Close()

	j = mustOpenOn(t, dir, Options{}, small, unsynced())
	wantRange(t, readAll(t, j, 0), 1, 8)
	if err := j.Fold(func(r Record) error {
		if r.Kind == State && string(r.Data) != "state" {
			t.Errorf("folded %q", r.Data)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk: the current file and the one allocated ahead take events, then
// nothing does, and once there is room everything goes on.
func TestFullDisk(t *testing.T) {
	dir, disk := t.TempDir(), newFaulty()
	j := mustOpenOn(t, dir, Options{}, small, disk.device)
	fill(t, j, 1)
	disk.failCreate = syscall.ENOSPC
	took := uint64(1)
	var err error
	for err == nil {
		if _, err = j.Append(event(took + 1)); err == nil {
			took++
		}
	}
	if !errors.Is(err, syscall.ENOSPC) || took*200 < small {
		t.Fatalf("after %d events: %v", took, err)
	}
	if s := j.Stats(); !s.AllocFailed || !s.Broken {
		t.Fatalf("stats %+v", s)
	}
	wantRange(t, readAll(t, j, 0), 1, took)
	j.Close()

	// Started on the full disk.
	j = mustOpenOn(t, dir, Options{}, small, disk.device)
	if _, err := j.Append(event(took + 1)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Append = %v", err)
	}
	disk.failCreate = nil
	fill(t, j, 5)
	wantRange(t, readAll(t, j, 0), 1, took+5)
	if s := j.Stats(); s.AllocFailed || s.Broken {
		t.Fatalf("stats %+v", s)
	}
}

// TestConcurrentReaders: readers see every event once while the writer rolls
// over and drops what is old.
func TestConcurrentReaders(t *testing.T) {
	j := mustOpenOn(t, t.TempDir(), Options{MaxSize: 8 * small}, small, unsynced())
	const total = 3000
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for after := uint64(0); after < total; {
				recs, err := j.Read(after, 50)
				if errors.Is(err, ErrExpired) {
					after = max(after, j.First()-1)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				for _, r := range recs {
					if r.Seq != after+1 || string(r.Data) != text(r.Seq) {
						t.Errorf("event %d after %d: %q", r.Seq, after, r.Data)
						return
					}
					after = r.Seq
				}
			}
		})
	}
	for j.Last() < total {
		fill(t, j, 50)
		if err := j.Snapshot(nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	readers.Wait()
}
