package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/prometheus/prometheus/tsdb/wlog"
)

// mendLogs cuts what a failed write left half written from the end of the logs
// in a directory. The storage would do it by writing the segment anew, which
// loses all of it if the disk is full; to cut needs no room. Of a log that is damaged
// further in front it leaves what is before that, as the storage would, and says so.
func mendLogs(dir string, log *slog.Logger) error {
	for _, name := range []string{"wal", wlog.WblDirName} {
		if err := mendLog(filepath.Join(dir, name), log); err != nil {
			return fmt.Errorf("mend %s: %w", name, err)
		}
	}
	return nil
}

// mendLog mends the last segment of a log that has anything in it.
func mendLog(dir string, log *slog.Logger) error {
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
		return mendSegment(path, info.Size(), log)
	}
	return nil
}

func mendSegment(path string, size int64, log *slog.Logger) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	whole, err := wholeRecords(f)
	blank := true
	if err == nil {
		blank, err = isBlank(f, whole, size)
	}
	if err == nil && !blank {
		if recordBehind(f, whole, size) {
			log.Error("damaged log of the history cut off: what was stored behind the damage is lost", "segment", path, "bytes", size-whole)
		}
		err = f.Truncate(whole)
	}
	return errors.Join(err, f.Close())
}

// wholeRecords returns where the last record that is complete ends. That the system
// does not read on is no end.
func wholeRecords(r io.Reader) (int64, error) {
	var end int64
	records := wlog.NewReader(r)
	for records.Next() {
		end = records.Offset()
	}
	if err := records.Err(); isTrouble(err) {
		return 0, err
	}
	return end, nil
}

// The log is written in pages, and a record in one fragment or several, each of a
// page: a byte for its kind, two for its length, four for its checksum, and the rest.
const (
	logPage        = 32 << 10
	fragmentHeader = 7
	fragmentKind   = 7 // the bits of the kind; the others tell of compression
	onlyFragment   = 1
	firstFragment  = 2
)

// recordBehind says whether a record begins behind the one at from, which is not
// whole. Behind one that was being written when it came to its end there is none.
func recordBehind(r io.ReaderAt, from, size int64) bool {
	crc := crc32.MakeTable(crc32.Castagnoli)
	page := make([]byte, logPage)
	for at := from; at < size; at += logPage - at%logPage {
		n, _ := r.ReadAt(page[:min(logPage-at%logPage, size-at)], at) // what cannot be read is nothing whole
		for rest := page[:n]; len(rest) >= fragmentHeader && rest[0] != 0; {
			length := fragmentHeader + int(binary.BigEndian.Uint16(rest[1:]))
			if length > len(rest) {
				break
			}
			kind, sum := rest[0]&fragmentKind, binary.BigEndian.Uint32(rest[3:])
			sound := crc32.Checksum(rest[fragmentHeader:length], crc) == sum
			if sound && (kind == onlyFragment || kind == firstFragment) && (at != from || len(rest) < n) {
				return true
			}
			rest = rest[length:]
		}
	}
	return false
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
