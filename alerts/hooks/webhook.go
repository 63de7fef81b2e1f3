package hooks

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// webhook posts messages to one URL. Use newWebhook.
type webhook struct {
	url    string
	secret string
	agent  string
	client *http.Client
	redact *strings.Replacer
}

func newWebhook(u *url.URL, secret, version string) *webhook {
	w := &webhook{url: u.String(), secret: secret, agent: "monitord/" + version}
	w.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        30 * time.Second,
			ExpectContinueTimeout:  time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			ForceAttemptHTTP2:      true,
		},
		// Following would hand the message and its signature to another party.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	// A receiver's answer may quote what it was sent.
	hide := []string{w.url, "***"}
	if uri := u.RequestURI(); len(uri) > 1 {
		hide = append(hide, uri, "***")
	}
	if password, ok := u.User.Password(); ok && password != "" {
		hide = append(hide, password, "***")
	}
	if secret != "" {
		hide = append(hide, secret, "***")
	}
	w.redact = strings.NewReplacer(hide...)
	return w
}

func (w *webhook) close() { w.client.CloseIdleConnections() }

// answerBytes is how much of an answer is read: a connection whose answer was
// read to its end is used again.
const answerBytes = 64 << 10

func (w *webhook) send(ctx context.Context, m *message) outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(m.body))
	if err != nil {
		return outcome{err: errors.New("the URL cannot be used"), permanent: true}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", w.agent)
	req.Header.Set("Idempotency-Key", m.key)
	if w.secret != "" {
		req.Header.Set("X-Monitord-Signature", sign(w.secret, time.Now(), m.body))
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return outcome{err: w.failure(ctx, err)}
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	return w.judge(resp, answer)
}

// sign returns the header X-Monitord-Signature for a body sent at t.
func sign(secret string, t time.Time, body []byte) string {
	unix := strconv.FormatInt(t.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, unix)
	io.WriteString(mac, ".")
	mac.Write(body)
	return "t=" + unix + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// failure is the error of a request that got no answer, without the URL that
// net/http puts into it.
func (w *webhook) failure(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTimeout
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return errors.New(excerpt(w.redact.Replace(err.Error())))
}

var errTimeout = errors.New("not done within the time limit")

// judge turns an answer into an outcome.
func (w *webhook) judge(resp *http.Response, answer []byte) outcome {
	code := resp.StatusCode
	if code >= 200 && code < 300 {
		return outcome{}
	}
	text := fmt.Sprintf("answered %d %s", code, http.StatusText(code))
	if body := excerpt(w.redact.Replace(string(answer))); body != "" {
		text += ": " + body
	}
	o := outcome{err: errors.New(strings.TrimSpace(text))}
	switch {
	case code == http.StatusRequestTimeout:
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		o.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	case code >= 400 && code < 500:
		o.permanent = true
	}
	return o
}

// maxRetryAfter is the longest that a receiver may ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header of RFC 9110 section 10.2.3: seconds, or a date. 0
// is none.
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	if s, err := strconv.ParseInt(value, 10, 64); err == nil {
		return time.Duration(min(max(s, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
