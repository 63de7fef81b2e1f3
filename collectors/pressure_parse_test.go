package collectors

import (
	"strings"
	"testing"
)

func TestParsePressure(t *testing.T) {
	tests := []struct {
		in    string
		want  stalls
		fault string
	}{
		{in: "some avg10=46.47 avg60=15.59 avg300=6.66 total=79466584\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n",
			want: stalls{some: 79466584, full: 12, hasSome: true, hasFull: true}},
		{in: "some avg10=0.00 avg60=0.00 avg300=0.00 total=7", want: stalls{some: 7, hasSome: true}},
		{in: "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", want: stalls{hasFull: true}},
		{in: "other avg10=0.00\n", want: stalls{}},
		{in: "some avg10=0.00\n", fault: "no total"},
		{in: "full total=x\n", fault: "invalid syntax"},
	}
	for _, test := range tests {
		got, err := parsePressure([]byte(test.in))
		if test.fault != "" {
			if err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%q: error %v, want %q", test.in, err, test.fault)
			}
		} else if err != nil || got != test.want {
			t.Errorf("%q: %+v, %v", test.in, got, err)
		}
	}
}

func FuzzParsePressure(f *testing.F) {
	f.Add([]byte("some avg10=46.47 avg60=15.59 avg300=6.66 total=79466584\nfull total=0\n"))
	f.Add([]byte("full"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parsePressure(data)
		if err == nil && (s.some > 0 && !s.hasSome || s.full > 0 && !s.hasFull) {
			t.Errorf("%+v", s)
		}
	})
}
