package send

import (
	"strings"
	"unicode"
)

// excerptBytes is how much of an answer or an output goes into an error.
const excerptBytes = 300

// excerpt returns the beginning of what a stranger said, on one line and fit
// for a terminal.
func excerpt(s string) string {
	if len(s) > 4*excerptBytes {
		s = s[:4*excerptBytes]
	}
	s = oneLine(s, unicode.ReplacementChar)
	if len(s) > excerptBytes {
		s = strings.ToValidUTF8(s[:excerptBytes], "") + "…"
	}
	return s
}

// excerptEnd is excerpt for output, whose end says what went wrong.
func excerptEnd(s string) string {
	if len(s) > 4*excerptBytes {
		s = s[len(s)-4*excerptBytes:]
	}
	s = oneLine(s, unicode.ReplacementChar)
	if len(s) > excerptBytes {
		s = "…" + strings.ToValidUTF8(s[len(s)-excerptBytes:], "")
	}
	return s
}

// oneLine makes one line of a text, with another rune, or none if that is negative,
// in place of control bytes and of what turns the direction of writing or is
// there without being seen.
func oneLine(s string, other rune) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return other
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// transcriptBytes is how much of a request or an answer people are shown.
const transcriptBytes = 16 << 10

// transcript returns the beginning of what was sent or answered, its lines kept
// and fit for a terminal.
func transcript(s string) string {
	if len(s) > transcriptBytes {
		return shown(s[:transcriptBytes]) + "…"
	}
	return shown(s)
}

// transcriptEnd is transcript for output, whose end says what went wrong.
func transcriptEnd(s string) string {
	if len(s) > transcriptBytes {
		return "…" + shown(s[len(s)-transcriptBytes:])
	}
	return shown(s)
}

func shown(s string) string {
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return -1
		case r != '\n' && r != '\t' && !unicode.IsPrint(r):
			return '�'
		}
		return r
	}, s)
	return strings.TrimRight(s, "\n\t ")
}
