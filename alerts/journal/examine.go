package journal

import "io"

// findings are what a look at every record of a segment gives.
type findings struct {
	damaged int    // stretches without a readable record
	events  uint64 // events read
	from    uint64 // lowest number that stands or stood here
	last    uint64 // highest number seen, 0 if no record is there
	t       int64  // time of the last record
	end     int64  // behind the last record
	upTo    uint64 // highest number known to have been given out here
	snaps   bool   // a snapshot begins here
}

// lost is how many numbers' events could not be read.
func (f findings) lost() uint64 {
	if f.upTo+1 < f.from+f.events {
		return 0
	}
	return f.upTo + 1 - f.from - f.events
}

// examine reads the segment up to stop, builds its index and reports damage.
// The caller holds mu or owns the segment.
func (s *segment) examine(f io.ReaderAt, stop int64) (findings, error) {
	sc := newScanner(f, s.place(), dataStart, stop)
	found := findings{from: s.first, end: dataStart}
	s.index = nil
	for {
		r, ok, err := sc.next()
		if err != nil {
			return found, err
		}
		if !ok {
			break
		}
		if found.from == 0 { // the header is gone, and with it where it began
			found.from = r.Seq
			if r.Kind != Event {
				found.from++
			}
		}
		if r.Kind == Event {
			found.events++
		}
		found.last, found.t, found.end = r.Seq, r.T, sc.off
		found.snaps = found.snaps || (r.Kind == Snapshot && r.part == 0)
		s.note(r)
	}
	found.damaged = sc.damaged
	found.upTo = found.last
	if s.after > 0 {
		found.upTo = max(found.upTo, s.after-1)
	}
	if s.ended && found.end < s.end {
		found.damaged++
	}
	s.indexed, s.found = true, found
	if found.damaged > 0 && s.report != nil {
		s.report(s, found)
	}
	return found, nil
}

// examined examines the segment unless that was done. The caller holds mu.
func (s *segment) examined(f io.ReaderAt) (findings, error) {
	if s.indexed {
		return s.found, nil
	}
	return s.examine(f, s.end)
}

// look is examined for those who have neither the file nor the lock.
func (s *segment) look() (findings, error) {
	f, release, err := s.open()
	if err != nil {
		return findings{}, err
	}
	defer release()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.examined(f)
}

// sound tells whether a segment in which a reader found a hole has none after all:
// a disk that did not answer may have meanwhile. What was damaged since it was
// last examined is reported, once.
func (s *segment) sound(f io.ReaderAt) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found.damaged > 0 {
		return false, nil
	}
	found, err := s.examine(f, s.end)
	return found.damaged == 0, err
}

// miss reports, once, that somebody has removed the file. The segment behind it
// begins with the number next.
func (s *segment) miss(next uint64) {
	s.mu.Lock()
	before := s.missed
	s.missed = true
	s.mu.Unlock()
	if !before && s.report != nil {
		s.report(s, findings{damaged: 1, from: s.first, upTo: next - 1})
	}
}
