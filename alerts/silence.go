package alerts

import (
	"crypto/rand"
	"crypto/sha1"
	"errors"
	"fmt"
	"regexp/syntax"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Bounds of a silence. They keep a thousand of them to what a snapshot of the
// journal can hold without anybody noticing.
const (
	maxAuthorBytes  = 256
	maxCommentBytes = 4 << 10
	maxSilenceBytes = 16 << 10 // encoded
	maxSilenceRegex = 10000    // of all its regular expressions, see regexSize
)

// A Silence keeps the hooks from telling about the alerts that it matches, while
// it is in force: from StartsAt until EndsAt, by the wall clock. It changes
// nothing else. Values of this type are immutable.
type Silence struct {
	ID        string
	Matchers  Matchers
	CreatedBy string
	Comment   string
	StartsAt  time.Time
	EndsAt    time.Time
	UpdatedAt time.Time
	Name      string // of those that the configuration makes; empty for all others
}

// A SilenceState is where a silence stands, in Alertmanager's words.
type SilenceState string

// The states of a silence. One of the configuration that recurs is never expired.
const (
	SilencePending SilenceState = "pending"
	SilenceActive  SilenceState = "active"
	SilenceExpired SilenceState = "expired"
)

// State returns where the silence stands at a time. At EndsAt it has expired.
func (s *Silence) State(now time.Time) SilenceState {
	switch {
	case !now.Before(s.EndsAt):
		return SilenceExpired
	case now.Before(s.StartsAt):
		return SilencePending
	}
	return SilenceActive
}

// matches tells whether an alert is one that the silence is for. The notice that
// this silence ends is not: it would never be heard.
func (s *Silence) matches(ls labels.Labels) bool {
	if ls.Get(labels.AlertName) == silenceExpires && ls.Get("silence") == s.ID {
		return false
	}
	return s.Matchers.Matches(ls)
}

// check returns the first thing that is wrong with a silence that somebody wants
// to make.
func (s *Silence) check() error {
	if err := checkSilenceMatchers(s.Matchers); err != nil {
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

// checkSilenceMatchers refuses what no label can be and what would silence
// everything, most likely by mistake, as Alertmanager does.
func checkSilenceMatchers(ms Matchers) error {
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
		everything = everything && m.Matches("")
	}
	if everything {
		return errors.New("at least one matcher must not match the empty string")
	}
	if regexSize(ms) > maxSilenceRegex {
		return errors.New("the regular expressions are too large, write fewer or simpler ones")
	}
	return nil
}

// regexSize is about how many characters, and ranges of them, the regular
// expressions are when they are compiled: \pL takes three bytes to write and
// more than a thousand of these.
func regexSize(ms Matchers) int {
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

// newSilenceID returns a random UUID (RFC 9562, version 4).
func newSilenceID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return uuid(b, 4)
}

// namedSilenceID returns the UUID (version 5) of a silence that the configuration
// names, the same at every start.
func namedSilenceID(name string) string {
	// The namespace is a random UUID of version 4, made once.
	space := [16]byte{0x5d, 0x0e, 0x3c, 0x5a, 0x9b, 0x1f, 0x4b, 0x57, 0x9c, 0x0a, 0x61, 0x0f, 0x2a, 0x8b, 0x7e, 0x44}
	sum := sha1.Sum(append(space[:], name...))
	return uuid([16]byte(sum[:16]), 5)
}

func uuid(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
