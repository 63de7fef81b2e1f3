package alerts

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// storedSilence is a silence as the journal keeps it. A later one with the same
// ID replaces it.
type storedSilence struct {
	ID        string          `json:"id"`
	Matchers  []storedMatcher `json:"matchers,omitempty"`
	CreatedBy string          `json:"createdBy,omitempty"`
	Comment   string          `json:"comment,omitempty"`
	StartsAt  int64           `json:"startsAt,omitempty"` // Unix milliseconds
	EndsAt    int64           `json:"endsAt,omitempty"`
	UpdatedAt int64           `json:"updatedAt,omitempty"`
	Forgotten bool            `json:"forgotten,omitempty"` // it expired long ago; only the ID is there
}

type storedMatcher struct {
	Name  string `json:"name"`
	Op    string `json:"op"` // = != =~ !~
	Value string `json:"value,omitempty"`
}

var matchTypes = map[string]labels.MatchType{
	labels.MatchEqual.String(): labels.MatchEqual, labels.MatchNotEqual.String(): labels.MatchNotEqual,
	labels.MatchRegexp.String(): labels.MatchRegexp, labels.MatchNotRegexp.String(): labels.MatchNotRegexp,
}

// stored makes a silence a note.
func (s *Silence) stored() storedNote {
	n := &storedSilence{
		ID: s.ID, CreatedBy: s.CreatedBy, Comment: s.Comment,
		StartsAt: toMillis(s.StartsAt), EndsAt: toMillis(s.EndsAt), UpdatedAt: toMillis(s.UpdatedAt),
	}
	for _, m := range s.Matchers.All() {
		n.Matchers = append(n.Matchers, storedMatcher{Name: m.Name, Op: m.Type.String(), Value: m.Value})
	}
	return storedNote{Silence: n}
}

// forgotten is the note that a silence is gone for good.
type forgotten string

func (id forgotten) stored() storedNote {
	return storedNote{Silence: &storedSilence{ID: string(id), Forgotten: true}}
}

// check holds a silence that was read against what the program can work with.
func (n *storedSilence) check() error {
	if n.ID == "" {
		return errors.New("no id")
	}
	for _, ms := range []int64{n.StartsAt, n.EndsAt, n.UpdatedAt} {
		if ms < 0 || ms > maxMillis {
			return fmt.Errorf("time %d is out of range", ms)
		}
	}
	return nil
}

// silence is the reverse of stored.
func (n *storedSilence) silence() (*Silence, error) {
	if err := n.check(); err != nil {
		return nil, fmt.Errorf("silence %s: %w", n.ID, err)
	}
	all := make([]*labels.Matcher, 0, len(n.Matchers))
	for _, m := range n.Matchers {
		kind, ok := matchTypes[m.Op]
		if !ok {
			return nil, fmt.Errorf("silence %s: unknown operator %q", n.ID, m.Op)
		}
		matcher, err := labels.NewMatcher(kind, m.Name, m.Value)
		if err != nil {
			return nil, fmt.Errorf("silence %s: %w", n.ID, err)
		}
		all = append(all, matcher)
	}
	matchers, err := NewMatchers(all)
	if err == nil {
		err = checkSilenceMatchers(matchers)
	}
	if err != nil {
		return nil, fmt.Errorf("silence %s: %w", n.ID, err)
	}
	s := &Silence{
		ID: n.ID, Matchers: matchers, CreatedBy: n.CreatedBy, Comment: n.Comment,
		StartsAt: time.UnixMilli(n.StartsAt).UTC(), EndsAt: time.UnixMilli(n.EndsAt).UTC(), UpdatedAt: time.UnixMilli(n.UpdatedAt).UTC(),
	}
	// It goes into every snapshot from now on.
	if b, err := encodeNote(s.stored()); err != nil || len(b) > maxSilenceBytes {
		return nil, fmt.Errorf("silence %s: more than %d bytes", n.ID, maxSilenceBytes)
	}
	return s, nil
}
