package send

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
)

func serviceAt(t *testing.T, url string) *Shoutrrr {
	t.Helper()
	s, err := NewShoutrrr(url, "web1")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// push is a receiver of any service over HTTP.
type push struct {
	host  string // of its URL
	calls chan received
}

func servePush(t *testing.T, answer http.HandlerFunc) push {
	t.Helper()
	p := push{calls: make(chan received, 16)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Header.Set("asked", r.Method+" "+r.URL.RequestURI())
		p.calls <- received{r.Header, body}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	p.host = strings.TrimPrefix(server.URL, "http://")
	return p
}

// TestServices: what services that can be told another host get.
func TestServices(t *testing.T) {
	p := servePush(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/hooks/") {
			fmt.Fprint(w, "ok")
			return
		}
		if r.URL.Path == "/message" {
			fmt.Fprint(w, `{"id":1}`)
			return
		}
		fmt.Fprint(w, `{"id":"1","event_id":"1","room_id":"!r:x","code":200}`)
	})
	const title, first = "FIRING DiskFull on web1 (critical)", "FIRING DiskFull on web1"
	for _, c := range []struct {
		url, asked string
		want       []string // in the header or the body
	}{
		{"generic+http://" + p.host + "/x?template=json", "POST /x", []string{`"title":"` + title + `"`, `"message":"` + first}},
		{"generic://" + p.host + "/x?disabletls=yes", "POST /x", []string{first + "\nDiskFull is on fire\nvalue 93.5, since"}},
		{"gotify://" + p.host + "/AzyoeNS.D4iJLVa?disabletls=yes", "POST /message?token=AzyoeNS.D4iJLVa", []string{title, first}},
		{"ntfy://:tk_secret@" + p.host + "/alerts?scheme=http", "POST /alerts", []string{title, first}},
		{"mattermost://bot@" + p.host + "/T0K3NT0K3N?disabletls=yes", "POST /hooks/T0K3NT0K3N", []string{first}},
		{"bark://:T0K3NT0K3N@" + p.host + "?scheme=http", "POST /push", []string{title, first}},
		{"matrix://:T0K3NT0K3N@" + p.host + "?disableTLS=yes&rooms=!r:x", "POST /_matrix/client/r0/join/%21r:x?access_token=T0K3NT0K3N", nil},
	} {
		name, _, _ := strings.Cut(c.url, "://")
		o := serviceAt(t, c.url).Send(limited(t, 2*time.Minute), messageOf(t, hooktest.Golden()))
		if o.Err != nil {
			t.Errorf("%s: %v", name, o.Err)
			continue
		}
		got := <-p.calls
		all := fmt.Sprint(got.header) + strings.ReplaceAll(string(got.body), `\n`, "\n")
		if asked := got.header.Get("asked"); asked != c.asked {
			t.Errorf("%s: asked for %s", name, asked)
		}
		for _, want := range c.want {
			if !strings.Contains(all, want) {
				t.Errorf("%s: no %q in %s", name, want, all)
			}
		}
		if name == "matrix" {
			if got := <-p.calls; !strings.Contains(string(got.body), first) {
				t.Errorf("matrix: %s", got.body)
			}
		}
	}
}

