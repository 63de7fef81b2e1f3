package silence

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/match"
)

// Bounds of a silence. They keep a thousand of them to what a snapshot of the
// journal can hold without anybody noticing.
const (
	maxAuthorBytes  = 256
	maxCommentBytes = 4 << 10
	maxBytes        = 16 << 10 // encoded
	maxRegex        = 10000    // of all its regular expressions, see regexSize
)

// maxMillis is the end of the year 2199. The difference of two times up to there
// is a time.Duration.
const maxMillis = 7258118399999

// check returns the first thing that is wrong with a silence that somebody wants
// to make.
func (s *Silence) check() error {
	if err := checkMatchers(s.Matchers); err != nil {
		return err
	}
	switch {
	case len(s.CreatedBy) > maxAuthorBytes || !utf8.ValidString(s.CreatedBy):
		return fmt.Errorf("the author must be UTF-8 of at most %d bytes", maxAuthorBytes)
	case len(s.Comment) > maxCommentBytes || !utf8.ValidString(s.Comment):
		return fmt.Errorf("the comment must be UTF-8 of at most %d bytes", maxCommentBytes)
	case !s.StartsAt.Before(s.EndsAt):
		return errors.New("start time must be before end time")
	case s.StartsAt.UnixMilli() <= 0 || s.EndsAt.UnixMilli() > maxMillis:
		return errors.New("the times must be after 1970 and before 2200")
	}
	return nil
}

var errEverything = errors.New("at least one matcher must not match the empty string")

// checkMatchers refuses what no label can be and what would silence
// everything, most likely by mistake, as Alertmanager does: one that says what a
// label is not, such as severity!="critical", is enough.
func checkMatchers(ms match.Matchers) error {
	if len(ms.All()) == 0 {
		return errors.New("at least one matcher required")
	}
	everything := true
	for i, m := range ms.All() {
		switch {
		case !model.UTF8Validation.IsValidLabelName(m.Name):
			return fmt.Errorf("invalid label matcher %d: invalid label name %.60q", i, m.Name)
		case !utf8.ValidString(m.Value):
			return fmt.Errorf("invalid label matcher %d: the value is not UTF-8", i)
		}
		negative := m.Type == labels.MatchNotEqual || m.Type == labels.MatchNotRegexp
		everything = everything && !negative && m.Matches("")
	}
	if everything {
		return errEverything
	}
	if regexSize(ms) > maxRegex {
		return errors.New("the regular expressions are too large, write fewer or simpler ones")
	}
	return nil
}

// regexSize is about how many characters, and ranges of them, the regular
// expressions are when they are compiled: \pL takes three bytes to write and
// more than a thousand of these.
func regexSize(ms match.Matchers) int {
	n := 0
	for _, m := range ms.All() {
		if m.Type != labels.MatchRegexp && m.Type != labels.MatchNotRegexp {
			continue
		}
		re, err := syntax.Parse(m.Value, syntax.Perl)
		if err != nil {
			continue // it would not be a matcher
		}
		prog, err := syntax.Compile(re.Simplify())
		if err != nil {
			continue
		}
		for _, inst := range prog.Inst {
			n += 1 + len(inst.Rune)
		}
	}
	return n
}
