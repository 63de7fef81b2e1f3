package alerts

import (
	"fmt"

	"monitord/alerts/journal"
)

// tailEvents is how many of the newest events are kept in memory, so that those
// who follow the end of the log read no file.
const tailEvents = 512

// A tail is the newest events, without a hole between them. The zero value is
// empty and ready. It is not safe for concurrent use.
type tail struct {
	events []Event // ascending, at most 2*tailEvents
}

func (t *tail) add(e Event) {
	if n := len(t.events); n > 0 && t.events[n-1].Seq+1 != e.Seq {
		t.events = nil
	}
	if len(t.events) == 2*tailEvents {
		t.events = append([]Event(nil), t.events[tailEvents:]...)
	}
	t.events = append(t.events, e)
}

// after returns the events behind a number, at most limit; false when the tail
// does not reach back so far.
func (t *tail) after(seq uint64, limit int) ([]Event, bool) {
	if len(t.events) == 0 || seq+1 < t.events[0].Seq {
		return nil, false
	}
	i := seq + 1 - t.events[0].Seq
	if i >= uint64(len(t.events)) {
		return nil, true
	}
	page := t.events[i:]
	return page[:min(limit, len(page)):min(limit, len(page))], true
}

// Read returns the events behind a number, in order, at most limit of them, and
// none only when there are none. The error is [journal.ErrExpired] when the
// event after the number is no longer kept (go on from First()-1), and
// [journal.ErrBeyond] when the number was never given out. The slice must not be
// changed.
func (l *Log) Read(after uint64, limit int) ([]Event, error) {
	if limit <= 0 {
		return nil, nil
	}
	l.mu.Lock()
	last := l.fold.seq
	page, ok := l.tail.after(after, limit)
	l.mu.Unlock()
	if after > last {
		return nil, fmt.Errorf("read the alert journal after %d: %w", after, journal.ErrBeyond)
	}
	if ok {
		return page, nil
	}
	for after < last {
		recs, err := l.journal.Read(after, limit)
		if err != nil {
			return nil, fmt.Errorf("read the alert journal: %w", err)
		}
		if len(recs) == 0 {
			return nil, nil
		}
		page = make([]Event, 0, len(recs))
		for _, r := range recs {
			after = r.Seq
			if r.Seq > last {
				break
			}
			e, err := decodeEvent(r.Data)
			if err != nil {
				l.skipped(r.Seq, err)
				continue
			}
			e.Seq = r.Seq
			page = append(page, e)
		}
		if len(page) > 0 {
			return page, nil
		}
	}
	return nil, nil
}
