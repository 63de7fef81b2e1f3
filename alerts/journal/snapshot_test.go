package journal

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// folded is what Fold gives, as text.
func folded(t *testing.T, j *Journal) []string {
	t.Helper()
	var got []string
	if err := j.Fold(func(r Record) error {
		got = append(got, fmt.Sprintf("%d %d %s", r.Kind, r.Seq, strings.TrimRight(string(r.Data), " ")))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

// parts are larger together than a segment.
func parts(name string) [][]byte {
	var all [][]byte
	for i := range 9 {
		all = append(all, fmt.Appendf(nil, "%s%d%s", name, i, strings.Repeat(" ", small/4)))
	}
	return all
}

func TestFoldBeginsWithNewestSnapshot(t *testing.T) {
	dir, disk := t.TempDir(), newFaulty()
	j := mustOpenOn(t, dir, Options{}, small, disk.device)
	fill(t, j, 3)
	if err := j.Snapshot(parts("old"), 1); err != nil {
		t.Fatal(err)
	}
	fill(t, j, 3)
	if err := j.Snapshot(parts("new"), 1); err != nil {
		t.Fatal(err)
	}
	fill(t, j, 2)
	if n := j.SinceSnapshot(); n == 0 || n > 1000 {
		t.Errorf("%d bytes since the snapshot", n)
	}

	// One that the disk takes only the beginning of is none.
	creates := 0
	allocate := j.dev.allocate
	j.dev.allocate = func(f *os.File, size int64) error {
		if creates++; creates > 1 {
			return syscall.ENOSPC
		}
		return allocate(f, size)
	}
	if err := j.Snapshot(parts("unfinished"), 1); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Snapshot = %v", err)
	}
	j.dev.allocate = allocate
	fill(t, j, 1)

	var want []string
	for i := range 9 {
		want = append(want, fmt.Sprintf("3 6 new%d", i))
	}
	want = append(want, "1 7 "+text(7), "1 8 "+text(8), "2 8 state", "1 9 "+text(9), "2 9 state")
	if got := folded(t, j); !slices.Equal(got, want) {
		t.Errorf("folded:\n%q\nwant\n%q", got, want)
	}
	j.Close()
	j = mustOpenOn(t, dir, Options{}, small, unsynced())
	if got := folded(t, j); !slices.Equal(got, want) {
		t.Errorf("folded after opening again:\n%q\nwant\n%q", got, want)
	}
	wantRange(t, readAll(t, j, 0), 1, 9)
}

func TestFoldWithoutSnapshot(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, Options{MaxSize: 1})
	fill(t, j, 600)
	if got := folded(t, j); len(got) != 800 {
		t.Errorf("%d records", len(got))
	}
	if s := j.Stats(); s.Dropped != 0 {
		t.Errorf("segments that Fold needs were dropped: %+v", s)
	}
	if err := j.Snapshot([][]byte{make([]byte, MaxRecord+1)}, 1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Snapshot = %v", err)
	}
}

// TestNoSnapshotWithoutASpare: what room there is on a full disk is for events, all
// of it.
func TestNoSnapshotWithoutASpare(t *testing.T) {
	for _, snapshots := range []bool{false, true} {
		disk := newFaulty()
		j := mustOpenOn(t, t.TempDir(), Options{}, small, disk.device)
		disk.failCreate = syscall.ENOSPC
		took := uint64(0)
		for {
			if snapshots {
				if err := j.Snapshot([][]byte{make([]byte, 300)}, 1); took > small/200 && !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("Snapshot = %v", err)
				}
			}
			if _, err := j.Append(event(took + 1)); err != nil {
				break
			}
			took++
		}
		if took < 2*(small-dataStart)/200 {
			t.Errorf("snapshots %v: only %d events", snapshots, took)
		}
	}
}
