package send

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"monitord/alerts/hooks/message"
)

// Shoutrrr tells a chat, push or mail service of one URL. Use [NewShoutrrr]. Safe
// for concurrent use.
//
// The library's services cannot be stopped (they wait and sleep without a
// context, some without any time limit), some panic on an answer that they did
// not expect, and they share the process's HTTP client. So each delivery is made
// by a process of its own, this program again, which can be ended and leaves
// nothing behind.
type Shoutrrr struct {
	url      string
	service  *url.URL
	instance string
	helper   []string
	secrets  secrets
}

// HelperName is the argument with which this program serves as the helper that
// makes one delivery: see [ServeHelper].
const HelperName = "shoutrrr-helper"

// helperCommand starts this program again. On Linux the link still leads to it
// when an upgrade has put another in its place.
func helperCommand() []string {
	self := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		if path, err := os.Executable(); err == nil {
			self = path
		}
	}
	return []string{self, HelperName}
}

// NewShoutrrr returns a sender for a service's URL, or what is wrong with that. The
// error holds nothing of the URL but the name of the service.
func NewShoutrrr(text, instance string) (*Shoutrrr, error) {
	service, err := checkService(text)
	if err != nil {
		return nil, err
	}
	return &Shoutrrr{url: text, service: service, instance: instance, helper: helperCommand(), secrets: serviceSecrets(service)}, nil
}

// Target is the service's name: all else in its URL may be secret.
func (s *Shoutrrr) Target() string { return s.service.Scheme }

// serviceSecrets are a service URL's: many have a token where the host should be.
func serviceSecrets(u *url.URL) secrets {
	var list []string
	switch host := u.Hostname(); {
	case strings.ContainsAny(host, ".:"), host == "localhost":
	case host == scheme(u), host == "webhook": // a word that the form asks for
	default:
		list = append(list, host)
	}
	return addressSecrets([]*url.URL{u}, list...)
}

func (s *Shoutrrr) Close() {}

// errand is what the helper is asked for.
type errand struct {
	URL    string            `json:"url"`
	Text   string            `json:"text"`
	Params map[string]string `json:"params"`
	// Limit is when the helper ends by itself, should nobody be there to end it.
	Limit time.Duration `json:"limit"`
}

// helperGrace is how much later than it would be ended a helper ends by itself.
const helperGrace = 5 * time.Second

// errandBytes bounds an errand, and what comes back.
const errandBytes = 256 << 10

func (s *Shoutrrr) Send(ctx context.Context, m *message.Message) Outcome {
	e := dress(s.service, m, s.instance)
	e.URL = s.url
	if deadline, ok := ctx.Deadline(); ok {
		e.Limit = time.Until(deadline) + helperGrace
	}
	in, err := json.Marshal(e)
	if err != nil {
		return Outcome{Err: fmt.Errorf("encode the delivery: %w", err), Permanent: true}
	}
	r, err := s.run(ctx, in)
	o := Outcome{Err: err}
	if r.Error != "" {
		o.Err, o.Permanent = errors.New(excerpt(s.secrets.hide(r.Error))), r.Permanent
		o.RetryAfter = min(max(time.Duration(r.RetryAfter)*time.Second, 0), maxRetryAfter)
	}
	if m.Traced {
		o.Request, o.Answer = transcript(s.secrets.hide(r.Request)), transcript(s.secrets.hide(r.Answer))
		if o.Request == "" { // not over HTTP, or not that far: what it would say
			o.Request = transcript(strings.TrimSpace(e.Params["title"] + "\n\n" + e.Text))
		}
	}
	return o
}

// run starts the helper and waits for its report.
func (s *Shoutrrr) run(ctx context.Context, in []byte) (report, error) {
	cmd := exec.Command(s.helper[0], s.helper[1:]...)
	cmd.Env = append(inheritedEnviron(), "GOMAXPROCS=1", "GOGC=50", "GOMEMLIMIT=48MiB", "GOTRACEBACK=none")
	cmd.Stdin = bytes.NewReader(in)
	out, errs := &tail{max: errandBytes}, &tail{max: outputBytes}
	cmd.Stdout, cmd.Stderr = out, errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = drainFor
	if err := cmd.Start(); err != nil {
		return report{}, fmt.Errorf("start the helper that delivers: %w", pathless(err))
	}
	err, late := waitGroup(ctx, cmd)
	if late {
		return report{}, errTimeout
	}
	var r report
	if json.Unmarshal([]byte(out.String()), &r) == nil && r.Done {
		return r, nil
	}
	if err == nil {
		err = errors.New("it reported nothing")
	}
	return report{}, fmt.Errorf("the helper that delivers: %w: %s", err, excerpt(s.secrets.hide(errs.String())))
}
