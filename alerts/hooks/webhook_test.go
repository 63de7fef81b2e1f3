package hooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"monitord/alerts"
)

// received is what a receiver got.
type received struct {
	header http.Header
	body   []byte
}

// serve starts a receiver that answers with status codes, the last one again and again.
func serve(t *testing.T, answer func(w http.ResponseWriter, n int)) (url string, got func() []received) {
	t.Helper()
	var mu sync.Mutex
	var all []received
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		all = append(all, received{r.Header, body})
		n := len(all)
		mu.Unlock()
		answer(w, n)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/hook/T0K3N", func() []received {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func webhookTo(t *testing.T, url, secret string) sender {
	t.Helper()
	c := DefaultConfig()
	c.Name, c.Type, c.URL, c.Secret = "ops", "webhook", url, secret
	hooks, faults := compile([]Config{c}, Options{Version: "1.2"})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	t.Cleanup(hooks[0].sender.close)
	return hooks[0].sender
}

var testOrigin = origin{epoch: "00c0ffee00c0ffee", instance: "web1", externalURL: "http://web1:6455"}

func messageOf(t testing.TB, e alerts.Event) *message {
	t.Helper()
	m, err := testOrigin.compose(draft{hook: "ops", events: []alerts.Event{e}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// golden is an event without anything that changes.
func golden() alerts.Event {
	e := firing("DiskFull")
	e.Seq, e.T, e.Durable = 1042, 1763683200000, true
	e.Alert.ActiveAt = time.UnixMilli(1763683140000)
	e.Alert.StartsAt = time.UnixMilli(1763683200000)
	e.Alert.GeneratorURL = "http://web1:6455/graph?g0.expr=up"
	return e
}

func TestWebhookBody(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "webhook.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, messageOf(t, golden()).body, "", "  "); err != nil {
		t.Fatal(err)
	}
	if got.String() != strings.TrimSpace(string(want)) {
		t.Errorf("body:\n%s", got.String())
	}
}

func TestSpecialValues(t *testing.T) {
	for value, want := range map[float64]string{
		93.5: `"value":93.5`, 1e21: `"value":1e+21`, math.Inf(1): `"value":"+Inf"`, math.Inf(-1): `"value":"-Inf"`, math.NaN(): `"value":"NaN"`,
	} {
		e := golden()
		e.Alert.Value = value
		e.Alert.Evidence = &alerts.Evidence{Values: []alerts.Sample{{T: 1763683199000, V: 2}, {T: 1763683200000, V: value}}}
		want += `,"activeAt":"2025-11-20T23:59:00Z","evidence":{"values":[[1763683199000,2],[1763683200000,` + strings.TrimPrefix(want, `"value":`) + `]]}`
		if body := string(messageOf(t, e).body); !strings.Contains(body, want) {
			t.Errorf("%v: %s", value, body)
		}
	}
}

func TestWebhookRequest(t *testing.T) {
	url, got := serve(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusNoContent) })
	m := messageOf(t, golden())
	if o := webhookTo(t, url, "s3cret").send(context.Background(), m); o.err != nil {
		t.Fatal(o.err)
	}
	r := got()[0]
	equal(t, "body", string(r.body), string(m.body))
	equal(t, "key", r.header.Get("Idempotency-Key"), "00c0ffee00c0ffee-ops-1042")
	equal(t, "type", r.header.Get("Content-Type"), "application/json")
	equal(t, "agent", r.header.Get("User-Agent"), "monitord/1.2")
	var unix int64
	var sum string
	if _, err := fmt.Sscanf(strings.ReplaceAll(r.header.Get("X-Monitord-Signature"), ",", " "), "t=%d v1=%s", &unix, &sum); err != nil {
		t.Fatalf("signature %q: %v", r.header.Get("X-Monitord-Signature"), err)
	}
	mac := hmac.New(sha256.New, []byte("s3cret"))
	fmt.Fprintf(mac, "%d.%s", unix, m.body)
	equal(t, "signature", sum, hex.EncodeToString(mac.Sum(nil)))
	if d := time.Since(time.Unix(unix, 0)); d < 0 || d > time.Minute {
		t.Errorf("signed %v ago", d)
	}
	o := webhookTo(t, url, "").send(context.Background(), m)
	if h := got()[1].header; o.err != nil || h.Get("X-Monitord-Signature") != "" {
		t.Errorf("without a secret: %v, %v", o.err, h)
	}
}

