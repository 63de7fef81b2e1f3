package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/alerts/silence"
)

// amRig is the API over a few alerts and a journal for its silences, at a time
// that the test sets.
type amRig struct {
	t        *testing.T
	h        http.Handler
	now      time.Time
	rules    []alerts.RuleStatus
	hooks    []string
	silences *silence.Silences
}

func newAMRig(t *testing.T) *amRig {
	t.Helper()
	j, err := journal.Open(filepath.Join(t.TempDir(), "j"), journal.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	log, err := alerts.OpenLog(j, quiet)
	if err != nil {
		t.Fatal(err)
	}
	r := &amRig{t: t, now: time.UnixMilli(start).UTC(), hooks: []string{"ops", "pager"}}
	r.silences = silence.New(log, func() time.Time { return r.now })
	r.h = Alertmanager(AlertmanagerOptions{
		Rules: func() []alerts.RuleStatus { return r.rules }, Silences: r.silences,
		Hooks: func() []string { return r.hooks },
		Told: func(rule *alerts.Rule, _ *alerts.Alert) []string {
			if rule.Hooks == nil {
				return r.hooks
			}
			return rule.Hooks
		},
		Version: "1.2.3", Started: r.now, Log: quiet,
	})
	return r
}

func (r *amRig) do(method, path, body string) (int, string) {
	r.t.Helper()
	req := httptest.NewRequestWithContext(r.t.Context(), method, "/api/v2"+path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	r.h.ServeHTTP(w, req)
	text := w.Body.String()
	if text != "" && (w.Header().Get("Content-Type") != "application/json" || !json.Valid(w.Body.Bytes())) {
		r.t.Errorf("%s %s: %s: %s", method, path, w.Header().Get("Content-Type"), text)
	}
	return w.Code, strings.TrimSpace(strings.ReplaceAll(text, "\n", ""))
}

func (r *amRig) expect(method, path, body string, code int, want string) {
	r.t.Helper()
	if got, text := r.do(method, path, body); got != code || text != want {
		r.t.Errorf("%s %s:\n got %d %s\nwant %d %s", method, path, got, text, code, want)
	}
}

func (r *amRig) rule(hooks []string, all ...alerts.Alert) {
	r.rules = append(r.rules, alerts.RuleStatus{Rule: &alerts.Rule{Hooks: hooks}, At: r.now, Alerts: all})
}

func anAlert(state alerts.Phase, pairs ...string) alerts.Alert {
	ls := labels.FromStrings(pairs...)
	return alerts.Alert{
		Fingerprint: alerts.Fingerprint(ls), State: state, Labels: ls, Annotations: map[string]string{"summary": "<b>&\u2028"},
		StartsAt: time.UnixMilli(start - 60000), GeneratorURL: "http://h/#alert=1",
	}
}

func TestAlertmanagerStatus(t *testing.T) {
	r := newAMRig(t)
	r.hooks = []string{"ops", "it's: #1", "monitord"}
	_, text := r.do(http.MethodGet, "/status", "")
	var s struct {
		Cluster     struct{ Status string }
		Config      struct{ Original string }
		VersionInfo map[string]string
		Uptime      time.Time
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	for _, required := range []string{"version", "revision", "branch", "buildUser", "buildDate", "goVersion"} {
		if _, ok := s.VersionInfo[required]; !ok {
			t.Errorf("versionInfo has no %s", required)
		}
	}
	if s.Cluster.Status != "disabled" || s.VersionInfo["version"] != "1.2.3" || !s.Uptime.Equal(r.now) {
		t.Errorf("status is %s", text)
	}
	want := "route:\n  receiver: monitord\n  group_by:\n  - alertname\nreceivers:\n- name: monitord\n- name: \"it's: #1\"\n- name: \"ops\"\ntemplates: []\n"
	if s.Config.Original != want {
		t.Errorf("config is %q, want %q", s.Config.Original, want)
	}
	r.expect(http.MethodGet, "/receivers", "", 200, `[{"name":"ops"},{"name":"it's: #1"},{"name":"monitord"}]`)
	r.hooks = nil
	r.expect(http.MethodGet, "/receivers", "", 200, `[]`)
}

func TestAlertmanagerAlerts(t *testing.T) {
	r := newAMRig(t)
	r.expect(http.MethodGet, "/alerts", "", 200, "[]")
	r.expect(http.MethodGet, "/alerts/groups", "", 200, "[]")
	silenced := anAlert(alerts.PhaseFiring, "alertname", "A", "host", "b")
	silenced.SilencedBy = []string{"x", "y"}
	silenced.Annotations = nil
	r.rule(nil, anAlert(alerts.PhaseFiring, "alertname", "A", "host", "a"), silenced, anAlert(alerts.PhasePending, "alertname", "A", "host", "c"))
	r.rule([]string{"pager"}, anAlert(alerts.PhaseFiring, "alertname", "B"))
	r.rule([]string{}, anAlert(alerts.PhaseFiring, "alertname", "C"))

	_, text := r.do(http.MethodGet, "/alerts?filter=host=a", "")
	want := `[{"annotations":{"summary":"<b>&\u2028"},"endsAt":"` + "ENDS" + `","fingerprint":"` + alerts.Fingerprint(labels.FromStrings("alertname", "A", "host", "a")) +
		`","receivers":[{"name":"ops"},{"name":"pager"}],"startsAt":"2025-11-20T23:59:00.000Z","status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},` +
		`"updatedAt":"2025-11-21T00:00:00.000Z","generatorURL":"http://h/#alert=1","labels":{"alertname":"A","host":"a"}}]`
	if from := strings.Index(text, `"endsAt":"`) + len(`"endsAt":"`); from > 10 {
		ends, err := time.Parse(time.RFC3339, text[from:from+24])
		if left := time.Until(ends); err != nil || left < 4*time.Minute || left > 5*time.Minute {
			t.Errorf("ends at %s: %v", text[from:from+24], err)
		}
		text = text[:from] + "ENDS" + text[from+24:]
	}
	if text != want {
		t.Errorf("got\n%s, want\n%s", text, want)
	}

	names := func(query string) []string {
		t.Helper()
		code, text := r.do(http.MethodGet, "/alerts?"+query, "")
		var all []struct {
			Labels map[string]string
			Status struct {
				State      string
				SilencedBy []string
			}
		}
		if err := json.Unmarshal([]byte(text), &all); err != nil || code != 200 {
			t.Fatalf("%s: %d %s", query, code, text)
		}
		var got []string
		for _, a := range all {
			if (a.Status.State == "suppressed") != (len(a.Status.SilencedBy) > 0) {
				t.Errorf("%s: %s", query, text)
			}
			got = append(got, a.Labels["alertname"]+a.Labels["host"])
		}
		slices.Sort(got)
		return got
	}
	for query, want := range map[string][]string{
		"":                                 {"Aa", "Ab", "B", "C"},
		"silenced=false":                   {"Aa", "B", "C"},
		"silenced=maybe&active=Yes":        {"Aa", "B", "C"}, // as the framework has it
		"silenced=&active=false&active=on": {"Aa", "Ab", "B", "C"},
		"active=false":                     {"Ab"},
		"active=false&silenced=false":      nil,
		"inhibited=false&unprocessed=1":    {"Aa", "Ab", "B", "C"},
		"receiver=pager":                   {"Aa", "Ab", "B"},
		"receiver=p":                       nil,
		"receiver=monitord":                {"C"},
		"filter=alertname=~%22A|B%22":      {"Aa", "Ab", "B"},
		"filter=alertname=A&filter=host=b": {"Ab"},
		"filter=host%21=a":                 {"Ab", "B", "C"},
	} {
		if got := names(query); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for _, path := range []string{"/alerts", "/alerts/groups"} {
		for query, want := range map[string]string{
			"filter=x":   `"bad matcher format: \"x\" is no matcher, write one such as severity=\"critical\" or team=~\"ops|db\""`,
			"receiver=(": "\"failed to parse receiver param: error parsing regexp: missing closing ): `^(?:()$`\"",
		} {
			r.expect(http.MethodGet, path+"?"+query, "", 400, want)
		}
	}
	_, text = r.do(http.MethodGet, "/alerts/groups?silenced=false", "")
	var groups []struct {
		Labels   map[string]string
		Receiver struct{ Name string }
		Alerts   []struct{ Fingerprint string }
	}
	if err := json.Unmarshal([]byte(text), &groups); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range groups {
		got = append(got, g.Labels["alertname"]+" "+g.Receiver.Name+" "+strings.Repeat("x", len(g.Alerts)))
	}
	if want := []string{"A ops x", "A pager x", "B pager x", "C monitord x"}; !slices.Equal(got, want) {
		t.Errorf("groups are %q, want %q", got, want)
	}
	if code, text := r.do(http.MethodGet, "/alerts/groups?receiver=ops", ""); code != 200 || strings.Count(text, `"receiver":`) != 1 {
		t.Errorf("groups of one receiver: %s", text)
	}
	r.expect(http.MethodPost, "/alerts", "[]", 400, `"monitord takes no alerts, it makes them itself, from its rules"`)
	r.expect(http.MethodPut, "/alerts", "", 405, `{"code":405,"message":"method PUT is not allowed, but [GET,POST] are"}`)
	r.expect(http.MethodGet, "/nothing", "", 404, `{"code":404,"message":"path /api/v2/nothing was not found"}`)
}

func TestAlertmanagerSilences(t *testing.T) {
	r := newAMRig(t)
	r.expect(http.MethodGet, "/silences", "", 200, "[]")
	const good = `{"matchers":[{"name":"severity","value":"w","isRegex":false},{"name":"host","value":"a|b","isRegex":true,"isEqual":false}],` +
		`"startsAt":"2025-11-20T12:00:00+01:00","endsAt":"2025-11-21T02:00:00Z","createdBy":"me","comment":"c"}`
	code, text := r.do(http.MethodPost, "/silences", good)
	var made struct{ SilenceID string }
	if err := json.Unmarshal([]byte(text), &made); err != nil || code != 200 || len(made.SilenceID) != 36 {
		t.Fatalf("%d %s", code, text)
	}
	id := made.SilenceID
	want := `{"id":"` + id + `","status":{"state":"active"},"updatedAt":"2025-11-21T00:00:00.000Z","comment":"c","createdBy":"me","endsAt":"2025-11-21T02:00:00.000Z",` +
		`"matchers":[{"isEqual":false,"isRegex":true,"name":"host","value":"a|b"},{"isEqual":true,"isRegex":false,"name":"severity","value":"w"}],"startsAt":"2025-11-21T00:00:00.000Z"}`
	r.expect(http.MethodGet, "/silence/"+id, "", 200, want)
	r.expect(http.MethodGet, "/silences", "", 200, "["+want+"]")
	r.expect(http.MethodGet, "/silences?filter=severity=w", "", 200, "["+want+"]")
	r.expect(http.MethodGet, "/silences/?filter=host!~%22a%7Cb%22&filter=severity=w", "", 200, "["+want+"]")
	for _, other := range []string{"severity=w&filter=team=~.%2B", "severity=~w", "host=b", "host=~%22a%7Cb%22", "host!=b", "team="} {
		r.expect(http.MethodGet, "/silences?filter="+other, "", 200, "[]")
	}
	r.expect(http.MethodGet, "/silences?filter=x", "", 400, `"bad matcher format: \"x\" is no matcher, write one such as severity=\"critical\" or team=~\"ops|db\""`)

	// What amtool and Grafana send to make one longer is all of it, with the id.
	longer := strings.Replace(strings.Replace(want, "T02:00", "T03:00", 1), `,"status":{"state":"active"}`, "", 1)
	r.expect(http.MethodPost, "/silences", longer, 200, `{"silenceID":"`+id+`"}`)
	r.now = r.now.Add(time.Minute)
	r.expect(http.MethodDelete, "/silence/"+id, "", 200, "")
	r.expect(http.MethodDelete, "/silence/"+id, "", 200, "") // as Alertmanager does
	if _, text := r.do(http.MethodGet, "/silence/"+id, ""); !strings.Contains(text, `"state":"expired"`) {
		t.Errorf("silence is %s", text)
	}
	const unknown = "11111111-1111-4111-8111-111111111111"
	r.expect(http.MethodGet, "/silence/"+unknown, "", 404, "")
	r.expect(http.MethodDelete, "/silence/"+unknown, "", 404, `"no silence has this id"`)
	r.expect(http.MethodDelete, "/silence/x", "", 422, `{"code":601,"message":"silenceID in path must be of type uuid: \"x\""}`)
	r.expect(http.MethodPut, "/silence/"+id, "", 405, `{"code":405,"message":"method PUT is not allowed, but [DELETE,GET] are"}`)

	for _, c := range []struct {
		old, new string
		code     int
		want     string
	}{
		{good, ` `, 422, `{"code":602,"message":"silence in body is required"}`},
		{`"2025-11-21T02:00:00Z"`, `"tomorrow"`, 400, `{"code":400,"message":"parsing silence body failed, because \"tomorrow\" is no time, write one such as \"2026-12-24T18:00:00Z\""}`},
		{`"2025-11-21T02:00:00Z"`, `""`, 400, `"silence invalid: start time must be before end time"`},
		{good, `nojson`, 400, `{"code":400,"message":"parsing silence body failed, because invalid character 'o' in literal null (expecting 'u')"}`},
		{good, `{"comment":"` + strings.Repeat("x", maxSilenceBody) + `"}`, 413, `{"code":413,"message":"the silence is larger than 65536 bytes: send one with at most 64 matchers"}`},
		{`{"matchers":[`, `{"matchers":[` + strings.Repeat(`{"name":"a","value":"b","isRegex":false},`, 10_000), 413, `{"code":413,"message":"the silence is larger than 65536 bytes: send one with at most 64 matchers"}`},
		{`{"matchers":[`, `{"matchers":[` + strings.Repeat(`{"name":"a","value":"b","isRegex":false},`, 1000), 422, `{"code":611,"message":"matchers in body should have at most 64 items, has 1002"}`},
		{good, `{"matchers":[]}`, 422, `{"code":602,"message":"comment in body is required"}`},
		{`"endsAt":"2025-11-21T02:00:00Z",`, ``, 422, `{"code":602,"message":"endsAt in body is required"}`},
		{`"value":"w",`, ``, 422, `{"code":602,"message":"matchers.0.value in body is required"}`},
		{good, `{"matchers":[],"startsAt":"2025-11-20T12:00:00Z","endsAt":"2025-11-21T02:00:00Z","createdBy":"","comment":""}`, 422, `{"code":612,"message":"matchers in body should have at least 1 items"}`},
		{`"a|b"`, `"` + strings.Repeat(`\\pL`, 1000) + `"`, 400, `"silence invalid: invalid label matcher 1: the regular expression is too large, write a simpler one"`},
		{`"a|b"`, `"("`, 400, "\"silence invalid: invalid label matcher 1: error parsing regexp: missing closing ): `(`\""},
		{`"severity"`, `""`, 400, `"silence invalid: invalid label matcher 0: invalid label name \"\""`},
		{`"value":"w","isRegex":false},{"name":"host","value":"a|b","isRegex":true,"isEqual":false}`, `"value":"","isRegex":false}`, 400, `"silence invalid: at least one matcher must not match the empty string"`},
		{`"2025-11-21T02:00:00Z"`, `"2025-11-20T20:00:00Z"`, 400, `"silence invalid: end time can't be in the past"`},
		{`{"matchers"`, `{"id":"` + unknown + `","matchers"`, 404, `"no silence has this id"`},
	} {
		r.expect(http.MethodPost, "/silences", strings.Replace(good, c.old, c.new, 1), c.code, c.want)
	}
	for _, ends := range []string{"2025-11-21T02:00:00", "2025-11-21 02:00:00", "2025-11-21T02:00", "2025-11-21T03:00:00.000+01:00"} { // all of them are taken
		_, text := r.do(http.MethodPost, "/silences", strings.Replace(good, "2025-11-21T02:00:00Z", ends, 1))
		if err := json.Unmarshal([]byte(text), &made); err != nil {
			t.Fatal(err)
		}
		if _, text = r.do(http.MethodGet, "/silence/"+made.SilenceID, ""); !strings.Contains(text, `"endsAt":"2025-11-21T02:00:00.000Z"`) {
			t.Errorf("%s: %s", ends, text)
		}
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v2/silences", strings.NewReader(good))
	req.Header.Set("Content-Type", "text/plain") // as a form of another site could send
	w := httptest.NewRecorder()
	if r.h.ServeHTTP(w, req); w.Code != 415 {
		t.Errorf("text is taken for a silence: %d %s", w.Code, w.Body)
	}
}

func TestAlertmanagerQuietHours(t *testing.T) {
	r := newAMRig(t)
	if faults := r.silences.Load([]silence.Config{{Name: "nights", Matchers: []string{`severity=info`}, Comment: "sleep", From: "22:00", To: "06:00", TimeZone: "UTC"}}); len(faults) > 0 {
		t.Fatal(faults)
	}
	id := r.silences.List()[0].ID
	const matcher = `{"isEqual":true,"isRegex":false,"name":"severity","value":"info"}`
	want := `{"id":"` + id + `","status":{"state":"active"},"updatedAt":"2025-11-21T00:00:00.000Z","comment":"sleep","createdBy":"configuration","endsAt":"2025-11-21T06:00:00.000Z",` +
		`"matchers":[` + matcher + `],"startsAt":"2025-11-20T22:00:00.000Z","monitordName":"nights"}`
	r.expect(http.MethodGet, "/silences", "", 200, "["+want+"]")
	r.expect(http.MethodDelete, "/silence/"+id, "", 500, `"\"nights\": this silence is in the configuration under [[alerts.silences]], change it there and reload"`)
	r.expect(http.MethodPost, "/silences", want, 400, `"silence invalid: \"nights\": this silence is in the configuration under [[alerts.silences]], change it there and reload"`)
}
