package hooks

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Retried says what came of a retry.
type Retried struct {
	Retried int `json:"retried"` // deliveries that are tried again now
	// Followed is how many alerts have had other news since, which the receiver
	// has been told, or was given up too: it is told the newest of it once more.
	Followed int    `json:"followed,omitempty"`
	Left     []Left `json:"left,omitempty"` // what stays given up
}

// Left is a delivery that was given up and is not retried.
type Left struct {
	Seq    uint64 `json:"seq"`
	Repeat int    `json:"repeat,omitempty"`
	Reason string `json:"reason"`
}

// Retry has a hook try again now: what waits after a failure, and what was given
// up, which is delivered under the same key as before. With a number only the
// delivery of that event, and what was given up of its alerts after it. What the
// receiver has heard of an alert since is said again behind it, as a repeat:
// whatever is retried, the last that it hears is what is true.
func (r *Runner) Retry(ctx context.Context, name string, seq uint64) (Retried, error) {
	var done Retried
	var past *past
	var letters []letter
	if err := r.askHook(ctx, name, func(h *hook) error {
		if h.read < h.target {
			return ErrBehind
		}
		letters = h.buriedFrom(seq)
		past = h.past()
		return nil
	}); err != nil {
		return done, fmt.Errorf("retry: %w", err)
	}
	all, left, err := r.exhume(letters, past, seq)
	if err == nil {
		err = r.lookBack(past, all)
	}
	if err != nil {
		return done, fmt.Errorf("retry: read the alert journal: %w", err)
	}
	if err := r.askHook(ctx, name, func(h *hook) error {
		now := time.Now()
		done.Retried = len(h.failing(seq))
		if len(all) > 0 {
			if err := r.lookOn(past, h.read); err != nil {
				return fmt.Errorf("read the alert journal: %w", err)
			}
			h.lineUp(all, past, &done, now)
		}
		// Only now: what waits may be the resolved of what was given up.
		h.hurry(seq, now)
		return nil
	}); err != nil {
		return Retried{}, fmt.Errorf("retry: %w", err)
	}
	done.Left = append(left, done.Left...)
	if seq > 0 && done.Retried == 0 && len(done.Left) == 0 {
		return done, fmt.Errorf("retry: event %d: %w, monitord hook list %s shows those that there are", seq, ErrNoDelivery, name)
	}
	return done, nil
}

// failing are the deliveries that failed and wait, all for 0.
func (h *hook) failing(seq uint64) []*delivery {
	return slices.DeleteFunc(h.outstanding(), func(d *delivery) bool {
		return seq == 0 && d.attempts == 0 || seq > 0 && !slices.Contains(d.seqs, seq)
	})
}

// hurry makes those that wait after a failure due now.
func (h *hook) hurry(seq uint64, now time.Time) {
	for _, d := range h.failing(seq) {
		if !d.running && !d.lane.running {
			d.ready = now
			h.due.at(d.lane, now)
		}
	}
}
