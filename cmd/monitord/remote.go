package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"monitord/cmd/monitord/clean"
	"monitord/stream/client"
)

const (
	remoteTimeout = 30 * time.Second // for a request with its answer
	maxAnswer     = 64 << 20         // bytes of an answer
	maxRefused    = 4 << 10          // of one that says why not
)

// addURLFlag adds the option that says where the daemon is.
func addURLFlag(flags *pflag.FlagSet, url *string) {
	flags.StringVar(url, "url", "", "the daemon's `address`, http(s)://HOST:PORT or unix:PATH (MONITORD_URL, else "+client.DefaultURL+")")
}

// serverURL is where the daemon is: what the option says, or the environment.
func serverURL(flag string) string {
	if flag == "" {
		return os.Getenv("MONITORD_URL")
	}
	return flag
}

// A remote is the daemon that a command asks. Its errors are *exitErrors.
type remote struct {
	client *http.Client
	base   string
	url    string // as it was given
}

func newRemote(flag string) (*remote, error) {
	at := serverURL(flag)
	c, base, err := client.HTTP(client.Options{URL: at})
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	if at == "" {
		at = client.DefaultURL
	}
	c.Timeout = remoteTimeout
	return &remote{client: c, base: base, url: at}, nil
}

// call makes a request. The body, if there is one, is sent as JSON; the answer is
// read into the last argument, if that is not nil.
func (r *remote) call(ctx context.Context, method, path string, query url.Values, body, into any) error {
	target := r.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	var send io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return &exitError{exitFailed, err}
		}
		send = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, send)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return r.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return r.refusal(resp)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into); err != nil {
		if ctx.Err() != nil {
			return &exitError{exitInterrupted, nil}
		}
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		if errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.EOF) {
			return r.foreign(resp, exitFailed)
		}
		if os.IsTimeout(err) {
			return r.late()
		}
		return &exitError{exitFailed, fmt.Errorf("read the answer of %s: %w", r.url, err)}
	}
	return nil
}

func (r *remote) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &exitError{exitInterrupted, nil}
	}
	var why *url.Error
	if errors.As(err, &why) {
		if why.Timeout() {
			return r.late()
		}
		err = why.Err
	}
	return &exitError{exitNoConnect, &client.ConnectError{URL: r.url, Err: errors.New(clean.Text(err.Error()))}}
}

func (r *remote) late() error {
	return &exitError{exitTimedOut, fmt.Errorf("%s did not answer within %v", r.url, r.client.Timeout)}
}

// refusal is what the daemon said in place of an answer, as text, as a string in
// JSON or in an object.
func (r *remote) refusal(resp *http.Response) error {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefused)) // half of it explains as well
	text := strings.TrimSpace(string(b))
	var object struct{ Message, Error string }
	var message string
	switch {
	case json.Unmarshal(b, &message) == nil:
		text = message
	case json.Unmarshal(b, &object) == nil && object.Message+object.Error != "":
		text = object.Message + object.Error
	}
	code := exitFailed
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		code = exitNotAllowed
	}
	if strangers(resp) {
		return r.foreign(resp, code)
	}
	if text == "" {
		text = "refused with status " + resp.Status
	}
	return &exitError{code, errors.New(clean.Text(text))}
}

// strangers tells whether a refusal is none that the daemon makes: a page, no such
// path as plain text, or a path that was given up.
func strangers(resp *http.Response) bool {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return kind == "text/html" || kind == "text/plain"
	case http.StatusGone:
		return true
	}
	return kind == "text/html"
}

// foreign is for an answer that the daemon would not give.
func (r *remote) foreign(resp *http.Response, code int) error {
	return &exitError{code, fmt.Errorf("what answers at %s is no monitord, or one of another version (%s to %s %s), correct --url",
		clean.Text(r.url), clean.Text(resp.Status), resp.Request.Method, clean.Text(resp.Request.URL.Path))}
}
