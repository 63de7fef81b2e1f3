package collectors

import (
	"bytes"
	"fmt"
	"strconv"
)

// stalls is the content of one file of /proc/pressure, in microseconds. A line
// that a kernel does not write is not there.
type stalls struct {
	some, full       uint64
	hasSome, hasFull bool
}

// parsePressure reads lines such as
// "some avg10=0.00 avg60=0.00 avg300=0.00 total=79466584". See
// https://docs.kernel.org/accounting/psi.html.
func parsePressure(data []byte) (stalls, error) {
	var s stalls
	for line := range bytes.Lines(data) {
		kind, rest, _ := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		switch string(kind) {
		case "some", "full":
		default:
			continue // of a kernel to come
		}
		_, number, ok := bytes.Cut(rest, []byte("total="))
		if !ok {
			return s, fmt.Errorf("pressure line %q: no total", line)
		}
		total, err := strconv.ParseUint(string(number), 10, 64)
		if err != nil {
			return s, fmt.Errorf("pressure line %q: %w", line, err)
		}
		if string(kind) == "some" {
			s.some, s.hasSome = total, true
		} else {
			s.full, s.hasFull = total, true
		}
	}
	return s, nil
}
