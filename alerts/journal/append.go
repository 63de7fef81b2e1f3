package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// maxBatch is how many records the room for an Append is kept for.
const maxBatch = 1 << 12

// Append makes recs durable, in order, and gives every Event the next number.
// It returns how many are durable: those carry their Seq and may be announced,
// the rest may not. Without an error that is all of them.
func (j *Journal) Append(recs []Record) (int, error) {
	for i := range recs {
		if len(recs[i].Data) > MaxRecord {
			return 0, fmt.Errorf("append to the journal: record of %d bytes: %w", len(recs[i].Data), ErrTooLarge)
		}
		if recs[i].Kind != Event && recs[i].Kind != State {
			return 0, fmt.Errorf("append to the journal: record of kind %d", recs[i].Kind)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	batch := j.batch[:0]
	for _, r := range recs {
		batch = append(batch, stored{Record: r})
	}
	n, err := j.append(batch)
	for i := range batch[:n] {
		recs[i].Seq = batch[i].Seq
	}
	clear(batch)
	if j.batch = batch[:0]; cap(batch) > maxBatch {
		j.batch = nil
	}
	if err != nil {
		return n, fmt.Errorf("append to the journal: %w", err)
	}
	return n, nil
}

// append writes batch, a segment's worth at a time. The caller holds mu.
func (j *Journal) append(batch []stored) (int, error) {
	if j.closed.Load() {
		return 0, ErrClosed
	}
	done := 0
	for done < len(batch) {
		n, err := j.write(batch[done:])
		done += n
		if err != nil {
			j.counts.broken.Store(true)
			return done, err
		}
	}
	j.well()
	_ = j.allocateNext() // counted and logged; what is durable is durable without it
	return done, nil
}

// well notes that the disk takes what it is given.
func (j *Journal) well() {
	j.counts.broken.Store(false)
	j.counts.failing.Store(false)
	if j.refused {
		j.refused = false
		j.log.Info("the journal can be written", "last", j.Last())
	}
}

// write makes durable as many records as the current segment takes. When that
// fails, the file is taken for broken and the records go to a fresh one, once.
func (j *Journal) write(batch []stored) (int, error) {
	if err := j.makeRoom(batch[0]); err != nil {
		return 0, err
	}
	n, err := j.tryWrite(batch)
	if err == nil {
		return n, nil
	}
	if again := j.makeRoom(batch[0]); again != nil {
		return 0, errors.Join(err, again)
	}
	n, again := j.tryWrite(batch)
	if again != nil {
		return 0, errors.Join(err, again)
	}
	return n, nil
}

// makeRoom sees to a current segment that takes r.
func (j *Journal) makeRoom(r stored) error {
	if j.cur == nil {
		if err := j.claim(); err != nil {
			return err
		}
		if j.parked != nil {
			_ = j.takeUp() // counted, and logged where it is not the same for what comes now
		}
	}
	if j.cur != nil && j.cur.end+sizeOf(len(r.Data)) > j.size {
		j.prev, j.cur = j.cur, nil
		j.prev.retire()
	}
	if j.cur != nil {
		return nil
	}
	return j.begin(r.T)
}

// tryWrite leaves cur at nil when the file has failed.
func (j *Journal) tryWrite(batch []stored) (int, error) {
	start, end := j.cur.end, j.cur.end
	v := j.view.Load()
	seq, n := v.last, 0
	place := j.cur.place()
	j.buf = j.buf[:0]
	if !j.headed {
		start = 0
		j.buf = append(j.buf, j.cur.block()...)
	}
	for n < len(batch) && end+sizeOf(len(batch[n].Data)) <= j.size {
		r := &batch[n]
		switch r.Kind {
		case Event:
			seq++
		case mark:
			seq = max(seq, r.Seq)
		}
		r.Seq, r.seg, r.off, r.size = seq, place.number, end, sizeOf(len(r.Data))
		j.buf = place.encode(j.buf, *r)
		end += r.size
		n++
	}
	err := j.dev.write(j.cur.file, j.buf, start)
	if err == nil {
		begin := time.Now()
		err = j.dev.sync(j.cur.file)
		j.counts.syncs.Add(1)
		j.counts.syncing.Add(int64(time.Since(begin)))
	}
	if cap(j.buf) > MaxRecord {
		j.buf = nil
	}
	if err != nil {
		j.abandon(err)
		return 0, err
	}
	j.since += end - start
	j.cur.grow(batch[:n], end)
	segs := v.segs
	if !j.headed {
		j.headed, j.parked = true, nil
		segs = append(segs[:len(segs):len(segs)], j.cur)
	}
	nv := &view{segs: segs, first: v.first, last: seq}
	if len(v.segs) == 0 {
		nv.first = j.cur.first
	}
	j.view.Store(nv)
	if len(segs) != len(v.segs) && len(batch) > 0 {
		j.retain(batch[0].T)
	}
	return n, nil
}

// begin makes the segment that was allocated ahead the current one. Its header
// goes into the file with the first records.
func (j *Journal) begin(t int64) error {
	j.tidy()
	if j.found.epoch == 0 && len(j.view.Load().segs) == 0 { // it would be lost with its directory
		if err := j.dev.syncAbove(j.dir); err != nil {
			return err
		}
	}
	if err := j.allocateNext(); err != nil {
		return err
	}
	h := header{epoch: j.epoch, number: j.nextNo, first: j.view.Load().last + 1, t: t}
	if j.prev != nil {
		h.prev, h.prevEnd = j.prev.number, j.prev.end
	}
	j.cur = &segment{
		header: h, path: segmentPath(j.dir, j.nextNo), size: j.size, report: j.damage,
		file: j.next, end: dataStart, indexed: true,
	}
	j.headed, j.next = false, nil
	j.counts.hasNext.Store(false)
	j.nextNo++
	return nil
}

// abandon gives up the file that failed. What it acknowledged stays readable;
// if that is nothing, the file goes.
func (j *Journal) abandon(err error) {
	// Said once: a disk that takes nothing is asked again every second.
	level := slog.LevelError
	if j.counts.failing.Swap(true) {
		level = slog.LevelDebug
	}
	j.counts.writeErrors.Add(1)
	j.log.Log(context.Background(), level, "writing to the journal failed, going on in a fresh file", "file", j.cur.path, "err", err)
	cur := j.cur
	j.cur = nil
	cur.retire()
	if j.headed {
		j.prev = cur
	} else {
		j.chores = append(j.chores, chore{path: cur.path})
		j.tidy()
	}
	j.headed = false
}

// Tend tries once more what the disk refused, if it did: to take what it is given,
// and to keep the space of the next segment. Whoever writes seldom calls it from
// time to time. Its error is that of an Append.
func (j *Journal) Tend() error {
	if !j.counts.allocFailed.Load() && !j.counts.broken.Load() {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed.Load() {
		return nil
	}
	if j.counts.broken.Load() {
		if err := j.ready(); err != nil {
			return fmt.Errorf("tend the journal: %w", err)
		}
		j.well()
	}
	_ = j.allocateNext() // counted, and logged once
	return nil
}

// allocateNext keeps a segment's space in hand. It says once that it cannot:
// what it is for is the time when the disk is full.
func (j *Journal) allocateNext() error {
	if j.next != nil {
		return nil
	}
	f, err := j.dev.create(segmentPath(j.dir, j.nextNo), j.size)
	for n := 0; n < 100 && errors.Is(err, os.ErrExist); n++ {
		j.nextNo++ // a file that could not be removed keeps its number
		f, err = j.dev.create(segmentPath(j.dir, j.nextNo), j.size)
	}
	if err != nil {
		if !j.counts.allocFailed.Swap(true) {
			j.log.Warn("allocating the next journal file failed; events go on until the current one is full", "err", err)
		}
		return err
	}
	if j.counts.allocFailed.Swap(false) {
		j.log.Info("the next journal file is allocated again")
	}
	j.next = f
	j.counts.hasNext.Store(true)
	return nil
}
