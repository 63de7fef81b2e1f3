package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// ruleGroup, alertingRule and the others below are the objects of Prometheus' API
// of the same names.
type ruleGroup struct {
	Name           string    `json:"name"`
	File           string    `json:"file"`
	Rules          []any     `json:"rules"`
	Interval       float64   `json:"interval"`
	Limit          int       `json:"limit"`
	EvaluationTime float64   `json:"evaluationTime"`
	LastEvaluation time.Time `json:"lastEvaluation"`
}

type alertingRule struct {
	State          string        `json:"state"`
	Name           string        `json:"name"`
	Query          string        `json:"query"`
	Duration       float64       `json:"duration"`
	KeepFiringFor  float64       `json:"keepFiringFor"`
	Labels         labels.Labels `json:"labels"`
	Annotations    labels.Labels `json:"annotations"`
	Alerts         []activeAlert `json:"alerts"`
	Health         string        `json:"health"`
	LastError      string        `json:"lastError,omitempty"`
	EvaluationTime float64       `json:"evaluationTime"`
	LastEvaluation time.Time     `json:"lastEvaluation"`
	Type           string        `json:"type"`
}

type recordingRule struct {
	Name           string        `json:"name"`
	Query          string        `json:"query"`
	Labels         labels.Labels `json:"labels"`
	Health         string        `json:"health"`
	LastError      string        `json:"lastError,omitempty"`
	EvaluationTime float64       `json:"evaluationTime"`
	LastEvaluation time.Time     `json:"lastEvaluation"`
	Type           string        `json:"type"`
}

type activeAlert struct {
	Labels          labels.Labels `json:"labels"`
	Annotations     labels.Labels `json:"annotations"`
	State           string        `json:"state"`
	ActiveAt        time.Time     `json:"activeAt"`
	KeepFiringSince *time.Time    `json:"keepFiringSince,omitempty"`
	Value           string        `json:"value"`

	// Ours, beside what Prometheus has.
	Fingerprint string     `json:"fingerprint,omitempty"`
	StartsAt    *time.Time `json:"startsAt,omitempty"` // when it began to fire
	SilencedBy  []string   `json:"silencedBy,omitempty"`
	Flapping    bool       `json:"flapping,omitempty"`
	Stale       bool       `json:"stale,omitempty"`
}

// Rules returns the handler of Prometheus' /api/v1/rules: the groups of rules, how
// each rule is doing, and its alerts. It is safe for concurrent use if the
// function is, which returns the rules in force.
func Rules(rules func() []alerts.RuleStatus, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxQueryForm)
		ask, err := readRulesRequest(r)
		if err != nil {
			writeError(w, log, badData, err)
			return
		}
		groups, next, err := ask.page(gather(rules(), ask))
		if err != nil {
			writeError(w, log, badData, err)
			return
		}
		writeData(w, log, struct {
			Groups []*ruleGroup `json:"groups"`
			Next   string       `json:"groupNextToken,omitempty"`
		}{groups, next})
	})
}

// Alerts returns the handler of Prometheus' /api/v1/alerts: what is pending or
// firing. It is safe for concurrent use if the function is.
func Alerts(rules func() []alerts.RuleStatus, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := []activeAlert{}
		for _, s := range rules() {
			all = append(all, activeAlerts(s.Alerts)...)
		}
		writeData(w, log, struct {
			Alerts []activeAlert `json:"alerts"`
		}{all})
	})
}

// writeData answers with success and what Prometheus' API has under "data".
func writeData(w http.ResponseWriter, log *slog.Logger, data any) {
	b, err := json.Marshal(struct {
		Status string `json:"status"`
		Data   any    `json:"data"`
	}{"success", data})
	if err != nil {
		writeError(w, log, internal, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(b); err != nil {
		log.Debug("answer was not taken", "err", err)
	}
}

func enriched(s alerts.RuleStatus, withAlerts bool) any {
	health, lastError := "ok", ""
	switch {
	case s.LastError != nil:
		health, lastError = "err", s.LastError.Error()
	case s.At.IsZero():
		health = "unknown"
	}
	if s.Rule.Recording {
		return recordingRule{
			Name: s.Rule.Name, Query: s.Rule.Query(), Labels: labels.FromMap(s.Rule.Labels),
			Health: health, LastError: lastError, EvaluationTime: s.Took.Seconds(), LastEvaluation: s.At, Type: "recording",
		}
	}
	rule := alertingRule{
		State: string(s.State), Name: s.Rule.Name, Query: s.Rule.Query(),
		Duration: s.Rule.For.Seconds(), KeepFiringFor: s.Rule.KeepFiringFor.Seconds(),
		Labels: labels.FromMap(s.Rule.Labels), Annotations: labels.FromMap(s.Rule.Annotations),
		Health: health, LastError: lastError, EvaluationTime: s.Took.Seconds(), LastEvaluation: s.At, Type: "alerting",
	}
	if s.At.IsZero() {
		rule.State = "unknown"
	}
	if withAlerts {
		rule.Alerts = activeAlerts(s.Alerts)
	}
	return rule
}

func activeAlerts(of []alerts.Alert) []activeAlert {
	all := make([]activeAlert, len(of))
	for i, a := range of {
		all[i] = activeAlert{
			Labels: a.Labels, Annotations: labels.FromMap(a.Annotations), State: string(a.State),
			ActiveAt: a.ActiveAt, Value: strconv.FormatFloat(a.Value, 'e', -1, 64),
			Fingerprint: a.Fingerprint, SilencedBy: a.SilencedBy, Flapping: a.Flapping, Stale: a.Stale,
		}
		if !a.KeepFiringSince.IsZero() {
			all[i].KeepFiringSince = &a.KeepFiringSince
		}
		if !a.StartsAt.IsZero() {
			all[i].StartsAt = &a.StartsAt
		}
	}
	return all
}
