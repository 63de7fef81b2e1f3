package hooks

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// witness sees the requests of services that use the process's transport, and
// what is answered. It bounds an answer, and refuses a redirect: following it
// would hand the message, and maybe a token, to another party. Safe for
// concurrent use.
type witness struct {
	base http.RoundTripper

	mu     sync.Mutex // guards the fields below
	asked  string     // the last request
	answer string     // its answer
	bad    *outcome   // its outcome, if it failed
}

// RoundTrip implements http.RoundTripper. An answer that is no success is an
// error: services would wait for minutes to try again, or call it something else.
func (w *witness) RoundTrip(req *http.Request) (*http.Response, error) {
	asked := requestText(req, bodyOf(req), secrets{})
	w.mu.Lock()
	w.asked, w.answer, w.bad = asked, "", nil
	w.mu.Unlock()
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	resp.Body.Close()
	if err != nil && len(answer) == 0 {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	o := judge(resp.StatusCode, resp.Header, string(answer))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = responseText(resp, answer)
	if o.err != nil {
		w.bad = &o
		return nil, o.err
	}
	return resp, nil
}

// bodyOf returns a request's body without taking it away.
func bodyOf(req *http.Request) []byte {
	if req.GetBody == nil {
		return nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil
	}
	defer body.Close()
	b, _ := io.ReadAll(io.LimitReader(body, answerBytes))
	return b
}

// failed is the outcome of the last request if it was answered and that was no success.
func (w *witness) failed() *outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bad
}

func (w *witness) report() report {
	w.mu.Lock()
	defer w.mu.Unlock()
	return report{Request: w.asked, Answer: w.answer}
}
