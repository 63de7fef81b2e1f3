package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A volatile disk keeps what was not synced in memory only, as a system does, and
// loses some of it when the power is cut: of what was written any sectors, of
// what was done to names the last of it. It knows one process and its files.
type volatile struct {
	t     *testing.T
	grave string // has removed files until their removal is durable
	names []naming
	data  map[uint64][]sectors // by inode
}

// A naming is something done to a name that is not durable yet.
type naming struct {
	dir  string
	undo func() error
}

// sectors are what stood where something was written that is not durable yet.
type sectors struct {
	off    int64
	before []byte
}

const sectorSize = 512

func newVolatile(t *testing.T, grave string) *volatile {
	if err := os.Mkdir(grave, 0o700); err != nil {
		t.Fatal(err)
	}
	return &volatile{t: t, grave: grave, data: map[uint64][]sectors{}}
}

func (v *volatile) named(path string, undo func() error) {
	v.names = append(v.names, naming{filepath.Dir(path), undo})
}

func inode(info os.FileInfo) uint64 { return uint64(info.Sys().(*syscall.Stat_t).Ino) }

func (v *volatile) inode(f *os.File) uint64 {
	info, err := f.Stat()
	if err != nil {
		v.t.Fatal(err)
	}
	return inode(info)
}

func (v *volatile) device() device {
	d := unsynced()
	d.mkdir = func(path string) error {
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
		v.named(path, func() error { return os.RemoveAll(path) })
		return nil
	}
	d.open = func(path string, flag int) (*os.File, error) {
		_, err := os.Lstat(path)
		f, openErr := os.OpenFile(path, flag, 0o600)
		if openErr == nil && errors.Is(err, fs.ErrNotExist) {
			v.named(path, func() error { return os.Remove(path) })
		}
		return f, openErr
	}
	d.write = func(f *os.File, b []byte, off int64) error {
		from := off / sectorSize * sectorSize
		before := make([]byte, (off+int64(len(b))-from+sectorSize-1)/sectorSize*sectorSize)
		n, _ := f.ReadAt(before, from) // the rest is behind the file's end
		v.data[v.inode(f)] = append(v.data[v.inode(f)], sectors{from, before[:n]})
		_, err := f.WriteAt(b, off)
		return err
	}
	d.sync = func(f *os.File) error { delete(v.data, v.inode(f)); return nil }
	d.syncAll = d.sync
	d.syncDir = func(dir string) error {
		v.names = slices.DeleteFunc(v.names, func(n naming) bool { return n.dir == dir })
		return nil
	}
	d.rename = func(from, to string) error {
		if err := os.Rename(from, to); err != nil {
			return err
		}
		v.named(to, func() error { return os.Rename(to, from) })
		return nil
	}
	d.remove = func(path string) error {
		grave := filepath.Join(v.grave, fmt.Sprint(len(v.names), "-", filepath.Base(path)))
		if err := os.Rename(path, grave); err != nil {
			return err
		}
		v.named(path, func() error { return os.Rename(grave, path) })
		return nil
	}
	return d
}

// cut takes back some of what is not durable, in the files of dir.
func (v *volatile) cut(r *rand.Rand, dir string) {
	v.t.Helper()
	for kept := r.IntN(len(v.names) + 1); len(v.names) > kept; {
		last := v.names[len(v.names)-1]
		v.names = v.names[:len(v.names)-1]
		if err := last.undo(); err != nil && !errors.Is(err, fs.ErrNotExist) {
			v.t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		v.t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			v.t.Fatal(err)
		}
		v.lose(r, filepath.Join(dir, e.Name()), v.data[inode(info)])
	}
}

// lose gives a file back some of what stood in it before it was written to.
func (v *volatile) lose(r *rand.Rand, path string, all []sectors) {
	if len(all) == 0 {
		return
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		v.t.Fatal(err)
	}
	defer f.Close()
	how := r.IntN(3) // nothing has reached the disk, or half of it, or nearly all
	for _, w := range slices.Backward(all) {
		for i := 0; i < len(w.before); i += sectorSize {
			if how == 0 || r.IntN(1+how*how) == 0 {
				if _, err := f.WriteAt(w.before[i:min(i+sectorSize, len(w.before))], w.off+int64(i)); err != nil {
					v.t.Fatal(err)
				}
			}
		}
	}
}

// TestPowerCut cuts the power at each operation on the disk, several times, with
// this or that of what was not synced lost: what was acknowledged is there, under
// its number.
func TestPowerCut(t *testing.T) {
	root := t.TempDir()
	calm := &failing{}
	(&course{dir: filepath.Join(root, "calm", "journal")}).live(calm.over(unsynced()), 12)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	const times = 4
	for n, what := range calm.done {
		for i := range times {
			above := filepath.Join(root, fmt.Sprint(n, "-", i))
			disk := newVolatile(t, above+"-grave")
			c := &course{dir: filepath.Join(above, "journal"), cut: true}
			cut := &failing{at: n + 1, during: 1 << 30, how: []mishap{fails, succeeds, halfway, succeeds}[i], err: errDisk}
			c.live(cut.over(disk.device()), 12)
			if i%2 == 1 { // killed first: what a second life finds may not be on disk yet
				c.live(disk.device(), r.IntN(3))
			}
			disk.cut(r, c.dir)
			c.live(unsynced(), 3)
			c.live(unsynced(), 0)
			if len(c.faults) > 0 {
				t.Fatalf("seed %d, power cut at operation %d, %s: %s\n%s", seed, n+1, what, strings.Join(c.faults, "; "), strings.Join(cut.done, ", "))
			}
			remove(t, above)
			remove(t, above+"-grave")
		}
	}
}
