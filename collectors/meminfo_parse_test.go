package collectors

import (
	"math"
	"strings"
	"testing"
)

func TestParseMeminfo(t *testing.T) {
	tests := []struct {
		in, field string
		amount    bool
		v         float64
		fault     string
	}{
		{in: "MemTotal:       24684092 kB\n", field: "MemTotal", amount: true, v: 24684092 * 1024},
		{in: "Active(anon): 1 kB", field: "Active(anon)", amount: true, v: 1024},
		{in: "HugePages_Total:       0\n", field: "HugePages_Total"},
		{in: "VmallocTotal:   34359738367 kB", field: "VmallocTotal", amount: true, v: 34359738367 * 1024},
		{in: "MemTotal 1 kB", fault: "no field"},
		{in: ": 1 kB", fault: "no field"},
		{in: "MemTotal: 1 MB", fault: `unit "MB"`},
		{in: "MemTotal: -1 kB", fault: "invalid syntax"},
		{in: "MemTotal:", fault: "invalid syntax"},
		{in: "MemTotal: 99999999999999999999 kB", fault: "out of range"},
	}
	for _, test := range tests {
		var field string
		var amount bool
		var v float64
		err := parseMeminfo([]byte(test.in), func(f []byte, a bool, x float64) error {
			field, amount, v = string(f), a, x
			return nil
		})
		if test.fault != "" {
			if err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%q: error %v, want %q", test.in, err, test.fault)
			}
			continue
		}
		if err != nil || field != test.field || amount != test.amount || v != test.v {
			t.Errorf("%q: %q, %v, %v, %v", test.in, field, amount, v, err)
		}
	}
}

func FuzzParseMeminfo(f *testing.F) {
	f.Add([]byte("MemTotal:       24684092 kB\nActive(anon): 1 kB\nHugePages_Total:       0\n"))
	f.Add([]byte("A:"))
	f.Add([]byte("\n\n: 1 kB"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = parseMeminfo(data, func(field []byte, _ bool, v float64) error {
			if len(field) == 0 || v < 0 || math.IsInf(v, 0) || math.IsNaN(v) {
				t.Errorf("field %q = %v", field, v)
			}
			for _, r := range meminfoName(string(field)) {
				if !strings.ContainsRune("_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", r) {
					t.Errorf("field %q gives a name with %q", field, r)
				}
			}
			return nil
		})
	})
}
