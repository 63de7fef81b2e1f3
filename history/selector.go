package history

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// MaxSelector is the greatest length of a selector or an expression, in bytes.
const MaxSelector = 16 << 10

// A Selector says which series are meant: all whose labels fit every matcher.
// The zero value selects everything. It is immutable.
type Selector struct {
	matchers  []*labels.Matcher
	canonical string
}

// ParseSelector reads a selector in PromQL's notation, such as node_load1,
// {job="node"} or up{instance!="web1"}. The empty string selects everything, and
// so does {}.
func ParseSelector(s string) (Selector, error) {
	if len(s) > MaxSelector {
		return Selector{}, fmt.Errorf("selector is %d bytes long, may be %d", len(s), MaxSelector)
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return Selector{}, nil
	}
	if err := checkRegexes(s); err != nil {
		return Selector{}, err
	}
	matchers, err := language.ParseMetricSelector(s)
	if err != nil {
		return Selector{}, err
	}
	if len(matchers) == 0 { // however {} is written
		return Selector{}, nil
	}
	slices.SortFunc(matchers, func(a, b *labels.Matcher) int { return strings.Compare(a.String(), b.String()) })
	matchers = slices.CompactFunc(matchers, func(a, b *labels.Matcher) bool { return a.String() == b.String() })
	texts := make([]string, len(matchers))
	for i, m := range matchers {
		texts[i] = m.String()
	}
	return Selector{matchers: matchers, canonical: "{" + strings.Join(texts, ",") + "}"}, nil
}

// Canonical returns one text for all ways to write the same matchers; it is
// empty for the selector of everything.
func (s Selector) Canonical() string { return s.canonical }

// String returns the canonical text.
func (s Selector) String() string { return s.canonical }

// Matches says whether the labels fit every matcher.
func (s Selector) Matches(ls labels.Labels) bool {
	for _, m := range s.matchers {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// May says whether it may select a series of which only some labels are known.
func (s Selector) May(known map[string]string) bool {
	for _, m := range s.matchers {
		if v, ok := known[m.Name]; ok && !m.Matches(v) {
			return false
		}
	}
	return true
}

// all returns the matchers that the storage wants: at least one.
func (s Selector) all() []*labels.Matcher {
	if len(s.matchers) > 0 {
		return s.matchers
	}
	return []*labels.Matcher{{Type: labels.MatchNotEqual, Name: model.MetricNameLabel, Value: ""}}
}
