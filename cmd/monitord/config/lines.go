package config

import (
	"strconv"
	"strings"
)

// keyLines maps the path of every key and table in a TOML text to its line,
// counted from 1. Elements of arrays of tables are indexed: alerts.rules[2].expr.
// The TOML library reports no positions for keys. The text must have been parsed
// by it before: on one that is not TOML the result is merely incomplete.
func keyLines(text string) map[string]int {
	s := &keyScanner{text: strings.TrimPrefix(text, "\ufeff"), line: 1, lines: map[string]int{}, counts: map[string]int{}}
	s.document()
	return s.lines
}

// maxKeyDepth bounds recursion into nested arrays and inline tables.
const maxKeyDepth = 100

type keyScanner struct {
	text   string
	pos    int
	line   int
	lines  map[string]int
	counts map[string]int // elements seen of each array of tables
}

func (s *keyScanner) document() {
	table := ""
	for {
		s.skipBlank(true)
		if s.pos >= len(s.text) {
			return
		}
		before := s.pos
		if s.text[s.pos] == '[' {
			table = s.header()
		} else {
			s.pair(table, 0)
		}
		s.skipRestOfLine()
		if s.pos == before { // not TOML: give up rather than loop
			return
		}
	}
}

// header reads [table] or [[array of tables]] and returns its indexed path.
func (s *keyScanner) header() string {
	line := s.line
	s.pos++
	array := s.pos < len(s.text) && s.text[s.pos] == '['
	if array {
		s.pos++
	}
	parts := s.key()
	path := ""
	for i, part := range parts {
		path = join(path, part)
		last := i == len(parts)-1
		switch n := s.counts[path]; {
		case last && array:
			s.note(path, line) // of all its tables together
			s.counts[path] = n + 1
			path = indexed(path, n)
		case n > 0:
			path = indexed(path, n-1)
		}
		s.note(path, line)
	}
	for s.pos < len(s.text) && s.text[s.pos] == ']' {
		s.pos++
	}
	return path
}

// pair reads key = value below the table of the given path.
func (s *keyScanner) pair(table string, depth int) {
	line := s.line
	path := table
	for _, part := range s.key() {
		path = join(path, part)
		s.note(path, line)
	}
	s.skipBlank(false)
	if s.pos < len(s.text) && s.text[s.pos] == '=' {
		s.pos++
		s.skipBlank(false)
		s.value(path, depth)
	}
}

func (s *keyScanner) value(path string, depth int) {
	if s.pos >= len(s.text) || depth > maxKeyDepth {
		return
	}
	switch s.text[s.pos] {
	case '"', '\'':
		s.str()
	case '[':
		s.pos++
		for n := 0; s.more(']'); n++ {
			s.note(indexed(path, n), s.line)
			s.value(indexed(path, n), depth+1)
			if !s.separator(']') {
				return
			}
		}
	case '{':
		s.pos++
		for s.more('}') {
			s.pair(path, depth+1)
			if !s.separator('}') {
				return
			}
		}
	default:
		for s.pos < len(s.text) && !strings.ContainsRune(",]}#\n\r", rune(s.text[s.pos])) {
			s.pos++
		}
	}
}

// more reports whether another element follows; it consumes the closing byte.
func (s *keyScanner) more(closing byte) bool {
	s.skipBlank(true)
	if s.pos >= len(s.text) {
		return false
	}
	if s.text[s.pos] == closing {
		s.pos++
		return false
	}
	return true
}

// separator consumes the comma between elements; false if neither a comma nor the
// closing byte follows: that is no TOML, and nothing would move on.
func (s *keyScanner) separator(closing byte) bool {
	s.skipBlank(true)
	if s.pos >= len(s.text) {
		return false
	}
	if s.text[s.pos] == ',' {
		s.pos++
		return true
	}
	return s.text[s.pos] == closing
}

// key reads a dotted key; each part may be bare or quoted.
func (s *keyScanner) key() []string {
	var parts []string
	for {
		s.skipBlank(false)
		start := s.pos
		if s.pos < len(s.text) && (s.text[s.pos] == '"' || s.text[s.pos] == '\'') {
			parts = append(parts, s.str())
		} else {
			for s.pos < len(s.text) && isBareKey(s.text[s.pos]) {
				s.pos++
			}
			if s.pos == start {
				return parts
			}
			parts = append(parts, s.text[start:s.pos])
		}
		s.skipBlank(false)
		if s.pos >= len(s.text) || s.text[s.pos] != '.' {
			return parts
		}
		s.pos++
	}
}

// str reads a string of any of TOML's four kinds and returns what is between
// its quotes, escapes resolved where the text has any.
func (s *keyScanner) str() string {
	quote := s.text[s.pos : s.pos+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.pos:], triple) {
		quote = triple
	}
	s.pos += len(quote)
	start := s.pos
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '\\' && quote[0] == '"':
			s.pos++
			if s.pos < len(s.text) && s.text[s.pos] == '\n' {
				s.line++
			}
			s.pos++
		case strings.HasPrefix(s.text[s.pos:], quote):
			body := s.text[start:s.pos]
			s.pos += len(quote)
			// Up to two quotes may stand right before the closing three (TOML 1.0 "String").
			for len(quote) == 3 && s.pos < len(s.text) && s.text[s.pos] == quote[0] {
				s.pos++
			}
			if u, err := strconv.Unquote(`"` + body + `"`); err == nil && quote == `"` {
				return u
			}
			return body
		case c == '\n':
			if len(quote) == 1 {
				return s.text[start:s.pos]
			}
			s.line++
			s.pos++
		default:
			s.pos++
		}
	}
	s.pos = len(s.text)
	return s.text[min(start, len(s.text)):]
}

// skipBlank skips white space, and with newlines also line ends and comments.
func (s *keyScanner) skipBlank(newlines bool) {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == ' ' || c == '\t':
		case newlines && c == '\r':
		case newlines && c == '\n':
			s.line++
		case newlines && c == '#':
			for s.pos < len(s.text) && s.text[s.pos] != '\n' {
				s.pos++
			}
			continue
		default:
			return
		}
		s.pos++
	}
}

func (s *keyScanner) skipRestOfLine() {
	for s.pos < len(s.text) && s.text[s.pos] != '\n' {
		s.pos++
	}
}

// note keeps the first line at which a path occurs.
func (s *keyScanner) note(path string, line int) {
	if _, seen := s.lines[path]; !seen {
		s.lines[path] = line
	}
}

func isBareKey(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

func join(table, key string) string {
	if table == "" {
		return key
	}
	return table + "." + key
}

func indexed(path string, n int) string { return path + "[" + strconv.Itoa(n) + "]" }
