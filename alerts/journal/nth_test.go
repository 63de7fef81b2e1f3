package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// tiny is a segment size of which a handful of events fill one.
const tiny = dataStart + 1<<10

// What may happen to the n-th operation.
type mishap int

const (
	fails    mishap = iota // nothing is done
	succeeds               // it is done, and said to have failed
	halfway                // of a write the first half is done; anything else fails
)

// A failing device does something else at its n-th operation, and at the ones
// behind it for a while.
type failing struct {
	at, during int // operations from 1 on; 0: never
	how        mishap
	err        error

	n    int      // operations so far
	done []string // what they were
}

// check counts an operation and tells whether it is one that goes wrong.
func (f *failing) check(what, path string) bool {
	f.n++
	f.done = append(f.done, what+" "+filepath.Base(path))
	return f.at > 0 && f.n >= f.at && f.n < f.at+f.during
}

// do does what an operation is to do, or not.
func (f *failing) do(what, path string, op func() error) error {
	if !f.check(what, path) {
		return op()
	}
	if f.how == succeeds {
		_ = op()
	}
	return &os.PathError{Op: what, Path: path, Err: f.err}
}

// over is base with its operations counted and failing.
func (f *failing) over(base device) device {
	return device{
		list: func(dir string) (all []os.DirEntry, err error) {
			err = f.do("readdir", dir, func() error { all, err = base.list(dir); return err })
			return all, err
		},
		mkdir: func(path string) error { return f.do("mkdir", path, func() error { return base.mkdir(path) }) },
		open: func(path string, flag int) (file *os.File, err error) {
			err = f.do("open", path, func() error { file, err = base.open(path, flag); return err })
			if err != nil && file != nil {
				file.Close()
				file = nil
			}
			return file, err
		},
		allocate: func(file *os.File, size int64) error {
			return f.do("fallocate", file.Name(), func() error { return base.allocate(file, size) })
		},
		write: func(file *os.File, b []byte, off int64) error {
			err := f.do("write", file.Name(), func() error { return base.write(file, b, off) })
			if err != nil && f.how == halfway && f.n >= f.at {
				_ = base.write(file, b[:len(b)/2], off)
			}
			return err
		},
		sync: func(file *os.File) error {
			return f.do("fdatasync", file.Name(), func() error { return base.sync(file) })
		},
		syncAll: func(file *os.File) error {
			return f.do("fsync", file.Name(), func() error { return base.syncAll(file) })
		},
		syncDir: func(path string) error { return f.do("dirsync", path, func() error { return base.syncDir(path) }) },
		rename: func(from, to string) error {
			return f.do("rename", from, func() error { return base.rename(from, to) })
		},
		remove: func(path string) error { return f.do("unlink", path, func() error { return base.remove(path) }) },
	}
}

// A course is a writer over several lives of a journal: it appends what it has
// until it is taken, as the recorder does, and writes snapshots.
type course struct {
	dir    string
	cut    bool     // numbers that were being written may be left out
	acked  []string // what was acknowledged; the number of the first is 1; "" was left out
	tried  []string // what was in the Append that failed last, if nothing came after it
	epoch  string   // under which something was acknowledged
	next   int      // of what is to be appended
	faults []string
}

