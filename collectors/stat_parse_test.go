package collectors

import (
	"maps"
	"strings"
	"testing"
)

func TestParseStat(t *testing.T) {
	tests := []struct {
		in    string
		want  map[string]uint64
		fault string
	}{
		{in: "cpu  1 2\ncpu0 1 2\nintr 687901 0 0 9\nctxt 1173363\nbtime 1795268085\n",
			want: map[string]uint64{"intr": 687901, "ctxt": 1173363, "btime": 1795268085}},
		{in: "page\n\nctxt 1", want: map[string]uint64{"ctxt": 1}},
		{in: "ctxt -1\n", fault: "invalid syntax"},
		{in: "intr 18446744073709551616 1\n", fault: "out of range"},
	}
	for _, test := range tests {
		got := make(map[string]uint64)
		err := parseStat([]byte(test.in), func(key []byte, v uint64) { got[string(key)] = v })
		if test.fault != "" {
			if err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%q: error %v, want %q", test.in, err, test.fault)
			}
		} else if err != nil || !maps.Equal(got, test.want) {
			t.Errorf("%q: %v, %v", test.in, got, err)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("cpu  1 2\nintr 687901 0 0 9\nctxt 1173363\n"))
	f.Add([]byte("x "))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = parseStat(data, func(key []byte, _ uint64) {
			if strings.HasPrefix(string(key), "cpu") {
				t.Errorf("key %q", key)
			}
		})
	})
}
