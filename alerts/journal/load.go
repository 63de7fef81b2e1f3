package journal

import "slices"

// load reads what the directory has: the segments, the numbers, the newest
// snapshot. It writes nothing. A directory without a journal leaves the epoch 0.
func (j *Journal) load() error {
	segs, err := j.recognise()
	if err != nil || len(segs) == 0 {
		return err
	}
	cur := segs[len(segs)-1]
	p, last, err := j.park(cur)
	if err != nil {
		return err
	}
	j.parked, j.prev = p, cur
	if n := len(segs); cur.headless && n > 1 {
		cur.prev, cur.prevEnd = segs[n-2].number, segs[n-2].end // it gets a header again
	}
	if err := j.findSnapshot(segs); err != nil {
		return err
	}
	last.possible += uint64(j.unknown) * uint64(j.size/minRecord)
	if last.possible > last.acknowledged {
		p.reserve = true
		j.counts.lost.Add(last.possible - last.acknowledged)
		j.log.Error("the end of the journal is damaged: numbers that may have been given out are left out",
			"file", cur.path, "from", last.acknowledged+1, "to", last.possible)
	}
	j.view.Store(&view{segs: segs, first: max(segs[0].first, 1), last: last.possible})
	return nil
}

// numbers are the highest that is readable and the highest that may have been given out.
type numbers struct{ acknowledged, possible uint64 }

// park reads cur, the newest segment, to its end.
func (j *Journal) park(cur *segment) (p *parked, last numbers, err error) {
	f, release, err := cur.open()
	if err != nil {
		return nil, last, err
	}
	defer release()
	info, err := f.Stat()
	if err != nil {
		return nil, last, err
	}
	r := j.dev.from(f)
	found, err := cur.examine(r, info.Size())
	if err != nil {
		return nil, last, err
	}
	if cur.first == 0 {
		cur.first = max(found.from, 1)
	}
	last.acknowledged = max(found.last, cur.first-1)
	rest, err := readTail(r, found.end, info.Size(), last.acknowledged)
	if err != nil {
		return nil, last, err
	}
	last.possible = max(rest.used, last.acknowledged)
	cur.end = found.end
	if missing := j.size - info.Size(); missing > 0 {
		// No crash shortens a file whose space was allocated and synced: it was
		// cut, and what stood there may have been acknowledged.
		last.possible += uint64(missing/minRecord) + 1
		j.counts.damaged.Add(1)
	}
	unread := rest.bad.to > 0 && (rest.bad.from <= found.end || rest.end > found.end)
	switch {
	case unread:
		// Records that were acknowledged may stand there: they stay, and keep their numbers.
		j.counts.damaged.Add(1)
		cur.end = (max(rest.end, rest.bad.to) + align - 1) / align * align
		last.possible = max(last.possible, last.acknowledged+uint64((rest.bad.to-found.end)/minRecord)+1)
	case rest.used > last.acknowledged:
		// Written to its end and damaged since: it stays where it is.
		j.counts.damaged.Add(1)
		cur.end = (rest.end + align - 1) / align * align
	case rest.end > cur.end:
		j.log.Info("cutting off what a crash left half written in the journal", "file", cur.path, "bytes", rest.end-cur.end)
	}
	return &parked{segment: cur, torn: rest.end, cut: info.Size() < j.size, t: found.t}, last, nil
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