func (c *course) fault(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// live opens the journal and appends so much that segments are filled, snapshots
// are written and old segments go. It ends early when a disk takes nothing for good.
func (c *course) live(dev device, appends int) {
	j, err := open(c.dir, Options{Log: quiet, MaxSize: 1}, tiny, dev)
	if err != nil {
		if !errors.Is(err, errDisk) {
			c.fault("open: %v", err)
		}
		return
	}
	defer j.Close()
	c.check(j)
	for i, refused := 0, 0; i < appends && refused < 3; i++ {
		if i%5 == 2 {
			_ = j.Snapshot([][]byte{[]byte(strconv.FormatUint(j.Last(), 10)), make([]byte, 600)}, 1)
		}
		batch := []Record{{Kind: State, Data: []byte("state")}}
		for range 1 + i%3 {
			batch = append(batch, Record{Kind: Event, T: 1, Data: fmt.Appendf(nil, "%d%s", c.next, strings.Repeat(" ", 100))})
			c.next++
		}
		for ; refused < 3; refused++ {
			if c.append(j, &batch) {
				refused = 0
				break
			}
			_ = j.Tend()
		}
	}
	c.compare(j, false)
}

// append takes what was acknowledged out of the batch, and tells whether that was all.
func (c *course) append(j *Journal, batch *[]Record) bool {
	n, err := j.Append(*batch)
	if (err == nil) != (n == len(*batch)) {
		c.fault("of %d records %d are durable, with %v", len(*batch), n, err)
	}
	for _, r := range (*batch)[:n] {
		if r.Kind != Event {
			continue
		}
		c.acked = append(c.acked, strings.TrimSpace(string(r.Data)))
		if c.epoch = j.Epoch(); r.Seq != uint64(len(c.acked)) {
			c.fault("%.9s has the number %d, want %d", r.Data, r.Seq, len(c.acked))
		}
	}
	c.tried = nil
	*batch = (*batch)[n:]
	for _, r := range *batch {
		if r.Kind == Event {
			c.tried = append(c.tried, strings.TrimSpace(string(r.Data)))
		}
	}
	return err == nil
}

// check compares a journal that was just opened: it has what was acknowledged, and
// behind it at most what was being written when the life before ended.
func (c *course) check(j *Journal) {
	if c.epoch != "" && j.Epoch() != c.epoch {
		c.fault("the epoch was %s, is %s", c.epoch, j.Epoch())
	}
	c.compare(j, true)
	c.tried = nil
	folded := uint64(0)
	if err := j.Fold(func(r Record) error {
		switch n, err := strconv.ParseUint(string(r.Data), 10, 64); {
		case r.Kind == Snapshot && err == nil:
			folded = n
		case r.Kind == Event && (r.Seq <= folded || r.Seq != folded+1 && !c.cut):
			return fmt.Errorf("the event %d after %d", r.Seq, folded)
		case r.Kind == Event:
			folded = r.Seq
		}
		return nil
	}); err != nil || folded != j.Last() && !c.cut {
		c.fault("fold: %v, up to %d of %d", err, folded, j.Last())
	}
}

// compare reads all events. What is there beyond what was acknowledged is taken for
// acknowledged from then on, if it may be there.
func (c *course) compare(j *Journal, opened bool) {
	got, after := map[uint64]string{}, j.First()-1
	for {
		recs, err := j.Read(after, 7)
		if err != nil {
			c.fault("read after %d: %v", after, err)
			return
		}
		if len(recs) == 0 {
			break
		}
		for _, r := range recs {
			if r.Seq <= after {
				c.fault("the event %d after %d", r.Seq, after)
			}
			after = r.Seq
			got[r.Seq] = strings.TrimSpace(string(r.Data))
		}
	}
	for n := j.First(); n <= max(j.Last(), uint64(len(c.acked))); n++ {
		want := ""
		switch i := n - 1; {
		case i < uint64(len(c.acked)):
			want = c.acked[i]
		case opened && i-uint64(len(c.acked)) < uint64(len(c.tried)) && (got[n] != "" || !c.cut):
			want = c.tried[i-uint64(len(c.acked))]
		case !c.cut:
			c.fault("the last event is %d, want %d", j.Last(), len(c.acked))
		}
		if got[n] != want {
			c.fault("the event %d is %q, want %q", n, got[n], want)
		}
	}
	for n := uint64(len(c.acked)) + 1; n <= j.Last(); n++ {
		c.acked = append(c.acked, got[n])
	}
}

// errDisk is what an operation fails with of which it does not matter why.
var errDisk = syscall.EIO

// TestEveryOperationFails has each operation on the disk, one after the other, fail:
// once, for a while, until the daemon is killed, done or not done or half done.
// Whatever it is, no number is missing or given out twice, and nothing that was
// acknowledged is lost or there twice.
func TestEveryOperationFails(t *testing.T) {
	root := t.TempDir()
	calm := &failing{}
	(&course{dir: filepath.Join(root, "calm", "journal")}).live(calm.over(unsynced()), 12)
	const forGood = 1 << 30
	seen := map[string]bool{}
	for _, c := range []struct {
		how    mishap
		during []int
	}{{fails, []int{1, 5, forGood}}, {succeeds, []int{1, forGood}}, {halfway, []int{1, forGood}}} {
		for n, what := range calm.done { // up to the n-th, each run does the same
			if c.how == halfway && !strings.HasPrefix(what, "write") {
				continue
			}
			for _, during := range c.during {
				above := filepath.Join(root, fmt.Sprint(c.how, n, during))
				disk := &failing{at: n + 1, during: during, how: c.how, err: errDisk}
				w := &course{dir: filepath.Join(above, "journal")}
				w.live(disk.over(unsynced()), 12)
				w.live(unsynced(), 3)
				w.live(unsynced(), 0)
				if len(w.faults) > 0 {
					t.Fatalf("operation %d, %s, for %d, way %d: %s\n%s", n+1, what, during, c.how,
						strings.Join(w.faults, "; "), strings.Join(disk.done, ", "))
				}
				seen[strings.Fields(what)[0]] = true
				remove(t, above)
			}
		}
	}
	if len(calm.done) < 60 || len(seen) != 10 {
		t.Errorf("of ten operations %d failed, in %d places: %v", len(seen), len(calm.done), seen)
	}
}
