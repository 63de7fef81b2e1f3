package collectors

import (
	"bytes"
	"fmt"
	"strconv"
)

// parseStat calls fn for each line of /proc/stat with its first word and its
// first number, which of the lines that list many is their total. Lines of
// processors, whose first number is none, are left out. It stops at the first
// error. See proc_stat(5).
func parseStat(data []byte, fn func(key []byte, v uint64)) error {
	for line := range bytes.Lines(data) {
		key, rest, ok := bytes.Cut(bytes.TrimSpace(line), []byte(" "))
		if !ok || bytes.HasPrefix(key, []byte("cpu")) {
			continue
		}
		number, _, _ := bytes.Cut(rest, []byte(" "))
		v, err := strconv.ParseUint(string(number), 10, 64)
		if err != nil {
			return fmt.Errorf("stat line %q: %w", key, err)
		}
		fn(key, v)
	}
	return nil
}
