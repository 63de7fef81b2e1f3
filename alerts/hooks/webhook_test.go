package hooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
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

func webhookTo(t *testing.T, address, secret string) *webhook {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := newWebhook(u, secret, "1.2")
	t.Cleanup(w.close)
	return w
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
