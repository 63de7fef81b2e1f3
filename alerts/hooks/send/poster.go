package send

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"monitord/alerts/hooks/message"
)

// poster makes HTTP requests and judges the answers, without a secret in what it
// says about them. Use newPoster. Safe for concurrent use.
type poster struct {
	agent   string
	secrets secrets
	client  *http.Client
}

func newPoster(version string, s secrets) *poster {
	return &poster{
		agent:   "monitord/" + version,
		secrets: s,
		client: &http.Client{
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
		},
	}
}

func (p *poster) Close() { p.client.CloseIdleConnections() }

// answerBytes is how much of an answer is read: a connection whose answer was
// read to its end is used again.
const answerBytes = 64 << 10

// post sends JSON, which says what the message says, to a URL.
func (p *poster) post(ctx context.Context, m *message.Message, to string, header http.Header, body []byte) Outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return Outcome{Err: errors.New("the URL cannot be used"), Permanent: true}
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", p.agent)
	var request string
	if m.Traced {
		request = transcript(requestText(req, body, p.secrets))
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return Outcome{Err: p.failure(ctx, err), Unanswered: !undialled(err), Request: request}
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	o := judge(resp.StatusCode, resp.Header, p.secrets.hide(string(answer)))
	if m.Traced {
		o.Request, o.Answer = request, transcript(p.secrets.hide(responseText(resp, answer)))
	}
	return o
}

// failure is the error of a request that got no answer, without the URL that
// net/http puts into it.
func (p *poster) failure(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTimeout
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return errors.New(excerpt(p.secrets.hide(err.Error())))
}

// undialled says whether there was no connection at all.
func undialled(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

var errTimeout = errors.New("not done within the time limit")

// judge turns an answer over HTTP into an outcome.
func judge(code int, header http.Header, answer string) Outcome {
	if code >= 200 && code < 300 {
		return Outcome{}
	}
	text := fmt.Sprintf("answered %d %s", code, http.StatusText(code))
	if code >= 300 && code < 400 {
		text += ", redirects are not followed: write the address that it leads to"
	}
	if body := excerpt(answer); body != "" {
		text += ": " + body
	}
	o := Outcome{Err: errors.New(strings.TrimSpace(text))}
	switch {
	case code == http.StatusRequestTimeout:
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		o.RetryAfter = retryAfter(header.Get("Retry-After"), time.Now())
	case code >= 400 && code < 500:
		o.Permanent = true
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
