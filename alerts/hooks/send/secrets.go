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
	pairs []string // of whole
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
	var s secrets
	s.add(values)
	return s
}

// addressSecrets hides what may be secret in URLs, and more. The ordinary words of
// a path are hidden where it is quoted, but not in a text that happens to use them.
func addressSecrets(urls []*url.URL, more ...string) secrets {
	var whole, plain []string
	for _, u := range urls {
		if uri := u.RequestURI(); len(uri) > leastSecret {
			whole = append(whole, uri)
		}
		if u.RawQuery != "" {
			whole = append(whole, u.RawQuery)
		}
		// The longest first: what is quoted may be less than the whole.
		for path := u.EscapedPath(); len(path) >= runBytes; path = path[:max(strings.LastIndexByte(path, '/'), 0)] {
			whole = append(whole, path)
		}
		for _, part := range strings.Split(u.EscapedPath(), "/") {
			if ordinary(part) {
				plain = append(plain, part)
			}
		}
		for name := range u.Query() {
			if ordinary(name) { // a token without a value is a name as well
				plain = append(plain, name)
			}
		}
		more = append(more, urlSecrets(u)...)
	}
	s := secrets{}
	s.add(whole)
	for _, word := range plain {
		eachRun(word, func(run string) { delete(s.runs, run) })
	}
	s.add(more) // behind: what is part of a secret as well stays hidden
	return s
}

// add hides more.
func (s *secrets) add(values []string) {
	if s.runs == nil {
		s.runs = make(map[string]bool)
	}
	for _, v := range values {
		if len(v) < leastSecret {
			continue
		}
		for _, form := range []string{
			v, url.QueryEscape(v), url.PathEscape(v),
			base64.StdEncoding.EncodeToString([]byte(v)), base64.RawURLEncoding.EncodeToString([]byte(v)),
		} {
			s.pairs = append(s.pairs, form, mask)
			eachRun(form, func(run string) { s.runs[run] = true })
		}
	}
	s.whole = strings.NewReplacer(s.pairs...)
}

// eachRun calls a function with every stretch of runBytes of a text, in lower case.
func eachRun(text string, f func(run string)) {
	low := strings.ToLower(text)
	for i := 0; i+runBytes <= len(low); i++ {
		f(low[i : i+runBytes])
	}
}

// urlSecrets returns the parts of a URL that may be secret: all but scheme, host, the
// names of its parameters, and words that addresses are made of.
func urlSecrets(u *url.URL) []string {
	var list []string
	if u.User != nil {
		password, _ := u.User.Password()
		list = append(list, u.User.String(), u.User.Username(), password, u.User.Username()+":"+password)
	}
	list = append(list, u.Fragment, u.Opaque)
	// What is shorter is a word (api, http, json), and errors are full of those.
	add := func(s string) {
		if len(s) >= runBytes {
			list = append(list, s)
		}
	}
	for _, part := range strings.Split(u.Path, "/") {
		if !ordinary(part) {
			add(part)
		}
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
