package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// readOnly is a disk of which everything can be read and nothing written, until
// back is called.
func readOnly(err error) (dev device, back func()) {
	base, writable := unsynced(), false
	back = func() { writable = true }
	refuse := func(op, path string) error {
		if writable {
			return nil
		}
		return &os.PathError{Op: op, Path: path, Err: err}
	}
	dev = base
	dev.mkdir = func(path string) error {
		if err := refuse("mkdir", path); err != nil {
			return err
		}
		return base.mkdir(path)
	}
	dev.remove = func(path string) error {
		if err := refuse("unlink", path); err != nil {
			return err
		}
		return base.remove(path)
	}
	dev.rename = func(from, to string) error {
		if err := refuse("rename", from); err != nil {
			return err
		}
		return base.rename(from, to)
	}
	dev.open = func(path string, flag int) (*os.File, error) {
		if flag != os.O_RDONLY {
			if err := refuse("open", path); err != nil {
				return nil, err
			}
		}
		return base.open(path, flag)
	}
	return dev, back
}

// wantRefused: a journal that cannot be written takes nothing, gives out no number,
// and has what could be read.
func wantRefused(t *testing.T, j *Journal, last uint64, cause error) {
	t.Helper()
	recs := event(last + 1)
	if n, err := j.Append(recs); n != 0 || !errors.Is(err, cause) || recs[0].Seq != 0 {
		t.Errorf("Append = %d, %v, number %d", n, err, recs[0].Seq)
	}
	if err := j.Tend(); !errors.Is(err, cause) {
		t.Errorf("Tend = %v", err)
	}
	if s := j.Stats(); !s.Broken || j.Last() != last {
		t.Errorf("last %d, stats %+v", j.Last(), s)
	}
	wantRange(t, readAll(t, j, 0), 1, last)
}

// TestOpenReadOnly: a journal opens on a disk that takes nothing, with all that is
// on it, and goes on when the disk takes something again, whoever notices first.
func TestOpenReadOnly(t *testing.T) {
	for _, c := range []struct {
		name   string
		events int
		before func(t *testing.T, dir string)
	}{
		{"nothing there", 0, func(t *testing.T, dir string) { remove(t, dir) }},
		{"an empty directory", 0, nil},
		{"a journal", 200, nil},
		{"a journal without its lock", 200, func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "lock")) }},
		{"a journal with what is none", 200, func(t *testing.T, dir string) {
			for name, text := range map[string]string{"0000000900.journal.new": "", "0000000901.journal": strings.Repeat("x", small)} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}},
	} {
		for _, first := range []string{"tend", "append"} {
			t.Run(c.name+", "+first, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "data", "journal")
				epoch := ""
				if c.events > 0 {
					j := mustOpenOn(t, dir, Options{}, small, unsynced())
					fill(t, j, c.events)
					epoch = j.Epoch()
					j.Close()
				} else if err := os.MkdirAll(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if c.before != nil {
					c.before(t, dir)
				}
				dev, back := readOnly(syscall.EROFS)
				j := mustOpenOn(t, dir, Options{}, small, dev)
				if epoch == "" {
					epoch = j.Epoch()
				}
				last := j.Last()
				if last < uint64(c.events) || j.Epoch() != epoch {
					t.Fatalf("last %d, epoch %s, was %s", last, j.Epoch(), epoch)
				}
				if recs, err := j.Read(0, 1000); err != nil || len(recs) != c.events {
					t.Fatalf("%d events, %v", len(recs), err)
				}
				if s := j.Stats(); !s.Broken || s.Segments == 0 && c.events > 0 {
					t.Fatalf("stats %+v", s)
				}
				if n, err := j.Append(event(last + 1)); n != 0 || !errors.Is(err, syscall.EROFS) {
					t.Fatalf("Append = %d, %v", n, err)
				}
				back()
				if first == "tend" {
					if err := j.Tend(); err != nil || j.Stats().Broken {
						t.Fatalf("Tend = %v, stats %+v", err, j.Stats())
					}
				}
				fill(t, j, 5)
				if s := j.Stats(); s.Broken || j.Last() != last+5 {
					t.Fatalf("last %d, want %d; stats %+v", j.Last(), last+5, s)
				}
				j.Close()
				j = mustOpenOn(t, dir, Options{}, small, unsynced())
				if j.Last() != last+5 || j.Epoch() != epoch {
					t.Fatalf("opened again: last %d, epoch %s, was %s", j.Last(), j.Epoch(), epoch)
				}
				wantRange(t, readAll(t, j, last), last+1, last+5)
				if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
			})
		}
	}
}

