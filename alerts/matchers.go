package alerts

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// MaxMatchers is how many matchers there may be together.
const MaxMatchers = 64

// maxMatcherBytes bounds one text.
const maxMatcherBytes = 4 << 10

// Matchers say which alerts are meant: those whose labels fit all of them. The
// zero value means every alert. It is immutable and safe for concurrent use.
type Matchers struct{ all []*labels.Matcher }

// ParseMatchers reads matchers as Alertmanager and PromQL write them: each text
// is one (severity="critical", team=~"ops|db", or with a plain value as in
// severity=critical), or several with commas between, in braces or not. No text,
// an empty one and {} mean every alert.
func ParseMatchers(texts ...string) (Matchers, error) {
	var all []*labels.Matcher
	for _, text := range texts {
		ms, err := parseMatcher(text)
		if err != nil {
			return Matchers{}, err
		}
		all = append(all, ms...)
	}
	return NewMatchers(all)
}

// NewMatchers returns the given matchers, which must not be changed any more.
func NewMatchers(all []*labels.Matcher) (Matchers, error) {
	if len(all) > MaxMatchers {
		return Matchers{}, fmt.Errorf("has %d matchers, must have at most %d", len(all), MaxMatchers)
	}
	for _, m := range all {
		if m.Name == model.MetricNameLabel {
			return Matchers{}, errors.New("names a metric, and an alert is none: write label=\"value\", such as severity=\"critical\"")
		}
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b *labels.Matcher) int { return strings.Compare(a.String(), b.String()) })
	return Matchers{slices.CompactFunc(all, func(a, b *labels.Matcher) bool { return a.String() == b.String() })}, nil
}

// plainMatcher is a matcher whose value is in no quotes, as amtool takes it.
var plainMatcher = regexp.MustCompile("^([a-zA-Z_][a-zA-Z0-9_]*)\\s*(=~|!~|!=|=)\\s*([^\"'`{},\\s][^\"'`{},]*)?$")

func parseMatcher(text string) ([]*labels.Matcher, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxMatcherBytes {
		return nil, fmt.Errorf("is %d bytes long, must be at most %d", len(text), maxMatcherBytes)
	}
	if text == "" || text == "{}" {
		return nil, nil
	}
	if parts := plainMatcher.FindStringSubmatch(text); parts != nil {
		types := map[string]labels.MatchType{"=": labels.MatchEqual, "!=": labels.MatchNotEqual, "=~": labels.MatchRegexp, "!~": labels.MatchNotRegexp}
		m, err := labels.NewMatcher(types[parts[2]], parts[1], strings.TrimSpace(parts[3]))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		return []*labels.Matcher{m}, nil
	}
	selector := text
	if !strings.HasPrefix(text, "{") {
		selector = "{" + text + "}"
	}
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(selector)
	if err != nil {
		return nil, fmt.Errorf("%q is no matcher, write one such as severity=\"critical\" or team=~\"ops|db\"", text)
	}
	return ms, nil
}

// Matches says whether the labels fit all matchers; an absent label is empty.
func (ms Matchers) Matches(ls labels.Labels) bool {
	for _, m := range ms.all {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// All returns the matchers, ordered, each once. They must not be changed.
func (ms Matchers) All() []*labels.Matcher { return ms.all }

// String returns one text for all ways to write the same matchers.
func (ms Matchers) String() string {
	texts := make([]string, len(ms.all))
	for i, m := range ms.all {
		texts[i] = m.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}
