package journal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// small is a segment size that makes tests roll over often.
const small = 16 << 10

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func mustOpen(t testing.TB, dir string, o Options) *Journal {
	t.Helper()
	return mustOpenOn(t, dir, o, small, realDevice())
}

func mustOpenOn(t testing.TB, dir string, o Options, size int64, dev device) *Journal {
	t.Helper()
	o.Log = quiet
	j, err := open(dir, o, size, dev)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// text is the payload of the event with that number, in tests that know its number.
func text(seq uint64) string { return fmt.Sprintf(`{"event":%d,"pad":"%0*d"}`, seq, int(seq%97), 0) }

// fill appends n events, three at a time, with a state record in between.
func fill(t testing.TB, j *Journal, n int) {
	t.Helper()
	for n > 0 {
		var recs []Record
		for range min(n, 3) {
			seq := j.Last() + 1 + uint64(len(recs))
			recs = append(recs, Record{Kind: Event, T: int64(seq) * 1000, Data: []byte(text(seq))})
		}
		n -= len(recs)
		recs = append(recs, Record{Kind: State, T: int64(j.Last()) * 1000, Data: []byte("state")})
		if m, err := j.Append(recs); err != nil || m != len(recs) {
			t.Fatalf("Append = %d, %v", m, err)
		}
	}
}

// readAll reads every event after a number, in small steps, and checks each.
func readAll(t testing.TB, j *Journal, after uint64) []uint64 {
	t.Helper()
	var seqs []uint64
	for {
		recs, err := j.Read(after, 47)
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) == 0 {
			return seqs
		}
		for _, r := range recs {
			if r.Seq <= after {
				t.Fatalf("number %d after %d", r.Seq, after)
			}
			if string(r.Data) != text(r.Seq) || r.Kind != Event || r.T != int64(r.Seq)*1000 {
				t.Fatalf("event %d is %q", r.Seq, r.Data)
			}
			after = r.Seq
			seqs = append(seqs, r.Seq)
		}
	}
}

func wantRange(t testing.TB, got []uint64, from, to uint64) {
	t.Helper()
	if len(got) != int(to+1-from) {
		t.Fatalf("%d events, want %d", len(got), to+1-from)
	}
	for i, seq := range got {
		if seq != from+uint64(i) {
			t.Fatalf("event %d is number %d, want %d", i, seq, from+uint64(i))
		}
	}
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAppendReadReopen(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, Options{})
	if j.First() != 1 || j.Last() != 0 {
		t.Fatalf("empty journal: first %d, last %d", j.First(), j.Last())
	}
	fill(t, j, 500)
	wantRange(t, readAll(t, j, 0), 1, 500)
	wantRange(t, readAll(t, j, 333), 334, 500)
	epoch := j.Epoch()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	j = mustOpen(t, dir, Options{})
	if j.Epoch() != epoch || j.Last() != 500 || j.First() != 1 {
		t.Fatalf("reopened: epoch %s (was %s), %d to %d", j.Epoch(), epoch, j.First(), j.Last())
	}
	for after := uint64(0); after <= 500; after += 41 {
		wantRange(t, readAll(t, j, after), after+1, 500)
	}
	fill(t, j, 100)
	wantRange(t, readAll(t, j, 0), 1, 600)
	if s := j.Stats(); s.Damaged != 0 || s.Lost != 0 || s.Segments < 3 {
		t.Fatalf("stats %+v", s)
	}
}

func TestReadErrors(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, Options{MaxSize: 4 * small})
	fill(t, j, 10)
	if _, err := j.Read(11, 1); !errors.Is(err, ErrBeyond) {
		t.Errorf("beyond the end: %v", err)
	}
	if recs, err := j.Read(10, 1); err != nil || recs != nil {
		t.Errorf("at the end: %v, %v", recs, err)
	}
	if err := j.Snapshot(nil, 0); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		fill(t, j, 100)
		if err := j.Snapshot(nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.Read(0, 1); !errors.Is(err, ErrExpired) {
		t.Errorf("no longer kept: %v", err)
	}
	wantRange(t, readAll(t, j, j.First()-1), j.First(), j.Last())
	if _, err := j.Append([]Record{{Kind: Event, Data: make([]byte, MaxRecord+1)}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	j.Close()
	if _, err := j.Append([]Record{{Kind: Event}}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestSecondWriter(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir, Options{})
	if _, err := open(dir, Options{Log: quiet}, small, realDevice()); !errors.Is(err, ErrLocked) {
		t.Fatalf("second writer: %v", err)
	}
}

func TestRetention(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		max  int
	}{
		{"size", Options{MaxSize: 5 * small}, 4},
		{"least size", Options{MaxSize: 1}, 2},
		{"age", Options{Keep: 300e9}, 5}, // an event's time is its number in seconds
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			j := mustOpen(t, dir, c.o)
			for range 30 {
				fill(t, j, 100)
				if err := j.Snapshot([][]byte{[]byte("s")}, int64(j.Last())*1000); err != nil {
					t.Fatal(err)
				}
			}
			if s := j.Stats(); s.Segments > c.max || s.Dropped == 0 {
				t.Errorf("stats %+v, want at most %d segments", s, c.max)
			}
			if n := len(files(t, dir)); n > c.max+1 {
				t.Errorf("%d files", n)
			}
			wantRange(t, readAll(t, j, j.First()-1), j.First(), 3000)
		})
	}
}

func TestClockJumpKeepsJournal(t *testing.T) {
	j := mustOpen(t, t.TempDir(), Options{Keep: 1e9})
	fill(t, j, 1000)
	if err := j.Snapshot(nil, 1); err != nil {
		t.Fatal(err)
	}
	before := j.Stats().Segments
	const tenYears = 10 * 365 * 86400 * 1000
	if _, err := j.Append([]Record{{Kind: Event, T: tenYears, Data: make([]byte, small/2)}, {Kind: Event, T: tenYears, Data: make([]byte, small/2)}}); err != nil {
		t.Fatal(err)
	}
	if after := j.Stats().Segments; after < before {
		t.Fatalf("%d segments, were %d", after, before)
	}
}
