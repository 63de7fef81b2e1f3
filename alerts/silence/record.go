package silence

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/match"
)

// A Record is a silence as the journal keeps it, in JSON. A later one with the
// same ID replaces it.
type Record struct {
	ID        string          `json:"id"`
	Matchers  []recordMatcher `json:"matchers,omitempty"`
	CreatedBy string          `json:"createdBy,omitempty"`
	Comment   string          `json:"comment,omitempty"`
	StartsAt  int64           `json:"startsAt,omitempty"` // Unix milliseconds
	EndsAt    int64           `json:"endsAt,omitempty"`
	UpdatedAt int64           `json:"updatedAt,omitempty"`
	Forgotten bool            `json:"forgotten,omitempty"` // it expired long ago; only the ID is there
}

type recordMatcher struct {
	Name  string `json:"name"`
	Op    string `json:"op"` // = != =~ !~
	Value string `json:"value,omitempty"`
}

var matchTypes = map[string]labels.MatchType{
	labels.MatchEqual.String(): labels.MatchEqual, labels.MatchNotEqual.String(): labels.MatchNotEqual,
	labels.MatchRegexp.String(): labels.MatchRegexp, labels.MatchNotRegexp.String(): labels.MatchNotRegexp,
}

// Record returns what the journal keeps.
func (s *Silence) Record() Record {
	r := Record{
		ID: s.ID, CreatedBy: s.CreatedBy, Comment: s.Comment,
		StartsAt: millis(s.StartsAt), EndsAt: millis(s.EndsAt), UpdatedAt: millis(s.UpdatedAt),
	}
	for _, m := range s.Matchers.All() {
		r.Matchers = append(r.Matchers, recordMatcher{Name: m.Name, Op: m.Type.String(), Value: m.Value})
	}
	return r
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// size is how many bytes the record has in the journal, about.
func (r Record) size() int {
	b, _ := json.Marshal(r) // it has nothing that JSON refuses
	return len(b)
}

// check holds a silence that was read against what the program can work with.
func (r Record) check() error {
	if r.ID == "" {
		return errors.New("no id")
	}
	for _, ms := range []int64{r.StartsAt, r.EndsAt, r.UpdatedAt} {
		if ms < 0 || ms > maxMillis {
			return fmt.Errorf("time %d is out of range", ms)
		}
	}
	return nil
}

// Silence is the reverse of [Silence.Record]. What was read is held against what
// may be in a silence.
func (r Record) Silence() (*Silence, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("silence %s: %w", r.ID, err)
	}
	all := make([]*labels.Matcher, 0, len(r.Matchers))
	for _, m := range r.Matchers {
		kind, ok := matchTypes[m.Op]
		if !ok {
			return nil, fmt.Errorf("silence %s: unknown operator %q", r.ID, m.Op)
		}
		matcher, err := labels.NewMatcher(kind, m.Name, m.Value)
		if err != nil {
			return nil, fmt.Errorf("silence %s: %w", r.ID, err)
		}
		all = append(all, matcher)
	}
	matchers, err := match.New(all)
	if err == nil {
		err = checkMatchers(matchers)
	}
	if err != nil {
		return nil, fmt.Errorf("silence %s: %w", r.ID, err)
	}
	s := &Silence{
		ID: r.ID, Matchers: matchers, CreatedBy: r.CreatedBy, Comment: r.Comment,
		StartsAt: time.UnixMilli(r.StartsAt).UTC(), EndsAt: time.UnixMilli(r.EndsAt).UTC(), UpdatedAt: time.UnixMilli(r.UpdatedAt).UTC(),
	}
	// It goes into every snapshot from now on.
	if s.Record().size() > maxBytes {
		return nil, fmt.Errorf("silence %s: more than %d bytes", r.ID, maxBytes)
	}
	return s, nil
}
