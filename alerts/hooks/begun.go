package hooks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"monitord/alerts"
)

// begunKey is the key of the note that says when a hook with a cap has begun
// attempts: a daemon that starts again and again would else do so each time.
const begunKey = "begun"

// second is how many attempts were begun in one.
type second struct {
	At int64 `json:"t"` // Unix seconds
	N  int   `json:"n"`
}

// maxSeconds bounds the seconds of a note: a minute has fewer.
const maxSeconds = 64

// worthNoting says whether a note is due: when more than an eighth of the cap was
// begun since the last, or something some time ago.
func (r *rate) worthNoting(now time.Time) bool {
	return r.fresh > r.max/8 || r.fresh > 0 && !now.Before(r.noteDue())
}

func (r *rate) noteDue() time.Time { return r.notedAt.Add(noteEvery) }

// note says when attempts were begun within the last minute.
func (r *rate) note(hook string, now time.Time) (alerts.Note, error) {
	r.fresh, r.notedAt = 0, now
	var list []second
	for _, t := range r.inOrder() {
		switch last := len(list) - 1; {
		case now.Sub(t) >= time.Minute:
		case last >= 0 && list[last].At == t.Unix():
			list[last].N++
		case len(list) < maxSeconds:
			list = append(list, second{t.Unix(), 1})
		}
	}
	b, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encode what hook %q has begun: %w", hook, err)
	}
	return alerts.Progress{Hook: hook, Key: begunKey, Data: b}, nil
}

// restore takes over what was begun before the start, each at the end of its
// second. What makes no sense is left out.
func (r *rate) restore(b []byte, now time.Time) {
	var list []second
	if json.Unmarshal(b, &list) != nil || len(list) > maxSeconds {
		return
	}
	slices.SortFunc(list, func(a, b second) int { return cmp.Compare(a.At, b.At) })
	for _, s := range list {
		at := ago(now, time.Unix(s.At+1, 0).UnixMilli())
		if now.Sub(at) >= time.Minute {
			continue
		}
		for range min(s.N, r.max) {
			r.add(at)
		}
	}
}
