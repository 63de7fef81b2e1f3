package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// someRules are rules of three groups in two files, and how they are doing.
func someRules(t *testing.T) []alerts.RuleStatus {
	t.Helper()
	rules, faults := alerts.Compile([]alerts.GroupConfig{
		{Name: "own", File: "/etc/monitord.toml", Rules: []alerts.RuleConfig{
			{Name: "Full", Expr: "used>0.9", For: time.Minute, KeepFiringFor: 90 * time.Second, Severity: "page", Annotations: map[string]string{"summary": "{{ $value }} <b>"}},
			{Name: "Quiet", Expr: "up == 0", Every: 30 * time.Second},
		}},
		{Name: "b", File: "/etc/a.yml", Interval: 15 * time.Second, Limit: 7, Prometheus: true, Rules: []alerts.RuleConfig{
			{Record: "r", Expr: "sum(up)", Labels: map[string]string{"team": "x"}},
		}},
		{Name: "a", File: "/etc/a.yml", Prometheus: true, Rules: []alerts.RuleConfig{{Name: "New", Expr: "up"}}},
	}, time.Second)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	at := time.UnixMilli(start).UTC()
	var all []alerts.RuleStatus
	for _, r := range rules {
		s := alerts.RuleStatus{Rule: r, At: at, Took: 1500 * time.Microsecond, State: alerts.PhaseInactive}
		switch r.Name {
		case "Full":
			s.State = alerts.PhaseFiring
			s.Alerts = []alerts.Alert{
				{Labels: labels.FromStrings("alertname", "Full", "disk", "a"), State: alerts.PhaseFiring, Value: 0.95, ActiveAt: at, KeepFiringSince: at.Add(time.Second)},
				{Labels: labels.FromStrings("alertname", "Full", "disk", "b"), Annotations: map[string]string{"summary": "1 <b>"}, State: alerts.PhasePending, Value: 12, ActiveAt: at},
			}
		case "r":
			s.LastError = errors.New("no luck")
		case "New":
			s.At, s.Took = time.Time{}, 0
		}
		if !r.BuiltIn {
			all = append(all, s)
		}
	}
	return all
}

const (
	fullRule = `{"state":"firing","name":"Full","query":"used \u003e 0.9","duration":60,"keepFiringFor":90,"labels":{"severity":"page"},"annotations":{"summary":"{{ $value }} \u003cb\u003e"},` +
		`"alerts":[{"labels":{"alertname":"Full","disk":"a"},"annotations":{},"state":"firing","activeAt":"2025-11-21T00:00:00Z","keepFiringSince":"2025-11-21T00:00:01Z","value":"9.5e-01"},` +
		`{"labels":{"alertname":"Full","disk":"b"},"annotations":{"summary":"1 \u003cb\u003e"},"state":"pending","activeAt":"2025-11-21T00:00:00Z","value":"1.2e+01"}],` +
		`"health":"ok","evaluationTime":0.0015,"lastEvaluation":"2025-11-21T00:00:00Z","type":"alerting"}`
	quietRule = `{"state":"inactive","name":"Quiet","query":"up == 0","duration":0,"keepFiringFor":0,"labels":{},"annotations":{},"alerts":[],"health":"ok","evaluationTime":0.0015,"lastEvaluation":"2025-11-21T00:00:00Z","type":"alerting"}`
	newRule   = `{"state":"unknown","name":"New","query":"up","duration":0,"keepFiringFor":0,"labels":{},"annotations":{},"alerts":[],"health":"unknown","evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z","type":"alerting"}`
	recRule   = `{"name":"r","query":"sum(up)","labels":{"team":"x"},"health":"err","lastError":"no luck","evaluationTime":0.0015,"lastEvaluation":"2025-11-21T00:00:00Z","type":"recording"}`

	aGroup = `{"name":"a","file":"/etc/a.yml","rules":[` + newRule + `],"interval":1,"limit":0,"evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z"}`
	bGroup = `{"name":"b","file":"/etc/a.yml","rules":[` + recRule + `],"interval":15,"limit":7,"evaluationTime":0.0015,"lastEvaluation":"2025-11-21T00:00:00Z"}`
)

func ownGroup(rules ...string) string {
	return `{"name":"own","file":"/etc/monitord.toml","rules":[` + strings.Join(rules, ",") + `],"interval":1,"limit":0,"evaluationTime":0.003,"lastEvaluation":"2025-11-21T00:00:00Z"}`
}

