package collectors

import (
	"strings"
	"testing"
)

func TestParseDiskstats(t *testing.T) {
	const all = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17"
	tests := []struct {
		in, device string
		n          int
		fault      string
	}{
		{in: "254 0 vda " + all, device: "vda", n: 17},
		{in: "  254       0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n", device: "vda", n: 15},
		{in: "8 1 sda1 1 2 3 4 5 6 7 8 9 10 11\n", device: "sda1", n: 11},
		{in: "254 0 vda " + all + " 18 19", device: "vda", n: 17},
		{in: "\n"},
		{in: "8 1 sda1 1 2 3 4", fault: "4 numbers"},
		{in: "8 1", fault: "0 numbers"},
		{in: "8 1 sda1 1 2 3 4 5 6 7 8 9 10 -11", fault: "invalid syntax"},
		{in: "8 1 sda1 1 2 3 4 5 6 7 8 9 10 18446744073709551616", fault: "out of range"},
	}
	for _, test := range tests {
		var got []diskLine
		err := parseDiskstats([]byte(test.in), func(d *diskLine) { got = append(got, *d) })
		if test.fault != "" {
			if err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%q: error %v, want %q", test.in, err, test.fault)
			}
			continue
		}
		if err != nil || (len(got) == 1) != (test.n > 0) {
			t.Errorf("%q: %d devices, %v", test.in, len(got), err)
			continue
		}
		for _, d := range got {
			if string(d.device) != test.device || d.n != test.n || d.columns[0] != 1 || d.columns[d.n-1] != uint64(d.n) {
				t.Errorf("%q: %s, %v", test.in, d.device, d)
			}
		}
	}
}

func FuzzParseDiskstats(f *testing.F) {
	f.Add([]byte("254 0 vda 1 2 3 4 5 6 7 8 9 10 11\n8 0 sda 1"))
	f.Add([]byte(""))
	f.Add([]byte("\x00 \xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = parseDiskstats(data, func(d *diskLine) {
			if d.n < diskAlways || d.n > diskColumns || len(d.device) == 0 {
				t.Errorf("%q with %d columns", d.device, d.n)
			}
		})
	})
}
