package send

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"runtime/metrics"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/services/push/ntfy"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
)

// report is what the helper says about its errand.
type report struct {
	Done       bool   `json:"done"` // there is a report at all
	Error      string `json:"error,omitempty"`
	Permanent  bool   `json:"permanent,omitempty"`
	RetryAfter int64  `json:"retryAfter,omitempty"` // seconds
	Request    string `json:"request,omitempty"`    // the last one
	Answer     string `json:"answer,omitempty"`
}

// ServeHelper makes the one delivery that in asks for and reports to out. It is
// all that its process does: it changes what the whole process uses for HTTP.
func ServeHelper(in io.Reader, out io.Writer) error {
	var e errand
	if err := json.NewDecoder(io.LimitReader(in, errandBytes)).Decode(&e); err != nil {
		return fmt.Errorf("read what to deliver: %w", err)
	}
	go bound(e.Limit)
	return json.NewEncoder(out).Encode(carryOut(e, http.DefaultTransport))
}

// helperBytes is the most memory that a helper may take: services read answers
// without limit.
const helperBytes = 256 << 20

// bound ends the process when it has taken too long, or too much memory.
func bound(limit time.Duration) {
	late := time.After(max(limit, helperGrace))
	look := time.NewTicker(20 * time.Millisecond)
	total := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	for {
		select {
		case <-late:
			fmt.Fprintln(os.Stderr, "it takes too long")
			os.Exit(1)
		case <-look.C:
			if metrics.Read(total); total[0].Value.Uint64() > helperBytes {
				fmt.Fprintln(os.Stderr, "the answer is too large")
				os.Exit(1)
			}
		}
	}
}

// carryOut makes the delivery that an errand asks for. What the services send
// through the process's transport goes through base.
func carryOut(e errand, base http.RoundTripper) report {
	w := &witness{}
	before := http.DefaultTransport
	http.DefaultTransport = watched{w, base}
	defer func() { http.DefaultTransport = before }()
	err := deliver(e, w)
	r := w.report()
	r.Done = true
	failed := w.failed()
	if err == nil && failed != nil {
		err = failed.Err // there are services that call it success
	}
	if err != nil {
		judgeService(&r, err, failed)
	}
	return r
}

// deliver makes the delivery. Services that do not expect to fail panic.
func deliver(e errand, w *witness) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the service's code panicked: %v", p)
		}
	}()
	service, u, err := newService(e.URL)
	if err != nil {
		return err
	}
	if err := service.Initialize(u, nil); err != nil {
		return err
	}
	watch(service, w)
	params := types.Params(e.Params)
	return service.Send(e.Text, &params)
}

// watch puts the witness into services that bring a transport of their own. It is
// kept: it knows which certificates the service's URL asks to trust.
func watch(service types.Service, w *witness) {
	var client *http.Client
	switch s := service.(type) {
	case *ntfy.Service:
		client = &http.Client{Timeout: ntfy.HTTPTimeout * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.Config.DisableTLSVerification,
		}}}
		s.SetHTTPClient(client)
	case interface{ GetHTTPClient() *http.Client }:
		client = s.GetHTTPClient()
	}
	if client == nil {
		return
	}
	if own, ok := client.Transport.(*http.Transport); ok {
		own.Proxy = http.ProxyFromEnvironment // as for all others
		client.Transport = watched{w, own}
	}
}

// judgeService says what an error means: the last answer over HTTP says it
// best, if there was one that failed.
func judgeService(r *report, err error, failed *Outcome) {
	r.Error = clip(err.Error(), transcriptBytes)
	var mail *textproto.Error
	switch {
	case failed != nil:
		r.Error, r.Permanent, r.RetryAfter = failed.Err.Error(), failed.Permanent, int64(failed.RetryAfter.Seconds())
	case errors.As(err, &mail):
		// RFC 5321 section 4.2.1: 4yz may work later, 5yz will not.
		r.Permanent = mail.Code >= 500 && mail.Code < 600
	}
}
