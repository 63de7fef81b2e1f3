package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sort"
)

// readBytes bounds what one Read returns, beyond its first record.
const readBytes = 1 << 20

// Read returns the events after the number after, in order: at most limit,
// fewer if they are large, none only if there are none yet. A hole in the
// numbers is what damage took. The error is ErrExpired if the event after+1 is
// no longer kept, ErrBeyond if after was never given out.
func (j *Journal) Read(after uint64, limit int) ([]Record, error) {
	for {
		v := j.view.Load()
		recs, err := v.read(after, limit)
		switch gone := errors.Is(err, os.ErrNotExist); {
		case j.closed.Load():
			err = ErrClosed
		case errors.Is(err, os.ErrClosed), gone && j.view.Load() != v:
			continue // dropped or put aside meanwhile
		case gone: // somebody removed the file
			recs, err = v.skipMissing().read(after, limit)
		}
		if err != nil {
			return nil, fmt.Errorf("read the journal after %d: %w", after, err)
		}
		return recs, nil
	}
}

func (v *view) read(after uint64, limit int) ([]Record, error) {
	switch {
	case after > v.last:
		return nil, ErrBeyond
	case after+1 < v.first:
		return nil, ErrExpired
	}
	i := sort.Search(len(v.segs), func(i int) bool { return v.segs[i].first > after+1 })
	var recs []Record
	size := 0
	for i = max(i-1, 0); i < len(v.segs) && len(recs) < limit && size < readBytes; i++ {
		var err error
		recs, size, err = v.segs[i].read(recs, size, after, v.last, limit)
		if err != nil {
			return nil, err
		}
	}
	return recs, nil
}

// skipMissing is v without the segments whose files are gone.
func (v *view) skipMissing() *view {
	w := &view{first: v.first, last: v.last}
	for i, s := range v.segs {
		if _, err := os.Stat(s.path); !errors.Is(err, os.ErrNotExist) {
			w.segs = append(w.segs, s)
			continue
		}
		next := v.last + 1
		if i+1 < len(v.segs) {
			next = v.segs[i+1].first
		}
		s.miss(next)
	}
	return w
}

// read appends the segment's events in (after, last] to recs.
func (s *segment) read(recs []Record, size int, after, last uint64, limit int) ([]Record, int, error) {
	f, release, err := s.open()
	if err != nil {
		return nil, 0, err
	}
	defer release()
	before, sizeBefore := len(recs), size
	for again := false; ; again = true {
		from, to, err := s.seek(f, after+1)
		if err != nil {
			return nil, 0, err
		}
		sc := newScanner(f, s.place(), from, to)
		for len(recs) < limit && size < readBytes {
			r, ok, err := sc.next()
			if err != nil {
				return nil, 0, err
			}
			if !ok || r.Seq > last {
				break
			}
			if r.Kind == Event && r.Seq > after {
				r.Data = bytes.Clone(r.Data)
				recs = append(recs, r.Record)
				size += len(r.Data)
			}
		}
		if sc.damaged == 0 || again {
			return recs, size, nil
		}
		if sound, err := s.sound(f); err != nil || !sound {
			return recs, size, err
		}
		recs, size = recs[:before], sizeBefore
	}
}
