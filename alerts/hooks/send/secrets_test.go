package send

import (
	"net/url"
	"strings"
	"testing"
)

func TestSecretsAreHidden(t *testing.T) {
	u, err := url.Parse("https://us%20er:p%2Fss-w0rd@hooks.example.com/services/T0KEN123/x?to=me@b.test&key=K3Y45678#FRAGMENT")
	if err != nil {
		t.Fatal(err)
	}
	s := addressSecrets([]*url.URL{u}, "s3cret")
	for text, want := range map[string]string{
		"":                       "",
		"dial: refused":          "dial: refused",
		"hooks.example.com:443":  "hooks.example.com:443",
		"wrong token T0KEN123":   "wrong token ***",
		"wrong token t0ken12…":   "wrong token ***…",
		"s3cret":                 "***",
		"a s3cret, a s3cret":     "a ***, a ***",
		"user us er, us%20er":    "user ***, ***",
		"p/ss-w0rd p%2Fss-w0rd":  "*** ***",
		"Basic dXMgZXI6cC9zcy13": "Basic ***",
		"key=K3Y45678":           "key=***",
		"#FRAGMENT":              "#***",
		"\x1b[T0KEN1\xff":        "\x1b[***\xff",
	} {
		if got := s.hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := (secrets{}).hide("as it is"); got != "as it is" {
		t.Errorf("without secrets: %q", got)
	}
}

// TestErrorsStayReadable: the words that an address is made of are hidden where it
// is quoted, and nowhere else; what may be a secret is hidden everywhere.
func TestErrorsStayReadable(t *testing.T) {
	for address, texts := range map[string]map[string]string{
		"https://h.test/hooks/monitord/Web-Hooks": {
			"monitord's alert: no such webhook, try web-hooks": "monitord's alert: no such webhook, try web-hooks",
			"POST /hooks/monitord/Web-Hooks: not found":        "POST ***: not found",
			"no route for /hooks/monitord":                     "no route for ***",
			"see https://h.test/hooks/monitord/Web-Hooks":      "see https://h.test***",
		},
		"https://h.test/services/T0KEN123/webhook?channel=secretroom": {
			"services: channel and webhook": "services: channel and webhook",
			"T0KEN123":                      "***",
			"secretroom":                    "***",
			"webhook-T0KEN1":                "webhook-***",
		},
		"https://h.test/alerts/correcthorse":         {"alerts: correcthorse": "alerts: ***"},
		"https://h.test/alerts/test-event-mail":      {"no test-event-mail": "no ***"},
		"https://h.test/alerts/webhook1234":          {"webhook: webhook1234": "***: ***"},
		"https://h.test/alerts?sometoken":            {"bad sometoken": "bad ***"},
		"https://h.test/alerts?notification=webhook": {"a notification": "a notification", "webhook": "***"},
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		s := addressSecrets([]*url.URL{u})
		for text, want := range texts {
			if got := s.hide(text); got != want {
				t.Errorf("%s: %q: %q, want %q", address, text, got, want)
			}
		}
	}
}

// FuzzAddress: no part of a path that is not an ordinary word is shown, whatever
// stands beside it.
func FuzzAddress(f *testing.F) {
	f.Add("hooks", "T0KEN123", "webhook")
	f.Add("webhook", "xwebhookx", "monitoring")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		u := &url.URL{Scheme: "https", Host: "h.test", Path: "/" + before + "/" + secret + "/" + after}
		if len(secret) < runBytes || ordinary(secret) || strings.Contains(secret, "/") || strings.Trim(secret, "*") == "" {
			return
		}
		text := "no " + secret + " at " + u.Path
		if got := addressSecrets([]*url.URL{u}).hide(text); strings.Contains(got, secret) {
			t.Errorf("%q is in %q", secret, got)
		}
	})
}

func FuzzSecrets(f *testing.F) {
	f.Add("s3cret-value", "an error about s3cret-value")
	f.Add("aaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, secret, text string) {
		got := newSecrets(secret).hide(text)
		if len(secret) >= runBytes && secret != strings.Repeat("*", len(secret)) && strings.Contains(got, secret) {
			t.Errorf("%q is in %q", secret, got)
		}
	})
}
