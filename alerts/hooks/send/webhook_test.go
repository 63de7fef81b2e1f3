package send

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
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
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

func webhookTo(t *testing.T, address, secret string) *Webhook {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWebhook(u, secret, "1.2")
	t.Cleanup(w.Close)
	return w
}

func TestWebhookRequest(t *testing.T) {
	url, got := serve(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusNoContent) })
	m := messageOf(t, hooktest.Golden())
	if o := webhookTo(t, url, "s3cret").Send(context.Background(), m); o.Err != nil {
		t.Fatal(o.Err)
	}
	r := got()[0]
	hooktest.Equal(t, "body", string(r.body), string(m.Body))
	hooktest.Equal(t, "key", r.header.Get("Idempotency-Key"), "00c0ffee00c0ffee-ops-1042")
	hooktest.Equal(t, "type", r.header.Get("Content-Type"), "application/json")
	hooktest.Equal(t, "agent", r.header.Get("User-Agent"), "monitord/1.2")
	var unix int64
	var sum string
	if _, err := fmt.Sscanf(strings.ReplaceAll(r.header.Get("X-Monitord-Signature"), ",", " "), "t=%d v1=%s", &unix, &sum); err != nil {
		t.Fatalf("signature %q: %v", r.header.Get("X-Monitord-Signature"), err)
	}
	mac := hmac.New(sha256.New, []byte("s3cret"))
	fmt.Fprintf(mac, "%d.%s", unix, m.Body)
	hooktest.Equal(t, "signature", sum, hex.EncodeToString(mac.Sum(nil)))
	if d := time.Since(time.Unix(unix, 0)); d < 0 || d > time.Minute {
		t.Errorf("signed %v ago", d)
	}
	o := webhookTo(t, url, "").Send(context.Background(), m)
	if h := got()[1].header; o.Err != nil || h.Get("X-Monitord-Signature") != "" {
		t.Errorf("without a secret: %v, %v", o.Err, h)
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
		o := webhookTo(t, url, "").Send(context.Background(), messageOf(t, hooktest.Golden()))
		if o.Err == nil || o.Permanent != permanent {
			t.Errorf("%d: %v, permanent %v", code, o.Err, o.Permanent)
			continue
		}
		if text := o.Err.Error(); !strings.Contains(text, fmt.Sprint(code)) || !strings.HasSuffix(text, "such thing") || strings.Contains(text, "\x1b") {
			t.Errorf("%d: %q", code, text)
		}
		if want := code == 429 || code == 503; want != (o.RetryAfter == 7*time.Second) {
			t.Errorf("%d: retry after %v", code, o.RetryAfter)
		}
	}
}

func TestWebhookTimeout(t *testing.T) {
	release := make(chan struct{})
	url, _ := serve(t, func(http.ResponseWriter, int) { <-release })
	defer close(release)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if o := webhookTo(t, url, "").Send(ctx, messageOf(t, hooktest.Golden())); o.Err != errTimeout || o.Permanent {
		t.Errorf("outcome %+v", o)
	}
}

// TestTraced: what people are shown of a request and its answer.
func TestTraced(t *testing.T) {
	url, _ := serve(t, func(w http.ResponseWriter, _ int) {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "taken\x1b[31m by s3cret\r\nbye")
	})
	m, err := testOrigin.Compose(message.Draft{Hook: "ops", Events: []alerts.Event{hooktest.Golden()}, Test: true})
	if err != nil {
		t.Fatal(err)
	}
	o := webhookTo(t, url, "s3cret").Send(context.Background(), m)
	for _, want := range []string{"POST http://127.0.0.1:", "/***\n", "Idempotency-Key: " + m.Key, "X-Monitord-Signature: t=", "\n\n{\n  \"version\": \"4\",", `"test": true`} {
		if !strings.Contains(o.Request, want) {
			t.Errorf("no %q in the request:\n%s", want, o.Request)
		}
	}
	if !strings.HasPrefix(o.Answer, "HTTP/1.1 202 Accepted\n") || !strings.HasSuffix(o.Answer, "\n\ntaken�[31m by ***\nbye") {
		t.Errorf("answer:\n%s", o.Answer)
	}
	if strings.Contains(o.Request+o.Answer, "T0K3N") || strings.Contains(o.Request+o.Answer, "s3cret") {
		t.Errorf("secrets in:\n%s\n%s", o.Request, o.Answer)
	}
	o = script(t, "echo got $MONITORD_ALERT_NAME; exit 1", "-x").Send(context.Background(), m)
	if !strings.Contains(o.Request, "MONITORD_ALERT_NAME=\"DiskFull\"\n") || !strings.Contains(o.Request, `/hook" "-x"]`+"\n\n{\n") || o.Answer != "got DiskFull" || o.Err == nil {
		t.Errorf("request:\n%s\nanswer: %s\n%v", o.Request, o.Answer, o.Err)
	}
}
