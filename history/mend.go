package history

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

// mendLogs cuts what a failed write left half written from the end of the logs
// in a directory. The storage would do it by writing the segment anew, which
// loses all of it if the disk is full; to cut needs no room.
func mendLogs(dir string) error {
	for _, name := range []string{"wal", wlog.WblDirName} {
		if err := mendLog(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("mend %s: %w", name, err)
		}
	}
	return nil
}

// mendLog mends the last segment of a log that has anything in it.
func mendLog(dir string) error {
	first, last, err := wlog.Segments(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for i := last; i >= first && i >= 0; i-- {
		path := wlog.SegmentName(dir, i)
		info, err := os.Stat(path)
		if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
			continue
		}
		if err != nil {
			return err
		}
		return mendSegment(path, info.Size())
	}
	return nil
}

func mendSegment(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	whole := wholeRecords(f)
	blank, err := isBlank(f, whole, size)
	if err == nil && !blank {
		err = f.Truncate(whole)
	}
	return errors.Join(err, f.Close())
}

// wholeRecords returns where the last record that is complete ends.
func wholeRecords(r io.Reader) int64 {
	var end int64
	records := wlog.NewReader(r)
	for records.Next() {
		end = records.Offset()
	}
	return end
}

// isBlank says whether there are only zeros in [from, to): the rest of a page.
func isBlank(r io.ReaderAt, from, to int64) (bool, error) {
	buf := make([]byte, 32<<10)
	for from < to {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), to-from)], from)
		if slices.ContainsFunc(buf[:n], func(b byte) bool { return b != 0 }) {
			return false, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if n == 0 {
			break
		}
		from += int64(n)
	}
	return true, nil
}
