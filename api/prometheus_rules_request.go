package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"monitord/alerts"
)

// A rulesRequest is which rules a request for them wants.
type rulesRequest struct {
	names, groups, files []string // empty: all
	matchers             [][]*labels.Matcher
	alerting, recording  bool
	withAlerts           bool
	limit                int // groups in an answer; 0: all
	token                string
}

func readRulesRequest(r *http.Request) (*rulesRequest, error) {
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("error parsing form values: %w", err)
	}
	ask := &rulesRequest{names: r.Form["rule_name[]"], groups: r.Form["rule_group[]"], files: r.Form["file[]"], withAlerts: true}
	var err error
	if ask.matchers, err = parseSelectors(r.Form["match[]"]); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	typ := strings.ToLower(q.Get("type"))
	if typ != "" && typ != "alert" && typ != "record" {
		return nil, invalid("type", fmt.Errorf("not supported value %q", typ))
	}
	ask.alerting, ask.recording = typ != "record", typ != "alert"
	if s := strings.ToLower(q.Get("exclude_alerts")); s != "" {
		without, err := strconv.ParseBool(s)
		if err != nil {
			return nil, invalid("exclude_alerts", fmt.Errorf("error converting exclude_alerts: %w", err))
		}
		ask.withAlerts = !without
	}
	ask.token = q.Get("group_next_token")
	limit := q.Get("group_limit")
	if limit == "" {
		if ask.token != "" {
			return nil, invalid("group_next_token", errors.New("group_limit needs to be present in order to paginate over the groups"))
		}
		return ask, nil
	}
	n, err := strconv.ParseInt(limit, 10, 32)
	if err != nil {
		return nil, invalid("group_limit", fmt.Errorf("group_limit needs to be a valid number: %w", err))
	}
	if n <= 0 {
		return nil, invalid("group_limit", errors.New("group_limit needs to be greater than 0"))
	}
	ask.limit = int(n)
	return ask, nil
}

// parseSelectors reads match[]: each selector must ask for something.
func parseSelectors(texts []string) ([][]*labels.Matcher, error) {
	sets, err := parser.NewParser(parser.Options{}).ParseMetricSelectors(texts)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return m != nil && !m.Matches("") }) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}

// wants reports whether a rule is asked for, its group aside.
func (ask *rulesRequest) wants(r *alerts.Rule) bool {
	if r.Recording && !ask.recording || !r.Recording && !ask.alerting {
		return false
	}
	return among(ask.names, r.Name) && ask.matches(labels.FromMap(r.Labels))
}

func among(wanted []string, s string) bool { return len(wanted) == 0 || slices.Contains(wanted, s) }

func (ask *rulesRequest) matches(ls labels.Labels) bool {
	return len(ask.matchers) == 0 || slices.ContainsFunc(ask.matchers, func(set []*labels.Matcher) bool {
		return !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return !m.Matches(ls.Get(m.Name)) })
	})
}

// gather puts the rules that are asked for into their groups, those by file and
// name.
func gather(rules []alerts.RuleStatus, ask *rulesRequest) []*ruleGroup {
	var all []*ruleGroup
	of := make(map[*alerts.Group]*ruleGroup)
	for _, s := range rules {
		g := of[s.Rule.Group]
		if g == nil {
			from := s.Rule.Group
			g = &ruleGroup{Name: from.Name, File: from.File, Limit: from.Limit, Interval: from.Interval.Seconds(), Rules: []any{}}
			of[from] = g
			if among(ask.groups, g.Name) && among(ask.files, g.File) {
				all = append(all, g)
			}
		}
		if s.Rule.Group.Interval == 0 && (g.Interval == 0 || s.Rule.Every.Seconds() < g.Interval) {
			g.Interval = s.Rule.Every.Seconds() // where each rule has its own, that of the most frequent
		}
		g.EvaluationTime += s.Took.Seconds()
		if s.At.After(g.LastEvaluation) {
			g.LastEvaluation = s.At
		}
		if ask.wants(s.Rule) {
			g.Rules = append(g.Rules, enriched(s, ask.withAlerts))
		}
	}
	slices.SortStableFunc(all, func(a, b *ruleGroup) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Name, b.Name))
	})
	return all
}

// page cuts the groups down to those of the page that is asked for, without the
// ones that have none of the rules, and returns what to ask for next.
func (ask *rulesRequest) page(all []*ruleGroup) ([]*ruleGroup, string, error) {
	if ask.token != "" {
		i := slices.IndexFunc(all, func(g *ruleGroup) bool { return g.token() == ask.token })
		if i < 0 {
			return nil, "", invalid("group_next_token", fmt.Errorf("invalid group_next_token '%v'. were rule groups changed?", ask.token))
		}
		all = all[i:]
	}
	groups := []*ruleGroup{}
	for _, g := range all {
		if len(g.Rules) == 0 {
			continue
		}
		if ask.limit > 0 && len(groups) == ask.limit {
			return groups, g.token(), nil
		}
		groups = append(groups, g)
	}
	return groups, "", nil
}

// token names the group as Prometheus does.
func (g *ruleGroup) token() string {
	sum := sha256.Sum256([]byte(g.File + ";" + g.Name))
	return hex.EncodeToString(sum[:])
}