func TestWebhookAnswers(t *testing.T) {
	for code, permanent := range map[int]bool{
		302: false, 400: true, 401: true, 404: true, 408: false, 410: true, 422: true, 429: false, 500: false, 502: false, 503: false, 599: false,
	} {
		url, _ := serve(t, func(w http.ResponseWriter, _ int) {
			w.Header().Set("Location", "http://elsewhere.invalid/")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
			fmt.Fprint(w, "no\x1b[31m such\nthing")
		})
		o := webhookTo(t, url, "").send(context.Background(), messageOf(t, golden()))
		if o.err == nil || o.permanent != permanent {
			t.Errorf("%d: %v, permanent %v", code, o.err, o.permanent)
			continue
		}
		if text := o.err.Error(); !strings.Contains(text, fmt.Sprint(code)) || !strings.HasSuffix(text, "such thing") || strings.Contains(text, "\x1b") {
			t.Errorf("%d: %q", code, text)
		}
		if want := code == 429 || code == 503; want != (o.retryAfter == 7*time.Second) {
			t.Errorf("%d: retry after %v", code, o.retryAfter)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 11, 21, 0, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-5": 0, "soon": 0, "99999999999999": maxRetryAfter, "9999999999999999999999": 0,
		"Fri, 21 Nov 2025 00:01:00 GMT": time.Minute, "Thu, 20 Nov 2025 00:01:00 GMT": 0, "Fri, 21 Nov 2099 00:01:00 GMT": maxRetryAfter,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

// TestSecretsStayIn: a receiver that quotes all it got, and one that is not
// there, put no secret into the error, the journal or the log.
func TestSecretsStayIn(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s hunter2 s3cret", r.URL, r.Header)
	}))
	defer echo.Close()
	var logged bytes.Buffer
	for _, target := range []string{
		strings.Replace(echo.URL, "http://", "http://user:hunter2@", 1) + "/hook/T0K3N?q=T0K3N",
		"http://user:hunter2@127.0.0.1:1/hook/T0K3N",
		"http://user:hunter2@does-not-exist.invalid/hook/T0K3N",
	} {
		log, _ := openLog(t, t.TempDir())
		c := DefaultConfig()
		c.Name, c.Type, c.URL, c.Secret = "ops", "webhook", target, "s3cret"
		r, err := New([]Config{c}, Options{Log: log, Logger: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		if err != nil {
			t.Fatal(err)
		}
		write(t, log, firing("A"))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { r.Run(ctx); close(done) }()
		waitFor(t, log, func() bool { return len(told(t, log)) > 0 })
		cancel()
		<-done
		events, err := log.Read(0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Delivery != nil {
				fmt.Fprintln(&logged, e.Delivery.Error, r.Stats()[0].LastError)
			}
		}
	}
	for _, secret := range []string{"hunter2", "s3cret", "T0K3N"} {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("%q is in:\n%s", secret, logged.String())
		}
	}
	if !strings.Contains(logged.String(), "418") || !strings.Contains(logged.String(), "refused") {
		t.Errorf("errors say too little:\n%s", logged.String())
	}
}

func TestWebhookTimeout(t *testing.T) {
	release := make(chan struct{})
	url, _ := serve(t, func(http.ResponseWriter, int) { <-release })
	defer close(release)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if o := webhookTo(t, url, "").send(ctx, messageOf(t, golden())); o.err != errTimeout || o.permanent {
		t.Errorf("outcome %+v", o)
	}
}

// waitFor waits on the journal until a condition holds.
func waitFor(t testing.TB, log *alerts.Log, cond func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		changed := log.Changed()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("in 30 s the journal came to %v", told(t, log))
		}
	}
}

