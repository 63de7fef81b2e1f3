package journal

// retain drops the oldest segments when a new one has been begun. By size as
// many as need be; by age one at a time and measured by the events' own time,
// so that a clock that jumps cannot empty the journal. What the next Fold
// needs stays. The caller holds mu.
func (j *Journal) retain(now int64) {
	v := j.view.Load()
	drop := 0
	if limit := j.limits.MaxSize; limit > 0 {
		// The current one and the one allocated ahead are part of it.
		for int64(len(v.segs)-drop+1)*j.size > max(limit, 3*j.size) {
			drop++
		}
	}
	if keep := j.limits.Keep.Milliseconds(); keep > 0 && drop == 0 && len(v.segs) > 1 && now-v.segs[1].t > keep {
		drop = 1
	}
	for n := range drop {
		if v.segs[n].number >= j.snap.seg || v.segs[n] == j.cur {
			drop = n
			break
		}
	}
	if drop == 0 {
		return
	}
	rest := v.segs[drop:]
	j.view.Store(&view{segs: rest, first: rest[0].first, last: v.last})
	for _, s := range v.segs[:drop] {
		j.counts.dropped.Add(1)
		if err := j.dev.remove(s.path); err != nil {
			j.log.Warn("removing an old journal file failed", "file", s.path, "err", err)
		}
	}
}
