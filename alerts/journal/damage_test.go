package journal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// unsynced is the real disk without waiting for it.
func unsynced() device {
	d := realDevice()
	d.sync = func(*os.File) error { return nil }
	d.syncAll = d.sync
	d.syncDir = func(string) error { return nil }
	d.allocate = func(f *os.File, size int64) error { return f.Truncate(size) }
	return d
}

// written is a journal on disk and where in it every event stands.
type written struct {
	dir    string
	size   int64
	files  []string
	events map[string][]stored // by file name
	last   uint64
}

func write(t testing.TB, n int) written {
	t.Helper()
	return writeSegments(t, n, 60, small)
}

// writeSegments makes a journal with a snapshot after so many events each.
func writeSegments(t testing.TB, n, between int, size int64) written {
	t.Helper()
	dir := t.TempDir()
	j := mustOpenOn(t, dir, Options{}, size, unsynced())
	for i := 0; i < n; i += between {
		fill(t, j, between)
		if err := j.Snapshot([][]byte{[]byte("one"), []byte("two")}, 1); err != nil {
			t.Fatal(err)
		}
		fill(t, j, 3)
	}
	w := written{dir: dir, size: size, files: files(t, dir), events: map[string][]stored{}, last: j.Last()}
	for _, s := range j.view.Load().segs {
		name := filepath.Base(s.path)
		if err := s.each(dataStart, func(r stored) error {
			if r.Kind == Event {
				w.events[name] = append(w.events[name], r)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	return w
}

// copyTo puts a copy of the journal in a new directory, with one file changed.
func (w written) copyTo(t testing.TB, file string, change func([]byte) []byte) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range w.files {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) == file {
			b = change(b)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// check opens the journal in dir: of all events exactly those that lost says
// are missing, that is reported, and no number is given out again.
func (w written) check(t *testing.T, what, dir string, lost func(file string, r stored) bool) {
	t.Helper()
	j := mustOpenOn(t, dir, Options{}, w.size, unsynced())
	defer j.Close()
	want := w.compare(t, what, j, lost)
	next := j.Last() + 1
	if _, err := j.Append([]Record{{Kind: Event, T: int64(next) * 1000, Data: []byte(text(next))}}); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := j.Fold(func(Record) error { return nil }); err != nil {
		t.Fatalf("%s: fold: %v", what, err)
	}
	j.Close()
	again := mustOpenOn(t, dir, Options{}, w.size, unsynced())
	defer again.Close()
	if again.Last() != next {
		t.Fatalf("%s: opened again, last is %d, want %d", what, again.Last(), next)
	}
	wantSame(t, what, readAll(t, again, again.First()-1), append(want, next))
}

// compare returns the events that are there, which must be those that lost does not
// say are missing.
func (w written) compare(t *testing.T, what string, j *Journal, lost func(file string, r stored) bool) (want []uint64) {
	t.Helper()
	for file, recs := range w.events {
		for _, r := range recs {
			if !lost(file, r) {
				want = append(want, r.Seq)
			}
		}
	}
	slices.Sort(want)
	got := readAll(t, j, j.First()-1)
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %d events, want %d: missing %v, beside them %v", what, len(got), len(want), minus(want, got), minus(got, want))
	}
	if s := j.Stats(); uint64(len(want)) < w.last && (s.Damaged == 0 || s.Lost == 0) {
		t.Fatalf("%s: %d of %d events and stats %+v", what, len(want), w.last, s)
	}
	if j.Last() < w.last {
		t.Fatalf("%s: last is %d, was %d", what, j.Last(), w.last)
	}
	return want
}

func wantSame(t *testing.T, what string, got, want []uint64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: opened again: missing %v, beside them %v", what, minus(want, got), minus(got, want))
	}
}

func minus(a, b []uint64) []uint64 {
	return slices.DeleteFunc(slices.Clone(a), func(n uint64) bool { return slices.Contains(b, n) })
}

func TestFlippedBit(t *testing.T) {
	w := write(t, 300)
	flip := func(file string, bit int) {
		w.check(t, fmt.Sprintf("bit %d of byte %d in %s", bit%8, bit/8, file),
			w.copyTo(t, file, func(b []byte) []byte { b[bit/8] ^= 1 << (bit % 8); return b }),
			func(f string, r stored) bool {
				// The trailer is no part of what makes a record valid.
				data := r.off + headLen + int64(len(r.Data))
				return f == file && int64(bit/8) >= r.off && int64(bit/8) < data
			})
	}
	for _, path := range w.files {
		file := filepath.Base(path)
		recs := w.events[file]
		if len(recs) == 0 {
			continue
		}
		for range 9 {
			flip(file, rand.IntN(small*8))
		}
		for _, r := range []stored{recs[0], recs[len(recs)/2], recs[len(recs)-1]} {
			for range 6 {
				flip(file, int(r.off)*8+rand.IntN(int(r.size)*8))
			}
		}
		for range 5 {
			flip(file, rand.IntN(headerLen*8))
		}
	}
}

func TestCut(t *testing.T) {
	w := write(t, 300)
	for _, path := range w.files {
		file := filepath.Base(path)
		if len(w.events[file]) == 0 {
			continue
		}
		lengths := []int{0, 1, headerLen - 1, headerLen, copyAt, dataStart - 1, dataStart, dataStart + 1}
		for range 9 {
			lengths = append(lengths, rand.IntN(small))
		}
		for _, length := range lengths {
			w.check(t, fmt.Sprintf("%s cut at %d", file, length),
				w.copyTo(t, file, func(b []byte) []byte { return b[:length] }),
				func(f string, r stored) bool {
					return f == file && r.off+headLen+int64(len(r.Data)) > int64(length)
				})
		}
	}
}

// TestLost: only when nothing at all can be recognised is the journal a new one.
func TestLost(t *testing.T) {
	w := write(t, 100)
	j := mustOpenOn(t, w.copyTo(t, "", nil), Options{}, small, unsynced())
	epoch := j.Epoch()
	dir := t.TempDir()
	for i := range 3 {
		b := make([]byte, small)
		for k := range b {
			b[k] = byte(rand.Uint32())
		}
		if err := os.WriteFile(segmentPath(dir, uint64(i+1)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lost := mustOpenOn(t, dir, Options{}, small, unsynced())
	if lost.Epoch() == epoch || lost.Last() != 0 || lost.Stats().Damaged == 0 {
		t.Fatalf("epoch %s, last %d, stats %+v", lost.Epoch(), lost.Last(), lost.Stats())
	}
	fill(t, lost, 10)
	wantRange(t, readAll(t, lost, 0), 1, 10)
	kept, err := filepath.Glob(filepath.Join(dir, "*.lost"))
	if err != nil || len(kept) != 3 {
		t.Fatalf("kept beside it: %v, %v", kept, err)
	}
}

// TestTornTail: what a crash left half written is cut off and its number is
// given out again, because nobody had it.
func TestTornTail(t *testing.T) {
	w := write(t, 60)
	file := ""
	var last stored
	for f, recs := range w.events {
		if r := recs[len(recs)-1]; r.Seq > last.Seq {
			file, last = f, r
		}
	}
	for keep := int64(1); keep < headLen+int64(len(last.Data)); keep += 3 {
		dir := w.copyTo(t, file, func(b []byte) []byte {
			clear(b[last.off+keep:])
			return b
		})
		j := mustOpenOn(t, dir, Options{}, small, unsynced())
		if s := j.Stats(); j.Last() != w.last-1 || s.Damaged != 0 || s.Lost != 0 {
			t.Fatalf("torn after %d bytes: last %d, want %d; stats %+v", keep, j.Last(), w.last-1, s)
		}
		fill(t, j, 1)
		wantRange(t, readAll(t, j, 0), 1, w.last)
		j.Close()
	}
}

// TestRemovedFile: a file that somebody deletes takes its events and no others.
func TestRemovedFile(t *testing.T) {
	w := write(t, 300)
	dir := w.copyTo(t, "", nil)
	j := mustOpenOn(t, dir, Options{}, small, unsynced())
	gone := j.view.Load().segs[1]
	if err := os.Remove(gone.path); err != nil {
		t.Fatal(err)
	}
	got := readAll(t, j, 0)
	missing := len(w.events[filepath.Base(gone.path)])
	if want := int(w.last) - missing; len(got) != want {
		t.Fatalf("%d events, want %d", len(got), want)
	}
	if s := j.Stats(); s.Damaged != 1 || s.Lost != uint64(missing) {
		t.Errorf("%d events are gone: %+v", missing, s)
	}
}

// TestDamageWhileRunning: what is damaged behind the back of whoever writes is missing
// for readers, and is reported once.
func TestDamageWhileRunning(t *testing.T) {
	dir := t.TempDir()
	j := mustOpenOn(t, dir, Options{}, small, unsynced())
	fill(t, j, 60)
	var all []stored
	for _, s := range j.view.Load().segs {
		if err := s.each(dataStart, func(r stored) error {
			if r.Kind == Event {
				all = append(all, r)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(r stored) {
		t.Helper()
		f, err := os.OpenFile(segmentPath(dir, r.seg), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteAt([]byte{'!'}, r.off+headLen); err != nil {
			t.Fatal(err)
		}
	}
	flip(all[9])
	flip(all[40])
	for range 2 {
		if got := readAll(t, j, 0); len(got) != 58 || got[9] != 11 || got[39] != 42 {
			t.Fatalf("read %v", got)
		}
		if s := j.Stats(); s.Damaged != 2 || s.Lost != 2 {
			t.Fatalf("%+v", s)
		}
	}
	fill(t, j, 3)
	wantRange(t, readAll(t, j, 60), 61, 63)
}
