package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestRemoteIsLate: a daemon that does not answer in time, or stops in the middle of
// its answer, is told by the code for that.
func TestRemoteIsLate(t *testing.T) {
	for name, begin := range map[string]string{"nothing": "", "half an answer": `{"data":{"alerts":[`} {
		ended := make(chan struct{})
		daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if begin != "" {
				_, _ = w.Write([]byte(begin))
				w.(http.Flusher).Flush()
			}
			<-ended
		}))
		r, err := newRemote(daemon.URL)
		if err != nil {
			t.Fatal(err)
		}
		r.client.Timeout = 200 * time.Millisecond
		var into any
		err = r.call(t.Context(), "GET", "/x", nil, nil, &into)
		var exit *exitError
		if !errors.As(err, &exit) || exit.code != exitTimedOut || !strings.Contains(err.Error(), "did not answer within 200ms") {
			t.Errorf("%s: %v", name, err)
		}
		close(ended)
		daemon.Close()
	}
}