func TestServiceAnswers(t *testing.T) {
	for code, permanent := range map[int]bool{307: false, 404: true, 429: false, 500: false} {
		p := servePush(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"error":"no such thing as %s"}`, r.URL.Path)
		})
		for _, url := range []string{
			"generic+http://" + p.host + "/T0K3NT0K3N", "bark://:T0K3NT0K3N@" + p.host + "?scheme=http",
			// Those with a transport of their own.
			"mattermost://" + p.host + "/T0K3NT0K3N?disabletls=yes", "ntfy://:tk_T0K3N@" + p.host + "/T0K3NT0K3N?scheme=http",
			"gotify://" + p.host + "/AzyoeNT0K3NLVa1?disabletls=yes",
		} {
			o := serviceAt(t, url).Send(limited(t, 2*time.Minute), messageOf(t, hooktest.Golden()))
			<-p.calls
			if o.Err == nil || o.Permanent != permanent {
				t.Errorf("%s, %d: %v, permanent %v", url, code, o.Err, o.Permanent)
				continue
			}
			if text := o.Err.Error(); !strings.HasPrefix(text, fmt.Sprintf("answered %d", code)) || strings.Contains(text, "T0K3N") {
				t.Errorf("%s, %d: %q", url, code, text)
			}
			if want := code == 429; want != (o.RetryAfter == 7*time.Second) {
				t.Errorf("%s, %d: retry after %v", url, code, o.RetryAfter)
			}
		}
		if len(p.calls) > 0 {
			t.Errorf("%d was followed", code)
		}
	}
}

// noNetwork is a transport that reaches nobody.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }

// TestNoServiceIsToldWithoutANetwork: none calls it success when nobody could be
// reached, which some of the library do; and none asks for anything over HTTP that
// is not seen, so that redirects are refused and answers bounded for all.
func TestNoServiceIsToldWithoutANetwork(t *testing.T) {
	const nobody = "127.0.0.1:1"
	tried := map[string]bool{"logger": true, "hangouts": true}
	for _, url := range []string{
		"bark://:T0K3NT0K3N@" + nobody, "discord://T0K3NT0K3N@1234567890", "generic+http://" + nobody, "gotify://" + nobody + "/AzyoeNS.D4iJLVa?disabletls=yes",
		"googlechat://chat.googleapis.com/v1/spaces/FOO/messages?key=bar&token=baz", "ifttt://T0K3NT0K3N/?events=a", "join://shoutrrr:T0K3NT0K3N@join/?devices=a",
		"lark://open.larksuite.com/T0K3NT0K3N", "matrix://:T0K3NT0K3N@" + nobody + "?disableTLS=yes&rooms=!r:x", "mattermost://" + nobody + "/T0K3NT0K3N?disabletls=yes",
		"notifiarr://T0K3NT0K3N?channel=123456789", "ntfy://" + nobody + "/topic?scheme=http", "opsgenie://api.opsgenie.com/T0K3NT0K3N",
		"pagerduty://events.pagerduty.com/0123456789abcdef0123456789abcdef", "pushbullet://o.0123456789abcdef0123456789abcdef/", "pushover://shoutrrr:T0K3N@USERKEY",
		"rocketchat://" + nobody + "/T0K3N/T0K3N", "signal://" + nobody + "/+15551234567/+15557654321?disabletls=yes",
		"slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook", "smtp://" + nobody + "/?from=a@x.test&to=b@x.test",
		"teams://11111111-4444-4444-8444-cccccccccccc@22222222-4444-4444-8444-cccccccccccc/33333333012222222222333333333344/44444444-4444-4444-8444-cccccccccccc/V2ESyij_gAljSoUQHvZoZYzlpAoAXExyOl26dlf1xHEx05?host=test.webhook.office.com",
		"telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=@a", "wecom://T0K3NT0K3N", "zulip://bot%40x.test:T0K3NT0K3N@x.zulipchat.com?stream=a&topic=b",
	} {
		name, _, _ := strings.Cut(url, "://")
		name, _, _ = strings.Cut(name, "+")
		tried[name] = true
		u, err := checkService(url)
		if err != nil {
			t.Error(err)
			continue
		}
		e := dress(u, messageOf(t, hooktest.Golden()), "web1")
		e.URL = url
		r := carryOut(e, noNetwork{})
		if r.Error == "" || r.Permanent {
			t.Errorf("%s: %q, permanent %v", name, r.Error, r.Permanent)
		}
		if seen := r.Request != ""; seen != (name != "smtp") {
			t.Errorf("%s: its request was seen: %v", name, seen)
		}
	}
	for _, name := range new(router.ServiceRouter).ListServices() {
		if !tried[name] {
			t.Errorf("%s was not tried", name)
		}
	}
}

func TestMail(t *testing.T) {
	s := serveMail(t, &mailServer{rcpt: "250 ok"})
	e := hooktest.Golden()
	e.Alert.Labels = labels.FromStrings("alertname", "Überlauf\r\nBcc: <all@example.com>", "instance", "web1")
	e.Alert.Annotations = map[string]string{"summary": "first\r\n.\r\nMAIL FROM:<evil@example.com>", "description": "one\ntwo"}
	url := "smtp://" + s.addr + "/?from=monitord@example.com&to=ops@example.com,on.call@example.com&starttls=no"
	if o := serviceAt(t, url).Send(limited(t, 2*time.Minute), messageOf(t, e)); o.Err != nil {
		t.Fatal(o.Err)
	}
	mails := s.got()
	if len(mails) != 2 || mails[0].to != "<ops@example.com>" || mails[1].to != "<on.call@example.com>" {
		t.Fatalf("mails %+v", mails)
	}
	m, err := netmail.ReadMessage(strings.NewReader(mails[0].data))
	if err != nil {
		t.Fatalf("%v in %q", err, mails[0].data)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	hooktest.Equal(t, "subject", subject, "FIRING Überlauf Bcc: <all@example.com> on web1")
	if err != nil || m.Header.Get("Bcc") != "" {
		t.Errorf("headers %v, %v", m.Header, err)
	}
	body, _ := io.ReadAll(m.Body)
	if want := "first . MAIL FROM:<evil@example.com>\none\ntwo\nvalue 93.5"; !strings.Contains(string(body), want) {
		t.Errorf("body %q", body)
	}
}

func TestServiceTranscript(t *testing.T) {
	p := servePush(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "thanks for %s", r.URL) })
	mails := serveMail(t, &mailServer{rcpt: "250 ok"})
	m, err := testOrigin.Compose(message.Draft{Hook: "ops", Events: []alerts.Event{hooktest.Golden()}, Test: true})
	if err != nil {
		t.Fatal(err)
	}
	o := serviceAt(t, "generic+http://"+p.host+"/T0K3NT0K3N").Send(limited(t, 2*time.Minute), m)
	if !strings.Contains(o.Request, "POST http://"+p.host+"/***\n") || !strings.Contains(o.Request, "DiskFull is on fire") ||
		!strings.Contains(o.Answer, "200 OK") || !strings.HasSuffix(o.Answer, "thanks for ***") {
		t.Errorf("%q, %q", o.Request, o.Answer)
	}
	o = serviceAt(t, "smtp://"+mails.addr+"/?from=DiskFull@example.com&to=b@example.com&starttls=no").Send(limited(t, 2*time.Minute), m)
	if !strings.HasPrefix(o.Request, "FIRING DiskFull on web1 (critical)\n\nFIRING DiskFull on web1\n") {
		t.Errorf("%q", o.Request)
	}
}

func TestMailIsRefused(t *testing.T) {
	for answer, permanent := range map[string]bool{"450 later": false, "550 unknown": true} {
		s := serveMail(t, &mailServer{rcpt: answer})
		o := serviceAt(t, "smtp://"+s.addr+"/?from=a@example.com&to=secret.person@example.com&starttls=no").Send(limited(t, 2*time.Minute), messageOf(t, hooktest.Golden()))
		if o.Err == nil || o.Permanent != permanent || !strings.Contains(o.Err.Error(), answer[:3]) || strings.Contains(o.Err.Error(), "person") {
			t.Errorf("%s: %v, permanent %v", answer, o.Err, o.Permanent)
		}
	}
	o := serviceAt(t, "smtp://127.0.0.1:1/?from=a@example.com&to=b@example.com").Send(limited(t, 2*time.Minute), messageOf(t, hooktest.Golden()))
	if o.Err == nil || o.Permanent || !strings.Contains(o.Err.Error(), "refused") {
		t.Errorf("nobody there: %v", o.Err)
	}
}

// TestServicesThatHang are ended, however their code waits.
func TestServicesThatHang(t *testing.T) {
	release := make(chan struct{})
	p := servePush(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	mails := serveMail(t, &mailServer{silent: true})
	for _, url := range []string{
		"generic+http://" + p.host + "/x", "gotify://" + p.host + "/AzyoeNS.D4iJLVa?disabletls=yes",
		"smtp://" + mails.addr + "/?from=a@example.com&to=b@example.com",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		begun := time.Now()
		if o := serviceAt(t, url).Send(ctx, messageOf(t, hooktest.Golden())); o.Err != errTimeout || o.Permanent {
			t.Errorf("%s: %+v", url, o)
		}
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s took %v", url, took)
		}
		cancel()
	}
}

// TestEndlessAnswer: a receiver that does not stop answering costs a bounded
// amount, also where a service reads all there is.
func TestEndlessAnswer(t *testing.T) {
	p := servePush(t, func(w http.ResponseWriter, r *http.Request) {
		for block := make([]byte, 1<<20); r.Context().Err() == nil; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mails := serveMail(t, &mailServer{endless: true})
	for url, want := range map[string]string{
		"generic+http://" + p.host + "/x":                      "", // what is read of it is enough
		"ntfy://" + p.host + "/topic?scheme=http":              "invalid character",
		"smtp://" + mails.addr + "/?from=a@b.test&to=b@b.test": "the answer is too large",
		"bark://:key@" + p.host + "/?scheme=http":              "invalid character",
		"mattermost://" + p.host + "/T?disabletls=1":           "",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		o := serviceAt(t, url).Send(ctx, messageOf(t, hooktest.Golden()))
		if (o.Err != nil) != (want != "") || o.Err != nil && !strings.Contains(o.Err.Error(), want) {
			t.Errorf("%s: %v", url, o.Err)
		}
		cancel()
	}
}

// TestHelperThatNobodyEnds ends by itself.
func TestHelperThatNobodyEnds(t *testing.T) {
	t.Parallel()
	s := serveMail(t, &mailServer{silent: true})
	in := `{"url":"smtp://` + s.addr + `/?from=a@example.com&to=b@example.com","text":"x","limit":1}`
	cmd := exec.Command(os.Args[0], HelperName)
	cmd.Stdin = strings.NewReader(in)
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	if took := time.Since(begun); err == nil || !strings.Contains(string(out), "too long") || took < helperGrace {
		t.Errorf("after %v: %v, %q", took, err, out)
	}
}

func TestServiceURLs(t *testing.T) {
	for url, want := range map[string]string{
		"discord://T0K3NT0K3N@1234567890":                                                 "",
		"slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook":             "",
		"telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw@telegram?chats=@channel": "",
		"pushover://shoutrrr:T0K3NT0K3N@USERKEY":                                          "",
		"smtp://u:p@mail.example.com:587/?from=a@x.test&to=b@x.test":                      "",
		"matrix://user:T0K3NT0K3N@not.there.invalid?rooms=!x:y":                           "",
		"generic+https://example.com/T0K3NT0K3N":                                          "",
		"":                                                                                "is missing",
		"T0K3NT0K3N":                                                                      "is no URL",
		"://T0K3NT0K3N":                                                                   "is no URL",
		"logger://":                                                                       "is of no service",
		"slak://T0K3NT0K3N":                                                               "is of no service",
		"slack+https://T0K3NT0K3N":                                                        "has a +",
		"slack://T0K3NT0K3N":                                                              "is not understood by the service slack",
		"telegram://T0K3NT0K3N@telegram":                                                  "is not understood by the service telegram",
		"smtp://u:T0K3NT0K3N@x/?from=a@x.test":                                            "is not understood by the service smtp",
		"smtp://x/?from=a@x.test&to=b@x.test&auth=T0K3NT0K3N":                             "is not understood by the service smtp",
		"smtp://x/?from=a@x.test&to=b@x.test&no=T0K3NT0K3N":                               "is not understood by the service smtp",
		"ntfy://T0K3NT0K3N":                                                               "is not understood by the service ntfy",
		"matrix://:T0K3NT0K3N@x?rooms=":                                                   "is not understood",
		"gotify://x/T0K3N":                                                                "",
	} {
		_, err := checkService(url)
		switch {
		case err == nil && want != "", err != nil && want == "":
			t.Errorf("%s: %v", url, err)
		case err != nil && (!strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "T0K3N")):
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestDress(t *testing.T) {
	shout := "@everyone <!channel> [x](http://evil.example) & more"
	for url, want := range map[string]string{
		"discord://t@1": "@\u2060everyone <\u2060!channel> [x]\u2060(http://evil.example) & more",
		"slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook": "@everyone &lt;!channel&gt; [x](http://evil.example) &amp; more",
		"gotify://x/t": shout,
	} {
		u, err := checkService(url)
		if err != nil {
			t.Fatal(err)
		}
		e := hooktest.Golden()
		e.Alert.Annotations = map[string]string{"summary": shout}
		if got := dress(u, messageOf(t, e), "web1"); !strings.Contains(got.Text, "\n"+want+"\n") {
			t.Errorf("%s: %q", url, got.Text)
		}
	}
	u, err := checkService("pagerduty://events.pagerduty.com/0123456789abcdef0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	opens := dress(u, messageOf(t, hooktest.Golden()), "web1").Params
	ended := hooktest.Golden()
	ended.Kind = alerts.KindResolved
	ends := dress(u, messageOf(t, ended), "web1").Params
	if opens["action"] != "trigger" || ends["action"] != "resolve" || opens["dedup_key"] != ends["dedup_key"] || opens["severity"] != "critical" || opens["source"] != "web1" {
		t.Errorf("incident %v, then %v", opens, ends)
	}
}
