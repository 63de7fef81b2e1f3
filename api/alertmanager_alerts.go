package api

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"monitord/alerts"
	"monitord/alerts/match"
)

// resolveAfter is how long an alert of Alertmanager's outlives the last word
// about it.
const resolveAfter = 5 * time.Minute

type amAlert struct {
	Annotations  map[string]string `json:"annotations"`
	EndsAt       dateTime          `json:"endsAt"`
	Fingerprint  string            `json:"fingerprint"`
	Receivers    []named           `json:"receivers"`
	StartsAt     dateTime          `json:"startsAt"`
	Status       amAlertStatus     `json:"status"`
	UpdatedAt    dateTime          `json:"updatedAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
	Labels       map[string]string `json:"labels"`
}

type amAlertStatus struct {
	InhibitedBy []string `json:"inhibitedBy"`
	MutedBy     []string `json:"mutedBy"`
	SilencedBy  []string `json:"silencedBy"`
	State       string   `json:"state"`
}

// firing is an alert that fires, with what Alertmanager's API asks of it.
type firing struct {
	alert     alerts.Alert
	updated   time.Time
	receivers []string
}

// chosen are the alerts that a request asks for, by fingerprint. Alertmanager
// never hears of pending ones.
func (am *alertmanager) chosen(r *http.Request) ([]firing, error) {
	q, err := readAlertsQuery(r)
	if err != nil {
		return nil, err
	}
	var all []firing
	for _, rule := range am.Rules() {
		for _, a := range rule.Alerts {
			if a.State != alerts.PhaseFiring || !q.wants(&a) {
				continue
			}
			told := am.Told(rule.Rule, &a)
			if len(told) == 0 {
				told = []string{noReceiver}
			}
			if q.receiver == nil || slices.ContainsFunc(told, q.receiver.MatchString) {
				updated := rule.At
				if updated.IsZero() { // before the first tick: it is as it was
					updated = a.StartsAt
				}
				all = append(all, firing{a, updated, told})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b firing) int { return cmp.Compare(a.alert.Fingerprint, b.alert.Fingerprint) })
	return all, nil
}

// alertsQuery are the parameters of a request for alerts. Nothing is ever
// inhibited or unprocessed here.
type alertsQuery struct {
	active, silenced bool
	matchers         match.Matchers
	receiver         *regexp.Regexp // nil: all
}

func readAlertsQuery(r *http.Request) (alertsQuery, error) {
	q := alertsQuery{active: true, silenced: true}
	values := r.URL.Query()
	for name, into := range map[string]*bool{"active": &q.active, "silenced": &q.silenced} {
		if all := values[name]; len(all) > 0 && all[len(all)-1] != "" {
			*into = saysYes(all[len(all)-1])
		}
	}
	var err error
	if q.matchers, err = match.Parse(values["filter"]...); err != nil {
		return q, fmt.Errorf("bad matcher format: %w", err)
	}
	if s := values.Get("receiver"); s != "" {
		if err = match.CheckRegex(s); err == nil {
			q.receiver, err = regexp.Compile("^(?:" + s + ")$")
		}
		if err != nil {
			return q, fmt.Errorf("failed to parse receiver param: %w", err)
		}
	}
	return q, nil
}

// saysYes reads a flag as Alertmanager's framework does: what is none of these is no.
func saysYes(text string) bool {
	switch strings.ToLower(text) {
	case "true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled":
		return true
	}
	return false
}

func (q *alertsQuery) wants(a *alerts.Alert) bool {
	wanted := q.active
	if len(a.SilencedBy) > 0 {
		wanted = q.silenced
	}
	return wanted && q.matchers.Matches(a.Labels)
}

func (am *alertmanager) public(f *firing) *amAlert {
	a := &amAlert{
		Annotations: f.alert.Annotations, Fingerprint: f.alert.Fingerprint, Receivers: namedAll(f.receivers),
		StartsAt: dateTime(f.alert.StartsAt), UpdatedAt: dateTime(f.updated), EndsAt: dateTime(am.now().Add(resolveAfter)),
		GeneratorURL: f.alert.GeneratorURL, Labels: f.alert.Labels.Map(),
		Status: amAlertStatus{InhibitedBy: []string{}, MutedBy: []string{}, SilencedBy: []string{}, State: "active"},
	}
	if len(f.alert.SilencedBy) > 0 {
		a.Status.SilencedBy, a.Status.State = f.alert.SilencedBy, "suppressed"
	}
	if a.Annotations == nil {
		a.Annotations = map[string]string{}
	}
	return a
}

func (am *alertmanager) alerts(w http.ResponseWriter, r *http.Request) {
	all, err := am.chosen(r)
	if err != nil {
		am.answer(w, http.StatusBadRequest, err.Error())
		return
	}
	list(am, w, func(yield func(*amAlert) bool) {
		for i := range all {
			if !yield(am.public(&all[i])) {
				return
			}
		}
	})
}

// postAlerts refuses with a status that Alertmanager's clients know, so that they
// say why.
func (am *alertmanager) postAlerts(w http.ResponseWriter, _ *http.Request) {
	am.answer(w, http.StatusBadRequest, "monitord takes no alerts, it makes them itself, from its rules")
}

// amGroup is the alerts of one name that one hook is told of.
type amGroup struct {
	Alerts   []*amAlert        `json:"alerts"`
	Labels   map[string]string `json:"labels"`
	Receiver named             `json:"receiver"`
}

// groups groups by name, whatever the hooks group by: this is a view for people.
func (am *alertmanager) groups(w http.ResponseWriter, r *http.Request) {
	all, err := am.chosen(r)
	if err != nil {
		am.answer(w, http.StatusBadRequest, err.Error())
		return
	}
	q, _ := readAlertsQuery(r) // chosen has read it
	type key struct{ name, receiver string }
	members := make(map[key][]int)
	for i := range all {
		for _, receiver := range all[i].receivers {
			if q.receiver == nil || q.receiver.MatchString(receiver) {
				k := key{all[i].alert.Labels.Get("alertname"), receiver}
				members[k] = append(members[k], i)
			}
		}
	}
	keys := make([]key, 0, len(members))
	for k := range members {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.receiver, b.receiver))
	})
	list(am, w, func(yield func(*amGroup) bool) {
		for _, k := range keys {
			g := &amGroup{Labels: map[string]string{"alertname": k.name}, Receiver: named{k.receiver}}
			for _, i := range members[k] {
				g.Alerts = append(g.Alerts, am.public(&all[i]))
			}
			if !yield(g) {
				return
			}
		}
	})
}