// TestEpochOfADiskThatTakesNothing: whoever was told the epoch meanwhile finds it
// again, though no event came.
func TestEpochOfADiskThatTakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	dev, back := readOnly(syscall.ENOSPC)
	j := mustOpenOn(t, dir, Options{}, small, dev)
	wantRefused(t, j, 0, syscall.ENOSPC)
	back()
	if err := j.Tend(); err != nil {
		t.Fatal(err)
	}
	epoch := j.Epoch()
	j.Close()
	if j = mustOpenOn(t, dir, Options{}, small, unsynced()); j.Epoch() != epoch {
		t.Errorf("epoch %s, was %s", j.Epoch(), epoch)
	}
}

// TestReplaced: a journal that could not be read at the start and can be later, and
// one that another process took meanwhile, are not written to.
func TestReplaced(t *testing.T) {
	dir := t.TempDir()
	j := mustOpenOn(t, dir, Options{}, small, unsynced())
	fill(t, j, 10)
	j.Close()
	blind := func() (*Journal, *error) {
		dev, err := unsynced(), error(syscall.EIO)
		dev.list = func(dir string) ([]os.DirEntry, error) {
			if err != nil {
				return nil, err
			}
			return os.ReadDir(dir)
		}
		return mustOpenOn(t, dir, Options{}, small, dev), &err
	}
	j, fault := blind()
	wantRefused(t, j, 0, syscall.EIO)
	*fault = nil
	for range 2 {
		wantRefused(t, j, 0, ErrReplaced)
	}
	j.Close()
	j = mustOpenOn(t, dir, Options{}, small, unsynced())
	wantRange(t, readAll(t, j, 0), 1, 10)

	// While it was not locked another process has begun.
	later := filepath.Join(t.TempDir(), "journal")
	dev, back := readOnly(syscall.EROFS)
	j = mustOpenOn(t, later, Options{}, small, dev)
	other := mustOpenOn(t, later, Options{}, small, unsynced())
	back()
	wantRefused(t, j, 0, ErrLocked)
	fill(t, other, 1)
	other.Close()
	wantRefused(t, j, 0, ErrReplaced)
}

// TestRefusedForGood: what time does not mend is an error at once.
func TestRefusedForGood(t *testing.T) {
	written := t.TempDir()
	j := mustOpenOn(t, written, Options{}, small, unsynced())
	fill(t, j, 3)
	j.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	denied, _ := readOnly(syscall.EACCES)
	unreadable := unsynced()
	unreadable.list = func(string) ([]os.DirEntry, error) { return nil, syscall.EMFILE }
	for _, c := range []struct {
		name, dir string
		dev       device
		want      error
	}{
		{"no directory may be made", filepath.Join(t.TempDir(), "journal"), denied, fs.ErrPermission},
		{"no file may be made", t.TempDir(), denied, fs.ErrPermission},
		{"no file may be written", written, denied, fs.ErrPermission},
		{"no descriptor to read with", written, unreadable, syscall.EMFILE},
		{"no directory", file, unsynced(), syscall.ENOTDIR},
		{"in no directory", filepath.Join(file, "journal"), unsynced(), syscall.ENOTDIR},
	} {
		if _, err := open(c.dir, Options{Log: quiet}, small, c.dev); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}
