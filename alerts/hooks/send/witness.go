package send

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"
)

// witness sees the requests of services, and what is answered. It bounds an
// answer, and refuses a redirect: following it would hand the message, and maybe
// a token, to another party. The zero value is ready. Safe for concurrent use.
type witness struct {
	mu     sync.Mutex // guards the fields below
	asked  string     // the last request
	answer string     // its answer
	bad    []failure  // requests that failed and have not been made again since
}

type failure struct {
	asked string
	Outcome
}

// watched is a transport that a witness watches.
type watched struct {
	*witness
	base http.RoundTripper
}

// RoundTrip implements http.RoundTripper. An answer that is no success is an
// error: services would wait for minutes to try again, or call it something else.
func (w watched) RoundTrip(req *http.Request) (*http.Response, error) {
	body := bodyOf(req)
	f := failure{asked: req.Method + " " + req.URL.String() + "\n" + string(body)}
	resp, answer, err := w.exchange(req)
	if err == nil {
		f.Outcome = judge(resp.StatusCode, resp.Header, string(answer))
	} else {
		f.Err = err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked, w.answer = requestText(req, body, secrets{}), ""
	if resp != nil {
		w.answer = responseText(resp, answer)
	}
	w.bad = slices.DeleteFunc(w.bad, func(before failure) bool { return before.asked == f.asked })
	if f.Err != nil {
		w.bad = append(w.bad, f)
		return nil, f.Err
	}
	return resp, nil
}

func (w watched) exchange(req *http.Request) (*http.Response, []byte, error) {
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	if err != nil && len(answer) == 0 {
		return nil, nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	return resp, answer, nil
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

// failed is how the last request failed that was not made again with success.
func (w *witness) failed() *Outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.bad) == 0 {
		return nil
	}
	return &w.bad[len(w.bad)-1].Outcome
}

func (w *witness) report() report {
	w.mu.Lock()
	defer w.mu.Unlock()
	return report{Request: transcript(w.asked), Answer: transcript(w.answer)}
}
