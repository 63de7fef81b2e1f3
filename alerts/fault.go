package alerts

import (
	"fmt"
	"strings"
)

// A Fault is one thing that is wrong with a configuration or its rules, and where.
type Fault struct {
	File string // as it was named; empty: no file
	Line int    // from 1; 0: the file as a whole, or unknown
	Key  string // path of the key, such as rules[2].expr; empty: of none
	Msg  string // what is wrong, what to do
}

// Error returns the fault as "FILE:LINE: key: what is wrong, what to do".
func (f Fault) Error() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
	}
	if f.Key != "" {
		b.WriteString(f.Key + ": ")
	}
	return b.String() + f.Msg
}

// lineOf finds a key in the lines of a file, or else the nearest one around it: a
// missing key is reported where it belongs.
func lineOf(lines map[string]int, key string) int {
	for key != "" {
		if n := lines[key]; n > 0 {
			return n
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return 0
}