func TestRules(t *testing.T) {
	rules := someRules(t)
	h := Rules(func() []alerts.RuleStatus { return rules }, quiet)
	const token = "groupNextToken"
	for query, want := range map[string]string{
		"":                                strings.Join([]string{aGroup, bGroup, ownGroup(fullRule, quietRule)}, ","),
		"type=record":                     bGroup,
		"type=Alert&rule_group[]=own":     ownGroup(fullRule, quietRule),
		"rule_name[]=Quiet":               ownGroup(quietRule),
		"rule_name[]=Quiet&rule_name[]=r": bGroup + "," + ownGroup(quietRule),
		"file[]=/etc/a.yml":               aGroup + "," + bGroup,
		"match[]={severity=\"page\"}":     ownGroup(fullRule),
		"match[]={team=\"x\"}&match[]={severity=\"page\"}": bGroup + "," + ownGroup(fullRule),
		"rule_name[]=Full&exclude_alerts=true":             ownGroup(fullRule[:strings.Index(fullRule, `[{"labels"`)] + "null" + fullRule[strings.Index(fullRule, `,"health"`):]),
		"rule_name[]=nobody":                               "",
	} {
		code, body := answer(h, query)
		if want := `{"status":"success","data":{"groups":[` + want + `]}}`; code != http.StatusOK || body != want {
			t.Errorf("%s: %d\n got %s\nwant %s", query, code, body, want)
		}
	}
	for query, want := range map[string]string{
		"type=all":                         `invalid parameter \"type\": not supported value \"all\"`,
		"exclude_alerts=maybe":             `invalid parameter \"exclude_alerts\": error converting exclude_alerts`,
		"match[]={":                        `parse error`,
		"match[]={a=\"\"}":                 `match[] must contain at least one non-empty matcher`,
		"group_limit=0":                    `group_limit needs to be greater than 0`,
		"group_limit=x":                    `group_limit needs to be a valid number`,
		"group_next_token=x":               `group_limit needs to be present`,
		"group_limit=1&group_next_token=x": `invalid group_next_token 'x'. were rule groups changed?`,
	} {
		if code, body := answer(h, query); code != http.StatusBadRequest || !strings.Contains(body, want) || !strings.Contains(body, `"errorType":"bad_data"`) {
			t.Errorf("%s: %d %s, want %q", query, code, body, want)
		}
	}
	// Page by page it is the same.
	var pages []string
	next := ""
	for range 3 {
		_, body := answer(h, "group_limit=1"+next)
		body = strings.TrimSuffix(strings.TrimPrefix(body, `{"status":"success","data":{"groups":[`), "}}")
		group, rest, _ := strings.Cut(body, `],"`+token+`":"`)
		pages = append(pages, strings.TrimSuffix(group, "]"))
		next = "&group_next_token=" + strings.TrimSuffix(rest, `"`)
	}
	if got, want := strings.Join(pages, ","), strings.Join([]string{aGroup, bGroup, ownGroup(fullRule, quietRule)}, ","); got != want {
		t.Errorf("page by page\n got %s\nwant %s", got, want)
	}
}

func TestAlertsOfPrometheus(t *testing.T) {
	rules := someRules(t)
	h := Alerts(func() []alerts.RuleStatus { return rules }, quiet)
	from, to := strings.Index(fullRule, `"alerts":`), strings.Index(fullRule, `,"health"`)
	if code, body := answer(h, ""); code != http.StatusOK || body != `{"status":"success","data":{`+fullRule[from:to]+`}}` {
		t.Errorf("%d %s", code, body)
	}
	rules = nil
	if _, body := answer(h, ""); body != `{"status":"success","data":{"alerts":[]}}` {
		t.Errorf("without rules: %s", body)
	}
	if _, body := answer(Rules(func() []alerts.RuleStatus { return nil }, quiet), ""); body != `{"status":"success","data":{"groups":[]}}` {
		t.Errorf("without rules: %s", body)
	}
}

func answer(h http.Handler, query string) (int, string) {
	q, _ := url.ParseQuery(query)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/rules?"+q.Encode(), nil))
	return w.Code, w.Body.String()
}

// What Prometheus does not have of an alert stands beside what it has.
func TestAlertsSayWhatIsOurs(t *testing.T) {
	a := anAlert(alerts.PhaseFiring, "alertname", "A")
	a.ActiveAt, a.StartsAt, a.SilencedBy, a.Flapping, a.Stale = time.UnixMilli(start).UTC(), time.UnixMilli(start+1000).UTC(), []string{"x"}, true, true
	h := Alerts(func() []alerts.RuleStatus {
		return []alerts.RuleStatus{{Rule: &alerts.Rule{}, Alerts: []alerts.Alert{a}}}
	}, quiet)
	want := `"activeAt":"2025-11-21T00:00:00Z","value":"0e+00","fingerprint":"` + a.Fingerprint + `","startsAt":"2025-11-21T00:00:01Z","silencedBy":["x"],"flapping":true,"stale":true}]`
	if code, body := do(t, h, http.MethodGet, ""); code != 200 || !strings.Contains(body, want) {
		t.Errorf("%d %s, want %s", code, body, want)
	}
}
