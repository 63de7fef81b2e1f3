package collectors

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// parseMeminfo calls fn for each line of a meminfo file, such as
// "Active(anon):  1568 kB" or "HugePages_Total:  0": the field's name as it
// stands there, whether the value is an amount of memory, and the value, then in
// bytes. It stops at the first error. See proc_meminfo(5).
func parseMeminfo(data []byte, fn func(field []byte, bytes bool, v float64) error) error {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		field, rest, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(field) == 0 {
			return fmt.Errorf("meminfo line %q: no field", line)
		}
		number, unit, isAmount := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
		n, err := strconv.ParseUint(string(number), 10, 64)
		if err != nil {
			return fmt.Errorf("meminfo line %q: %w", line, err)
		}
		v := float64(n)
		if isAmount {
			if unit := bytes.TrimSpace(unit); string(unit) != "kB" {
				return fmt.Errorf("meminfo line %q: unit %q", line, unit)
			}
			v *= 1024
		}
		if err := fn(field, isAmount, v); err != nil {
			return err
		}
	}
	return nil
}

// meminfoName makes a field's name fit for a metric's as node_exporter does:
// "Active(anon)" becomes "Active_anon". Anything else that a metric's name may
// not have becomes an underscore.
func meminfoName(field string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ')':
			return -1
		case r == '_', '0' <= r && r <= '9', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
			return r
		}
		return '_'
	}, field)
}
