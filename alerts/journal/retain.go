package journal

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// retain drops the oldest segments when a new one has been begun. By size as
// many as need be; by age one at a time and measured by the events' own time,
// so that a clock that jumps cannot empty the journal. What the next Fold
// needs stays. The caller holds mu.
func (j *Journal) retain(now int64) {
	v := j.view.Load()
	drop := 0
	if slices.ContainsFunc(j.chores, func(c chore) bool { return !c.keep }) {
		return // what should have gone would be the oldest after the next start
	}
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
	for n, s := range v.segs[:drop] {
		j.drop(v.segs[n+1:])
		err := j.dev.remove(s.path)
		if _, gone := os.Lstat(s.path); err != nil && !errors.Is(gone, fs.ErrNotExist) {
			// One that stayed behind others would be a hole after the next start.
			j.drop(v.segs[n:])
			j.log.Warn("removing an old journal file failed, it is kept until the next one is begun", "file", s.path, "err", err)
			return
		}
		j.counts.dropped.Add(1)
	}
}

// drop leaves readers the segments rest.
func (j *Journal) drop(rest []*segment) {
	j.view.Store(&view{segs: rest, first: max(rest[0].first, 1), last: j.view.Load().last})
}
