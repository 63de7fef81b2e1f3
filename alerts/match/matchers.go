package match

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

// Max is how many matchers there may be together.
const Max = 64

// maxBytes bounds one text.
const maxBytes = 4 << 10

// Matchers say which alerts are meant: those whose labels fit all of them. The
// zero value means every alert. It is immutable and safe for concurrent use.
type Matchers struct{ all []*labels.Matcher }

// Parse reads matchers as Alertmanager and PromQL write them: each text
// is one (severity="critical", team=~"ops|db", or with a plain value as in
// severity=critical), or several with commas between, in braces or not. No text,
// an empty one and {} mean every alert.
func Parse(texts ...string) (Matchers, error) {
	if len(texts) > Max {
		return Matchers{}, fmt.Errorf("has %d matchers, must have at most %d", len(texts), Max)
	}
	var all []*labels.Matcher
	for _, text := range texts {
		ms, err := parseText(text)
		if err != nil {
			return Matchers{}, err
		}
		all = append(all, ms...)
	}
	return New(all)
}

// New returns the given matchers, which must not be changed any more.
func New(all []*labels.Matcher) (Matchers, error) {
	if len(all) > Max {
		return Matchers{}, fmt.Errorf("has %d matchers, must have at most %d", len(all), Max)
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

// plain is a matcher whose value is in no quotes, as amtool takes it.
var plain = regexp.MustCompile("^([a-zA-Z_][a-zA-Z0-9_]*)\\s*(=~|!~|!=|=)\\s*([^\"'`{},\\s][^\"'`{},]*)?$")

func parseText(text string) ([]*labels.Matcher, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxBytes {
		return nil, fmt.Errorf("is %d bytes long, must be at most %d", len(text), maxBytes)
	}
	if text == "" || text == "{}" {
		return nil, nil
	}
	if parts := plain.FindStringSubmatch(text); parts != nil {
		types := map[string]labels.MatchType{"=": labels.MatchEqual, "!=": labels.MatchNotEqual, "=~": labels.MatchRegexp, "!~": labels.MatchNotRegexp}
		if strings.Contains(parts[2], "~") {
			if err := CheckRegex(parts[3]); err != nil {
				return nil, fmt.Errorf("%.60q: %w", text, err)
			}
		}
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
	if err := checkStrings(selector); err != nil {
		return nil, fmt.Errorf("%.60q: %w", text, err)
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