// TestMessageOfGroup: what the events have alike stands for all of them.
func TestMessageOfGroup(t *testing.T) {
	a, b, over := firing("A"), firing("B"), resolved("A")
	a.Seq, b.Seq, over.Seq = 7, 8, 12
	m, err := testOrigin.compose(draft{hook: "ops", events: []alerts.Event{a, b, over}, groupBy: []string{"severity", "absent"}, repeat: 2})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "key", m.key, "00c0ffee00c0ffee-ops-12-r2")
	equal(t, "status", m.payload.Status, "firing") // B still does
	equal(t, "group", m.payload.GroupKey, `{}:{severity="critical"}`)
	equal(t, "group labels", m.payload.GroupLabels, map[string]string{"severity": "critical"})
	equal(t, "common labels", m.payload.CommonLabels, map[string]string{"severity": "critical", "instance": "web1"})
	equal(t, "common annotations", m.payload.CommonAnnotations, map[string]string{})
	var each []string
	for i, a := range m.payload.Alerts {
		each = append(each, fmt.Sprint(a.Labels["alertname"], " ", a.Status, " ", m.payload.Monitord.Alerts[i].Seq))
	}
	equal(t, "alerts", each, []string{"A firing 7", "B firing 8", "A resolved 12"})
	env := strings.Join(environment(m, "web1"), "\n") + "\n"
	for _, want := range []string{"NAME=", "SEVERITY=critical", "VALUE=93.5", "SEQ=12", "COUNT=3", "STATUS=firing", "SUMMARY=", "FINGERPRINT="} {
		if !strings.Contains(env, "\nMONITORD_ALERT_"+want+"\n") {
			t.Errorf("no %s in\n%s", want, env)
		}
	}
	m, err = testOrigin.compose(draft{hook: "ops", events: []alerts.Event{a, over}, groupBy: []string{"severity"}})
	if err != nil || m.payload.Status != "resolved" {
		t.Errorf("a group of which nothing fires any more: %s, %v", m.payload.Status, err)
	}
}

// TestTraced: what people are shown of a request and its answer.
func TestTraced(t *testing.T) {
	url, _ := serve(t, func(w http.ResponseWriter, _ int) {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "taken\x1b[31m by s3cret\r\nbye")
	})
	m, err := testOrigin.compose(draft{hook: "ops", events: []alerts.Event{golden()}, test: true})
	if err != nil {
		t.Fatal(err)
	}
	o := webhookTo(t, url, "s3cret").send(context.Background(), m)
	for _, want := range []string{"POST http://127.0.0.1:", "/***\n", "Idempotency-Key: " + m.key, "X-Monitord-Signature: t=", "\n\n{\n  \"version\": \"4\",", `"test": true`} {
		if !strings.Contains(o.request, want) {
			t.Errorf("no %q in the request:\n%s", want, o.request)
		}
	}
	if !strings.HasPrefix(o.answer, "HTTP/1.1 202 Accepted\n") || !strings.HasSuffix(o.answer, "\n\ntaken�[31m by ***\nbye") {
		t.Errorf("answer:\n%s", o.answer)
	}
	if strings.Contains(o.request+o.answer, "T0K3N") || strings.Contains(o.request+o.answer, "s3cret") {
		t.Errorf("secrets in:\n%s\n%s", o.request, o.answer)
	}
	o = script(t, "echo got $MONITORD_ALERT_NAME; exit 1", "-x").send(context.Background(), m)
	if !strings.Contains(o.request, "MONITORD_ALERT_NAME=\"DiskFull\"\n") || !strings.Contains(o.request, `/hook" "-x"]`+"\n\n{\n") || o.answer != "got DiskFull" || o.err == nil {
		t.Errorf("request:\n%s\nanswer: %s\n%v", o.request, o.answer, o.err)
	}
}
