package collectors

import (
	"bytes"
	"fmt"
	"strconv"
)

// diskColumns is how many numbers /proc/diskstats has for a device on the newest
// kernel known: 11 before 4.18, 15 before 5.5.
const diskColumns = 17

// A diskLine is one device of /proc/diskstats.
type diskLine struct {
	device  []byte // valid as long as the data that was parsed
	columns [diskColumns]uint64
	n       int // how many of them the kernel has
}

// parseDiskstats calls fn for each line of a diskstats file, such as
// " 254       0 vda 51248 10023 …". It stops at the first error. See
// https://docs.kernel.org/admin-guide/iostats.html.
func parseDiskstats(data []byte, fn func(*diskLine)) error {
	var d diskLine
	for line := range bytes.Lines(data) {
		d.n = 0
		i := 0
		for field := range bytes.FieldsSeq(line) {
			switch {
			case i < 2: // major and minor number
			case i == 2:
				d.device = field
			case d.n < diskColumns:
				v, err := strconv.ParseUint(string(field), 10, 64)
				if err != nil {
					return fmt.Errorf("diskstats line %q: %w", line, err)
				}
				d.columns[d.n] = v
				d.n++
			}
			i++
		}
		switch {
		case i == 0:
			continue
		case d.n < diskAlways:
			return fmt.Errorf("diskstats line %q: %d numbers", line, d.n)
		}
		fn(&d)
	}
	return nil
}
