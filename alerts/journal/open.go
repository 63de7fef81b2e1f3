package journal

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Open opens the journal in dir, or begins one there. It cuts off what a crash
// left half written, and works on a full disk.
func Open(dir string, o Options) (*Journal, error) {
	j, err := open(dir, o, SegmentSize, realDevice())
	if err != nil {
		return nil, fmt.Errorf("open the journal in %s: %w", dir, err)
	}
	return j, nil
}

func open(dir string, o Options, size int64, dev device) (_ *Journal, err error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	held, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	j := &Journal{dir: dir, log: o.Log, dev: dev, size: size, lock: held, limits: o, nextNo: 1}
	defer func() {
		if err != nil {
			j.Close()
		}
	}()
	j.view.Store(&view{first: 1})
	segs, err := j.recognise()
	if err != nil {
		return nil, err
	}
	fresh := j.epoch == 0
	if fresh {
		if j.epoch, err = newEpoch(); err != nil {
			return nil, err
		}
	}
	if len(segs) > 0 {
		if err := j.resume(segs); err != nil {
			return nil, err
		}
	}
	if fresh {
		// Whoever is told the epoch must find it again, though nothing happens
		// before the next start. A disk that refuses it now gets it with the
		// first event.
		if err := j.begin(time.Now().UnixMilli()); err == nil {
			_, _ = j.tryWrite(nil) // counted and logged
		}
	}
	_ = j.allocateNext() // counted and logged; the current segment may still have room
	return j, nil
}

func newEpoch() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, err
	}
	return max(binary.LittleEndian.Uint64(b[:]), 1), nil
}

// resume takes up the log that segs, oldest first, hold.
func (j *Journal) resume(segs []*segment) error {
	cur := segs[len(segs)-1]
	last, t, err := j.reopen(cur)
	if err != nil {
		return err
	}
	j.view.Store(&view{segs: segs, first: max(segs[0].first, 1), last: last.acknowledged})
	if err := j.findSnapshot(segs); err != nil {
		return err
	}
	last.possible += uint64(j.unknown) * uint64(j.size/minRecord)
	if last.possible > last.acknowledged {
		v := j.view.Load()
		j.view.Store(&view{segs: v.segs, first: v.first, last: last.possible})
		j.counts.lost.Add(last.possible - last.acknowledged)
		j.log.Error("the end of the journal is damaged: numbers that may have been given out are left out",
			"file", cur.path, "from", last.acknowledged+1, "to", last.possible)
		if _, err := j.append([]stored{{Record: Record{Kind: mark, Seq: last.possible, T: t}}}); err != nil {
			return err
		}
	}
	return nil
}

// numbers are the highest that is readable and the highest that may have been given out.
type numbers struct{ acknowledged, possible uint64 }

// reopen makes cur, the newest segment, ready to be appended to.
func (j *Journal) reopen(cur *segment) (last numbers, t int64, err error) {
	f, err := os.OpenFile(cur.path, os.O_RDWR, 0)
	if err != nil {
		return last, 0, err
	}
	cur.file, j.cur, j.headed = f, cur, true
	info, err := f.Stat()
	if err != nil {
		return last, 0, err
	}
	found, err := cur.examine(f, info.Size())
	if err != nil {
		return last, 0, err
	}
	if cur.first == 0 {
		cur.first = max(found.from, 1)
	}
	last.acknowledged = max(found.last, cur.first-1)
	rest, err := readTail(f, found.end, info.Size(), last.acknowledged)
	if err != nil {
		return last, 0, err
	}
	last.possible = max(rest.used, last.acknowledged)
	cur.end = found.end
	if missing := j.size - info.Size(); missing > 0 {
		// No crash shortens a file whose space was allocated and synced: it was
		// cut, and what stood there may have been acknowledged.
		last.possible += uint64(missing/minRecord) + 1
		j.counts.damaged.Add(1)
		if err := allocate(f, j.size); err != nil {
			j.abandon(err)
			return last, found.t, nil
		}
	}
	switch {
	case rest.used > last.acknowledged:
		// Written to its end and damaged since: it stays where it is.
		j.counts.damaged.Add(1)
		cur.end = (rest.end + align - 1) / align * align
	case rest.end > cur.end:
		j.log.Info("cutting off what a crash left half written in the journal", "file", cur.path, "bytes", rest.end-cur.end)
	}
	if err := j.rewriteTail(cur, rest.end); err != nil {
		j.abandon(err)
	}
	return last, found.t, nil
}

// rewriteTail writes what may have reached only memory once more, and zeros up
// to torn. The process before may have been killed between write and sync, or
// its sync may have failed: then the kernel shows data that no disk holds and
// takes it for written.
func (j *Journal) rewriteTail(cur *segment, torn int64) error {
	const most = 64 << 10
	b := make([]byte, min(most, cur.end-dataStart), most)
	from := cur.end - int64(len(b))
	if _, err := cur.file.ReadAt(b, from); err != nil {
		return err
	}
	if torn > cur.end {
		b = append(b, make([]byte, torn-cur.end)...)
	}
	if err := j.dev.write(cur.file, b, from); err != nil {
		return err
	}
	if err := j.dev.write(cur.file, cur.block(), 0); err != nil {
		return err
	}
	return j.dev.sync(cur.file)
}

// findSnapshot goes back through segs as far as the newest complete snapshot.
func (j *Journal) findSnapshot(segs []*segment) error {
	for i, s := range slices.Backward(segs) {
		found, err := s.look()
		if err != nil {
			return err
		}
		j.since += found.end - dataStart
		if !found.snaps {
			continue
		}
		if j.snap, err = newestSnapshot(segs[i:]); err != nil || !j.snap.none() {
			return err
		}
	}
	return nil
}
