package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// alertsServer answers /api/v1/alerts with a body.
func alertsServer(t *testing.T, status int, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/alerts" {
			t.Errorf("asked for %s", r.URL)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestAlertsCommand(t *testing.T) {
	const all = `{"status":"success","data":{"alerts":[
{"labels":{"alertname":"Later","severity":"info","instance":"web1"},"annotations":{},"state":"pending","activeAt":"2025-11-21T00:00:00Z","value":"1.5e+00"},
{"labels":{"alertname":"Quiet","severity":"critical"},"annotations":{"summary":"hush"},"state":"firing","activeAt":"2025-11-21T00:00:00Z","startsAt":"2025-11-21T00:10:00Z","value":"2e+00","silencedBy":["x"],"stale":true},
{"labels":{"alertname":"Full","severity":"critical","mountpoint":"/srv"},"annotations":{"summary":"\u001b[31mfull"},"state":"firing","activeAt":"2025-11-21T00:00:00Z","startsAt":"2025-11-21T00:05:00Z","value":"+Inf","flapping":true}]}}`
	url := alertsServer(t, 200, all)
	at := func(text string) string {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when.Local().Format("01-02 15:04:05")
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitDone, strings.Join([]string{
			"STATE                    SINCE           SEVERITY  ALERT                    VALUE  SUMMARY",
			"firing, flapping         " + at("2025-11-21T00:05:00Z") + "  critical  Full{mountpoint=\"/srv\"}  +Inf   \uFFFD[31mfull",
			"pending                  " + at("2025-11-21T00:00:00Z") + "  info      Later                    1.5    ",
			"firing, silenced, stale  " + at("2025-11-21T00:10:00Z") + "  critical  Quiet                    2      hush",
		}, "\n") + "\n"},
		{[]string{"Quiet", "--exit-code", "-o", "json"}, exitDone, `[{"labels":{"alertname":"Quiet","severity":"critical"},"annotations":{"summary":"hush"},"state":"firing",` +
			`"activeAt":"2025-11-21T00:00:00Z","value":"2e+00","startsAt":"2025-11-21T00:10:00Z","silencedBy":["x"],"stale":true}]` + "\n"},
		{[]string{"severity=critical", "mountpoint=~/s.*", "--exit-code", "-o", "json"}, exitFailed, ""},
		{[]string{"severity=none"}, exitDone, ""},
		{[]string{"severity=none", "-o", "json"}, exitDone, "[]\n"},
		{[]string{"a", "b"}, exitUsage, ""},
		{[]string{"-o", "xml"}, exitUsage, ""},
	} {
		var stdout, stderr bytes.Buffer
		code := execute(t.Context(), append([]string{"alerts", "--url", url}, c.args...), &stdout, &stderr)
		if code != c.code || c.want != "" && stdout.String() != c.want {
			t.Errorf("alerts %q: exit code %d, want %d\n%s%s\nwant\n%s", c.args, code, c.code, &stdout, &stderr, c.want)
		}
	}
	for status, code := range map[int]int{http.StatusForbidden: exitNotAllowed, http.StatusServiceUnavailable: exitFailed} {
		var stdout, stderr bytes.Buffer
		url := alertsServer(t, status, `{"status":"error","error":"not you"}`)
		if got := execute(t.Context(), []string{"alerts", "--url", url}, &stdout, &stderr); got != code || stderr.String() != "monitord: not you\n" {
			t.Errorf("status %d: exit code %d, want %d: %s", status, got, code, &stderr)
		}
	}
}
