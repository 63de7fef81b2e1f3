package match

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/strutil"
)

const (
	// maxRegexSize bounds a regular expression by its parts once repetitions are
	// written out: a few kilobytes of \pL take a second to compile and keep 10 MB.
	maxRegexSize = 5000
	// unicodeClass is what one \p{…} counts: each is hundreds of ranges.
	unicodeClass = 200
)

var errRegexSize = errors.New("the regular expression is too large, write a simpler one")

// CheckRegex refuses a regular expression that is too large to compile for somebody
// else. What is none is left to whoever compiles it.
func CheckRegex(text string) error {
	if len(text) > maxBytes {
		return fmt.Errorf("the regular expression is %d bytes long, must be at most %d", len(text), maxBytes)
	}
	size := unicodeClass * (strings.Count(text, `\p`) + strings.Count(text, `\P`))
	if size > maxRegexSize {
		return errRegexSize // without parsing it, which makes lists of the ranges
	}
	re, err := syntax.Parse(text, syntax.Perl)
	if err == nil && size+parts(re) > maxRegexSize {
		return errRegexSize
	}
	return nil
}

// parts is about how many instructions a regular expression compiles to, and no
// more than a little over the bound.
func parts(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)/8
	if re.Op == syntax.OpLiteral {
		n = len(re.Rune)
	}
	for _, sub := range re.Sub {
		n = min(n+parts(sub), maxRegexSize+1)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Max, re.Min+1, 1)
	}
	return min(n, maxRegexSize+1)
}

// checkStrings holds every string of a selector against the bounds, before it is
// parsed: parsing compiles.
func checkStrings(selector string) error {
	lexer := parser.Lex(selector)
	for {
		var item parser.Item
		lexer.NextItem(&item)
		switch item.Typ {
		case parser.EOF, parser.ERROR:
			return nil
		case parser.STRING:
			text, err := strutil.Unquote(item.Val)
			if err != nil {
				return nil // the parser says so, too
			}
			if err := CheckRegex(text); err != nil {
				return err
			}
		}
	}
}
