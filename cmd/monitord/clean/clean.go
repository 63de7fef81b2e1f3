package clean

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text makes text from elsewhere safe for a terminal: control bytes, invalid
// UTF-8 and characters that change the direction or are not seen become U+FFFD.
func Text(s string) string {
	if !strings.ContainsFunc(s, unsafe) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unsafe(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// Lines is Text for a text of several lines.
func Lines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = Text(strings.ReplaceAll(line, "\t", " "))
	}
	return strings.Join(lines, "\n")
}

func unsafe(r rune) bool {
	return r == utf8.RuneError || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.C, r)
}

// JSON makes a JSON text one line that is safe for a terminal. JSON escapes
// control characters in strings, except for DEL and U+0080 to U+009F, which
// terminals obey too; line ends between tokens become spaces.
func JSON(b []byte) []byte {
	unsafe := func(r rune) bool { return r < ' ' || (r >= 0x7f && r < 0xa0) }
	if !strings.ContainsFunc(string(b), unsafe) {
		return b
	}
	const hex = "0123456789abcdef"
	var out []byte
	for _, r := range string(b) {
		switch {
		case r < ' ':
			out = append(out, ' ')
		case unsafe(r):
			out = append(out, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}
