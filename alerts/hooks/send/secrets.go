package send

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// secrets hides what a hook's configuration keeps to itself from a text that may
// quote it: an error, an answer. The zero value hides nothing. Safe for
// concurrent use.
type secrets struct {
	whole *strings.Replacer
	runs  map[string]bool // every stretch of runBytes of a secret, in lower case
}

const (
	// leastSecret is the shortest text that is hidden: hiding every "a" helps nobody.
	leastSecret = 3
	// runBytes is how much of a secret may be quoted: a stranger who cuts it short
	// gives no more of it away.
	runBytes = 6
	mask     = "***"
)

func newSecrets(values ...string) secrets {
	s := secrets{runs: make(map[string]bool)}
	var pairs []string
	for _, v := range values {
		for _, form := range []string{
			v, url.QueryEscape(v), url.PathEscape(v),
			base64.StdEncoding.EncodeToString([]byte(v)), base64.RawURLEncoding.EncodeToString([]byte(v)),
		} {
			if len(v) < leastSecret {
				continue
			}
			pairs = append(pairs, form, mask)
			low := strings.ToLower(form)
			for i := 0; i+runBytes <= len(low); i++ {
				s.runs[low[i:i+runBytes]] = true
			}
		}
	}
	s.whole = strings.NewReplacer(pairs...)
	return s
}

// urlSecrets returns what may be secret in a URL: all but scheme, host and the
// names of its parameters.
func urlSecrets(u *url.URL) []string {
	var list []string
	if u.User != nil {
		password, _ := u.User.Password()
		list = append(list, u.User.String(), u.User.Username(), password, u.User.Username()+":"+password)
	}
	if uri := u.RequestURI(); len(uri) > leastSecret {
		list = append(list, uri)
	}
	list = append(list, u.RawQuery, u.Fragment, u.Opaque)
	// What is shorter is a word (api, http, json), and errors are full of those.
	add := func(s string) {
		if len(s) >= runBytes {
			list = append(list, s)
		}
	}
	for _, part := range strings.Split(u.Path, "/") {
		add(part)
	}
	for _, values := range u.Query() {
		for _, v := range values {
			for _, part := range strings.Split(v, ",") {
				add(part)
			}
		}
	}
	return list
}

func (s secrets) hide(text string) string {
	if s.whole == nil {
		return text
	}
	text = s.whole.Replace(text)
	if len(text) < runBytes {
		return text
	}
	// Lower case by byte: it keeps every byte where it is.
	low := []byte(text)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	var b strings.Builder
	end := 0 // up to here text is written or hidden
	for i := 0; i+runBytes <= len(low); i++ {
		if !s.runs[string(low[i:i+runBytes])] {
			continue
		}
		if i > end || i == 0 {
			b.WriteString(text[end:i])
			b.WriteString(mask)
		}
		end = i + runBytes
	}
	b.WriteString(text[end:])
	return strings.ReplaceAll(b.String(), mask+mask, mask)
}
