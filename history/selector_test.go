package history

import (
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

func TestSelectors(t *testing.T) {
	web := labels.FromStrings(model.MetricNameLabel, "up", "job", "node", "instance", "web1")
	for _, tt := range []struct {
		in, canonical string
		matches       bool
	}{
		{"", "", true},
		{" {} ", "", true},
		{"up", `{__name__="up"}`, true},
		{"{ }", "", true},
		{"{} # all", "", true},
		{`{__name__="up"}`, `{__name__="up"}`, true},
		{`up{job="node",instance="web1"}`, `{__name__="up",instance="web1",job="node"}`, true},
		{`up{instance="web1" , job='node',job="node"}`, `{__name__="up",instance="web1",job="node"}`, true},
		{`{instance="web1","up"}`, `{__name__="up",instance="web1"}`, true},
		{`{severity!="critical"}`, `{severity!="critical"}`, true},
		{`{job=~"no.*"}`, `{job=~"no.*"}`, true},
		{`{job=~"o.*"}`, `{job=~"o.*"}`, false},
		{`{rack=""}`, `{rack=""}`, true},
		{`down`, `{__name__="down"}`, false},
	} {
		s, err := ParseSelector(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if s.Canonical() != tt.canonical || s.Matches(web) != tt.matches {
			t.Errorf("%q: %q, matches: %v; want %q, %v", tt.in, s.Canonical(), s.Matches(web), tt.canonical, tt.matches)
		}
	}
	for _, in := range []string{"up[5m]", "1", "up + up", `{a="1"`, `{a~"1"}`, `{a=~"("}`, "up @ 5", "sum(up)", strings.Repeat("a", MaxSelector+1)} {
		if s, err := ParseSelector(in); err == nil {
			t.Errorf("%.20q is taken as %.40q", in, s.Canonical())
		}
	}
}

func FuzzSelector(f *testing.F) {
	for _, s := range []string{"", "up", `up{a="b",c!~"d|e"}`, `{"a.b"="c"}`, `{a="\xff"}`, "{a='1'}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s, err := ParseSelector(in)
		if err != nil {
			return
		}
		again, err := ParseSelector(s.Canonical())
		if err != nil || again.Canonical() != s.Canonical() {
			t.Errorf("%q -> %q -> %q, %v", in, s.Canonical(), again.Canonical(), err)
		}
		s.Matches(labels.FromStrings("a", "b"))
	})
}
