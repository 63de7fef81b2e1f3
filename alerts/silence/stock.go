package silence

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// A stock is the silences at one moment. It is immutable.
type stock struct {
	made  map[string]*Silence // by id
	bytes map[string]int      // about what each of them takes
	quiet []*quiet            // those of the configuration
}

// own returns a silence that may be changed.
func (set *stock) own(id string) (*Silence, error) {
	if s := set.made[id]; s != nil {
		return s, nil
	}
	for _, q := range set.quiet {
		if q.silence.ID == id {
			return nil, fmt.Errorf("%q: %w", q.silence.Name, ErrQuietHours)
		}
	}
	return nil, ErrUnknown
}

// inForce returns the silences that are active at t, by id, and the next time at
// which one begins or ends.
func (set *stock) inForce(t int64) ([]*Silence, int64) {
	var active []*Silence
	until := int64(math.MaxInt64)
	add := func(s *Silence, start, end int64) {
		switch {
		case t < start:
			until = min(until, start)
		case t < end:
			until = min(until, end)
			active = append(active, s)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(set.made)) {
		s := set.made[id]
		add(s, s.StartsAt.UnixMilli(), s.EndsAt.UnixMilli())
	}
	now := time.UnixMilli(t)
	for _, q := range set.quiet {
		w := q.window(now)
		add(&q.silence, w.start.UnixMilli(), w.end.UnixMilli())
	}
	slices.SortFunc(active, func(a, b *Silence) int { return strings.Compare(a.ID, b.ID) })
	return active, until
}

// add puts in a silence whose record has so many bytes.
func (set *stock) add(s *Silence, bytes int) {
	set.made[s.ID], set.bytes[s.ID] = s, bytes+4*regexSize(s.Matchers)
}

func (set *stock) size() int {
	n := 0
	for _, b := range set.bytes {
		n += b
	}
	return n
}

// forget takes out what expired more than five days ago, and of what expired
// since then the oldest, as long as there is too much.
func (set *stock) forget(now time.Time) []string {
	var expired []*Silence
	for _, s := range set.made {
		if s.State(now) == Expired {
			expired = append(expired, s)
		}
	}
	slices.SortFunc(expired, func(a, b *Silence) int {
		return cmp.Or(a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.ID, b.ID))
	})
	var gone []string
	size := set.size()
	for _, s := range expired {
		if now.Sub(s.EndsAt) < keepExpired && len(set.made) <= maxNumber && size <= maxAllBytes {
			break
		}
		size -= set.bytes[s.ID]
		delete(set.made, s.ID)
		delete(set.bytes, s.ID)
		gone = append(gone, s.ID)
	}
	return gone
}
