package history

import (
	"bytes"
	"os"
	"testing"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

// Whatever of the last record is on disk, all records before it survive, and
// what is logged afterwards does too.
func TestTornLogIsMended(t *testing.T) {
	dir := t.TempDir()
	var ends []int64
	log, err := wlog.NewSize(nil, nil, dir, segmentSize, "none")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		if err := log.Log(bytes.Repeat([]byte{byte(i + 1)}, 100+9000*i)); err != nil { // some cross pages
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
	whole, err := os.ReadFile(wlog.SegmentName(dir, 0))
	if err != nil {
		t.Fatal(err)
	}
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
	if err := mendLog(dir); err != nil {
		t.Fatal(err)
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
	if err := mendLogs(t.TempDir()); err != nil {
		t.Error(err)
	}
}
