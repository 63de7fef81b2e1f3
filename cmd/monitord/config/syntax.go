package config

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// syntax adds what the TOML library says: it knows the line.
func (p *Document) syntax(err error, text []byte) {
	p.broken = true
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		p.Add(Fault{File: p.file, Msg: advised("syntax: " + err.Error())})
		return
	}
	// The library's own line is the next one when it trips over a line's end,
	// and its offset may lie before the text.
	line := 1 + bytes.Count(text[:max(0, min(parse.Position.Start, len(text)))], []byte("\n"))
	p.Add(Fault{File: p.file, Line: line, Msg: advised("syntax: " + parse.Message)})
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\n  )?(?:line ([0-9]+): )?`)

// yamlFault makes a fault of an error of the YAML library, which begins with its
// line if there is one.
func yamlFault(path string, err error) Fault {
	text := err.Error()
	f := Fault{File: path, Msg: advised("syntax: " + text)}
	if found := yamlLine.FindStringSubmatch(text); found != nil {
		f.Line, _ = strconv.Atoi(found[1])
		f.Msg = advised("syntax: " + text[len(found[0]):])
	}
	return f
}

// advice is what to do about what the libraries say is wrong: the first whose words
// are in it.
var advice = []struct{ words, do string }{
	{"NULL bytes", "write the file in UTF-8"},
	{"UTF-8", "write the file in UTF-8"},
	{"control character", "write the file with line ends of Unix or Windows, and other control characters as \\uXXXX"},
	{"already been defined", "keep one of them: each table and each key stands once"},
	{"strings cannot contain newlines", "end the string with the quote that it begins with"},
	{"unexpected EOF", "end what was begun last: a string, a list or a table"},
	{"expected value but found", `write a value: "text" in straight quotes, 5, true or ["a list"]`},
	{"to end with a newline", "write one key = value a line, and text in quotes"},
	{"expected '.' or '='", "write key = value"},
	{"table array name delimiter", "write [[name]]"},
	{"table name delimiter", "write [name]"},
	{"escape", `write \\ for a backslash, or the string in 'single quotes'`},
	{"tab character", "indent with spaces"},
	{"cannot start any token", "put text that begins with such a character in quotes"},
	{"mapping values are not allowed", "indent what belongs together alike, and put text with a colon in quotes"},
	{"did not find expected key", "indent what belongs together alike, and close what was opened"},
}

// advised is what a library said about the syntax of a file, and what to do.
func advised(msg string) string {
	if !strings.HasPrefix(msg, "syntax: ") || strings.Contains(msg, ", write ") {
		return msg
	}
	msg = strings.TrimSuffix(msg, ".")
	for _, a := range advice {
		if strings.Contains(msg, a.words) {
			return msg + "; " + a.do
		}
	}
	return msg + "; correct it there or right above"
}
