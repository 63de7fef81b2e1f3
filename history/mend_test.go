package history

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
)

// writeLog writes n records to a log of one segment. It returns the segment, and where
// in it each record ends.
func writeLog(t *testing.T, dir string, codec compression.Type, n int, record func(i int) []byte) (segment []byte, ends []int64) {
	t.Helper()
	log, err := wlog.NewSize(nil, nil, dir, segmentSize, codec)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := log.Log(record(i)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(wlog.SegmentName(dir, 0))
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, info.Size())
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if segment, err = os.ReadFile(wlog.SegmentName(dir, 0)); err != nil {
		t.Fatal(err)
	}
	return segment, ends
}

// Whatever of the last record is on disk, all records before it survive, and
// what is logged afterwards does too.
func TestTornLogIsMended(t *testing.T) {
	whole, ends := writeLog(t, t.TempDir(), "none", 6, func(i int) []byte {
		return bytes.Repeat([]byte{byte(i + 1)}, 100+9000*i) // some cross pages
	})
	for i := 1; i < len(ends); i++ {
		for _, size := range []int64{ends[i-1], ends[i-1] + 1, ends[i-1] + 7, (ends[i-1] + ends[i]) / 2, ends[i] - 1} {
			for _, rest := range [][]byte{nil, {0, 0, 0}, {9, 9}} {
				want := i
				if len(bytes.Trim(whole[size:ends[i]], "\x00")) == 0 { // only the rest of a page is missing
					want++
				}
				checkMended(t, append(whole[:size:size], rest...), want)
			}
		}
	}
	checkMended(t, whole, len(ends))
	checkMended(t, nil, 0)
}

func checkMended(t *testing.T, segment []byte, want int) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(wlog.SegmentName(dir, 0), segment, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(wlog.SegmentName(dir, 1), nil, 0o600); err != nil { // what an attempt to start left
		t.Fatal(err)
	}
	told := 0
	if err := mendLog(dir, slog.New(onRecord(func(slog.Record) { told++ }))); err != nil {
		t.Fatal(err)
	}
	if told > 0 {
		t.Errorf("%d bytes: a torn end is told as damage", len(segment))
	}
	log, err := wlog.NewSize(nil, nil, dir, segmentSize, "none")
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Log([]byte("after")); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	segments, err := wlog.NewSegmentsReader(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer segments.Close()
	r := wlog.NewReader(segments)
	n := 0
	for r.Next() {
		n++
	}
	if r.Err() != nil || n != want+1 || string(r.Record()) != "after" {
		t.Errorf("%d bytes: %d records, want %d, last %.10q, %v", len(segment), n, want+1, r.Record(), r.Err())
	}
}

func TestNoLogIsFine(t *testing.T) {
	if err := mendLogs(t.TempDir(), slog.New(slog.DiscardHandler)); err != nil {
		t.Error(err)
	}
}

// What is cut off for damage that lies before it was on disk once: that is told.
func TestDamagedLogIsTold(t *testing.T) {
	dir := t.TempDir()
	whole, ends := writeLog(t, dir, "snappy", 40, func(i int) []byte {
		return bytes.Repeat([]byte{byte(i + 1), byte(i * i)}, 5000*(i%7))
	})
	for i := range ends[:len(ends)-1] {
		bad := bytes.Clone(whole)
		bad[ends[i]-1] ^= 4
		if err := os.WriteFile(wlog.SegmentName(dir, 0), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		told := 0
		if err := mendLog(dir, slog.New(onRecord(func(slog.Record) { told++ }))); err != nil {
			t.Fatal(err)
		}
		if told != 1 {
			t.Errorf("damage at %d of %d: told %d times", ends[i]-1, len(bad), told)
		}
	}
}

// A disk that does not read for a moment has no less on it.
func TestLogThatIsNotReadIsNotCut(t *testing.T) {
	dir := t.TempDir()
	log, err := wlog.NewSize(nil, nil, dir, segmentSize, "none")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(log.Log([]byte("one")), log.Log([]byte("two")), log.Close()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(wlog.SegmentName(dir, 0))
	if err != nil {
		t.Fatal(err)
	}
	if end, err := wholeRecords(io.MultiReader(bytes.NewReader(text[:12]), iotest.ErrReader(syscall.EIO))); !errors.Is(err, syscall.EIO) {
		t.Errorf("the log ends at %d, %v", end, err)
	}
}
