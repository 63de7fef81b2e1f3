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
	s := newSecrets(append(urlSecrets(u), "s3cret")...)
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
