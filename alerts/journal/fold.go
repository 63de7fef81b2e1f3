package journal

import (
	"bytes"
	"fmt"
)

// position is a place in the log. The zero value is none.
type position struct {
	seg uint64
	off int64
}

// Fold calls fn with what the writer needs to know again what it knew: the parts of the
// newest complete snapshot (Kind Snapshot), then every Event and State behind
// it, in order. Without a snapshot it begins with the oldest record kept. An
// error of fn ends it.
func (j *Journal) Fold(fn func(Record) error) error {
	j.mu.Lock()
	v, from := j.view.Load(), j.snap
	j.mu.Unlock()
	whole := false // the parts that come now are those of the snapshot at from
	for _, s := range v.segs {
		if s.number < from.seg {
			continue
		}
		off := int64(dataStart)
		if s.number == from.seg {
			off = from.off
		}
		err := s.each(off, func(r stored) error {
			switch {
			case r.Kind == Snapshot && r.part == 0:
				whole = from == position{r.seg, r.off} // others were never finished
			}
			if r.Kind == mark || r.Seq > v.last || (r.Kind == Snapshot && !whole) {
				return nil
			}
			r.Data = bytes.Clone(r.Data)
			return fn(r.Record)
		})
		if err != nil {
			return fmt.Errorf("fold the journal: %w", err)
		}
	}
	return nil
}

func (p position) none() bool { return p.seg == 0 }

// each calls fn with every record from off on; their Data hold until fn returns.
func (s *segment) each(off int64, fn func(stored) error) error {
	f, release, err := s.open()
	if err != nil {
		return err
	}
	defer release()
	s.mu.Lock()
	end := s.end
	s.mu.Unlock()
	sc := newScanner(f, s.place(), off, end)
	for {
		r, ok, err := sc.next()
		if err != nil || !ok {
			return err
		}
		if err := fn(r); err != nil {
			return err
		}
	}
}

// newestSnapshot looks through segs, oldest first, for the last snapshot that is complete.
func newestSnapshot(segs []*segment) (position, error) {
	var found, begun position
	want := -1 // the next part of the one begun; -1 if none is
	for _, s := range segs {
		err := s.each(dataStart, func(r stored) error {
			switch {
			case r.Kind != Snapshot:
				want = -1
				return nil
			case r.part == 0:
				begun = position{r.seg, r.off}
			case int(r.part) != want:
				want = -1
				return nil
			}
			want = int(r.part) + 1
			if r.last {
				found, want = begun, -1
			}
			return nil
		})
		if err != nil {
			return position{}, err
		}
	}
	return found, nil
}
