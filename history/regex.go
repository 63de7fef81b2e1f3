package history

import (
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

const (
	// maxRegexText and maxRegexSize bound all regular expressions of one query:
	// their text in bytes, and what they are once repetitions are written out. A
	// few thousand bytes of a{1000} take seconds to compile and keep 100 MB.
	maxRegexText = 8 << 10
	maxRegexSize = 5000
	// unicodeClass is what one \p{…} counts: each is hundreds of ranges.
	unicodeClass = 200
)

// checkRegexes refuses a query or selector with regular expressions that are too
// large to compile for somebody else. It looks at every string that is not plain
// text, before the query is parsed: parsing compiles. What is no regular
// expression is left to the parser to refuse.
func checkRegexes(query string) error {
	if !strings.ContainsAny(query, `"'`+"`") {
		return nil
	}
	text, size := 0, 0
	lexer := parser.Lex(query)
	for {
		var item parser.Item
		lexer.NextItem(&item)
		if item.Typ == parser.EOF || item.Typ == parser.ERROR {
			return nil
		}
		if item.Typ != parser.STRING {
			continue
		}
		s := unquote(item.Val)
		if !strings.ContainsAny(s, `\.+*?()|[]{}^$`) {
			continue // plain text costs what it is long
		}
		if text += len(s); text > maxRegexText {
			return fmt.Errorf("regular expressions have %d bytes, may have %d in one query", text, maxRegexText)
		}
		if size += unicodeClass * (strings.Count(s, `\p`) + strings.Count(s, `\P`)); size > maxRegexSize {
			return errRegexSize
		}
		re, err := syntax.Parse(s, syntax.Perl)
		if err != nil {
			continue
		}
		if size += regexSize(re); size > maxRegexSize {
			return errRegexSize
		}
	}
}

var errRegexSize = fmt.Errorf("regular expressions are too large: written out, their repetitions have more than %d parts", maxRegexSize)

// regexSize is about how many instructions a regular expression compiles to, and
// no more than a little over the bound.
func regexSize(re *syntax.Regexp) int {
	size := 1
	switch re.Op {
	case syntax.OpLiteral:
		size = len(re.Rune)
	case syntax.OpCharClass:
		size += len(re.Rune) / 8
	}
	for _, sub := range re.Sub {
		if size += regexSize(sub); size > maxRegexSize {
			return maxRegexSize + 1
		}
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Max, re.Min+1, 1)
	}
	return min(size, maxRegexSize+1)
}

// unquote returns what a string of PromQL stands for, and the string as it is if
// it is not a good one.
func unquote(quoted string) string {
	if len(quoted) < 2 {
		return quoted
	}
	quote, s := quoted[0], quoted[1:len(quoted)-1]
	if quote == '`' {
		return s
	}
	var b strings.Builder
	for s != "" {
		// In either kind of quotes, the other needs no escape: unlike Go's.
		if s[0] == '"' || s[0] == '\'' {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		r, multibyte, rest, err := strconv.UnquoteChar(s, quote)
		if err != nil {
			return quoted
		}
		if s = rest; multibyte {
			b.WriteRune(r)
		} else {
			b.WriteByte(byte(r))
		}
	}
	return b.String()
}
