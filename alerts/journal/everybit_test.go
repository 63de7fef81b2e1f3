package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// look reads the journal in dir as it stands, without opening it for writing, and
// compares.
func (w written) look(t *testing.T, what, dir string, lost func(file string, r stored) bool) {
	t.Helper()
	j := newJournal(dir, Options{Log: quiet}, w.size, unsynced())
	if err := j.load(); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if want := w.compare(t, what, j, lost); len(want)%2 == 0 {
		return
	}
	if err := j.Fold(func(Record) error { return nil }); err != nil {
		t.Fatalf("%s: fold: %v", what, err)
	}
}

// everyFile runs a test for each file of a small journal that has events, in a copy
// of its own.
func everyFile(t *testing.T, test func(t *testing.T, w written, file string, f *os.File)) {
	w := writeSegments(t, 7, 4, dataStart+640)
	if len(w.events) < 3 {
		t.Fatalf("%d files", len(w.events))
	}
	for file := range w.events {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			f, err := os.OpenFile(filepath.Join(w.copyTo(t, "", nil), file), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			test(t, w, file, f)
		})
	}
}

// TestEveryBit flips every bit there is, one after the other: a record that is hit
// is lost, that is reported, nothing else is, and no number comes again. Most are
// looked at as a start reads them; some are gone through to the start after.
func TestEveryBit(t *testing.T) {
	everyFile(t, func(t *testing.T, w written, file string, f *os.File) {
		b := make([]byte, 1)
		for off := range w.size {
			if between(off) {
				continue
			}
			for bit := range 8 {
				what := fmt.Sprintf("bit %d of byte %d in %s", bit, off, file)
				flip(t, f, b, off, bit)
				hit := func(f string, r stored) bool {
					return f == file && off >= r.off && off < r.off+headLen+int64(len(r.Data))
				}
				w.look(t, what, filepath.Dir(f.Name()), hit)
				flip(t, f, b, off, bit)
				if (int(off)*8+bit)%97 == 0 {
					w.check(t, what, w.copyTo(t, file, func(b []byte) []byte { b[off] ^= 1 << bit; return b }), hit)
				}
			}
		}
	})
}

// between tells whether an offset is one of those between the two headers, where
// nothing ever stands, all but a few.
func between(off int64) bool { return off > headerLen && off < copyAt && off%64 != 0 }

func flip(t *testing.T, f *os.File, b []byte, off int64, bit int) {
	t.Helper()
	if _, err := f.ReadAt(b, off); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << bit
	if _, err := f.WriteAt(b, off); err != nil {
		t.Fatal(err)
	}
}

// TestEveryLength cuts the journal at every length, as TestEveryBit flips bits.
func TestEveryLength(t *testing.T) {
	everyFile(t, func(t *testing.T, w written, file string, f *os.File) {
		whole, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for length := w.size - 1; length >= 0; length-- {
			if between(length) {
				continue
			}
			if err := f.Truncate(length); err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("%s cut at %d", file, length)
			beyond := func(f string, r stored) bool {
				return f == file && r.off+headLen+int64(len(r.Data)) > length
			}
			w.look(t, what, filepath.Dir(f.Name()), beyond)
			if length%97 == 0 {
				w.check(t, what, w.copyTo(t, file, func([]byte) []byte { return whole[:length] }), beyond)
			}
		}
	})
}
