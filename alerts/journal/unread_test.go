package journal

import (
	"errors"
	"io"
	"os"
	"slices"
	"syscall"
	"testing"
)

// badPages is a file some of whose pages the disk does not give.
type badPages struct {
	*os.File
	bad func(page int64) bool
}

func (b badPages) ReadAt(p []byte, off int64) (int, error) {
	const page = 4096
	for at := off / page; at*page < off+int64(len(p)); at++ {
		if b.bad(at) {
			n, err := b.File.ReadAt(p[:max(at*page-off, 0)], off)
			if err == nil {
				err = &os.PathError{Op: "read", Path: b.Name(), Err: syscall.EIO}
			}
			return n, err
		}
	}
	return b.File.ReadAt(p, off)
}

// withBadPages is a device of which certain pages cannot be read.
func withBadPages(bad func(path string, page int64) bool) device {
	dev := unsynced()
	dev.reader = func(f *os.File) io.ReaderAt {
		return badPages{f, func(page int64) bool { return bad(f.Name(), page) }}
	}
	return dev
}

// TestNothingCanBeReadForAMoment: a disk that gives no page at the start, or none with a
// header, has no blank files and no strange ones. They are left alone until it does.
func TestNothingCanBeReadForAMoment(t *testing.T) {
	w := write(t, 300)
	for _, pages := range []int64{small / 4096, 2} {
		dir := w.copyTo(t, "", nil)
		before := files(t, dir)
		away := true
		j := mustOpenOn(t, dir, Options{}, small, withBadPages(func(_ string, page int64) bool { return away && page < pages }))
		if _, err := j.Append(event(1)); !errors.Is(err, syscall.EIO) {
			t.Errorf("appended without having read: %v", err)
		}
		away = false
		if _, err := j.Append(event(1)); !errors.Is(err, ErrReplaced) {
			t.Errorf("appended though there is another journal: %v", err)
		}
		j.Close()
		if after := files(t, dir); !slices.Equal(before, after) {
			t.Errorf("files were %v, are %v", before, after)
		}
		j = mustOpenOn(t, dir, Options{}, small, unsynced())
		wantRange(t, readAll(t, j, 0), 1, w.last)
		j.Close()
	}
}

// TestNewestCannotBeReadForAMoment: a file that cannot be read is not taken for one
// that was allocated ahead. It is kept, and its numbers are not given out again.
func TestNewestCannotBeReadForAMoment(t *testing.T) {
	w := write(t, 300)
	dir := w.copyTo(t, "", nil)
	newest := ""
	for file, recs := range w.events {
		if recs[len(recs)-1].Seq == w.last {
			newest = dir + "/" + file
		}
	}
	j := mustOpenOn(t, dir, Options{}, small, withBadPages(func(path string, _ int64) bool { return path == newest }))
	if j.Last() < w.last {
		t.Errorf("goes on at %d, has given out %d", j.Last(), w.last)
	}
	fill(t, j, 3)
	if _, err := os.Stat(newest + ".lost"); err != nil {
		t.Errorf("it was not kept: %v", err)
	}
}

// TestEndCannotBeReadForAMoment: what stands on a page that cannot be read is neither
// written over nor are its numbers given out again, and it is there again later.
func TestEndCannotBeReadForAMoment(t *testing.T) {
	w := write(t, 300)
	var file string
	var last stored
	for f, recs := range w.events {
		if r := recs[len(recs)-1]; r.Seq > last.Seq {
			file, last = f, r
		}
	}
	for _, off := range []int64{last.off, last.off + last.size - 1, w.events[file][0].off} {
		dir := w.copyTo(t, "", nil)
		path := dir + "/" + file
		away := true
		j := mustOpenOn(t, dir, Options{}, small, withBadPages(func(at string, page int64) bool {
			return away && at == path && page >= off/4096 && page <= (last.off+last.size)/4096
		}))
		if s := j.Stats(); j.Last() < w.last || s.Damaged == 0 {
			t.Errorf("goes on at %d, has given out %d: %+v", j.Last(), w.last, s)
		}
		away = false
		fill(t, j, 3)
		j.Close()
		j = mustOpenOn(t, dir, Options{}, small, unsynced())
		got := readAll(t, j, 0)
		if len(got) < 3 {
			t.Fatalf("read %v", got)
		}
		wantRange(t, got[:len(got)-3], 1, w.last)
		j.Close()
	}
}
