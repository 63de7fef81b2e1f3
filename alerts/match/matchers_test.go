package match

import (
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

func TestParse(t *testing.T) {
	alert := labels.FromStrings("alertname", "DiskFull", "severity", "critical", "team", "db")
	for _, c := range []struct {
		texts []string
		want  string // canonical
		fits  bool
	}{
		{nil, "{}", true},
		{[]string{""}, "{}", true},
		{[]string{" {} "}, "{}", true},
		{[]string{`severity="critical"`}, `{severity="critical"}`, true},
		{[]string{`severity="warning"`}, `{severity="warning"}`, false},
		{[]string{`team=~"ops|db"`, `severity="critical"`, `severity="critical"`}, `{severity="critical",team=~"ops|db"}`, true},
		{[]string{`team=~"d"`}, `{team=~"d"}`, false}, // anchored
		{[]string{`{severity="critical"}`}, `{severity="critical"}`, true},
		{[]string{`{severity="critical", team!~"ops|x"}`}, `{severity="critical",team!~"ops|x"}`, true},
		{[]string{`severity="critical",team='db'`}, `{severity="critical",team="db"}`, true},
		{[]string{`severity=critical`}, `{severity="critical"}`, true},
		{[]string{` severity =~ crit.* `}, `{severity=~"crit.*"}`, true},
		{[]string{`summary!=a plain text`}, `{summary!="a plain text"}`, true},
		{[]string{`region=`}, `{region=""}`, true},
		{[]string{`region!=""`}, `{region!=""}`, false},
	} {
		ms, err := Parse(c.texts...)
		if err != nil {
			t.Errorf("%q: %v", c.texts, err)
			continue
		}
		if ms.String() != c.want || ms.Matches(alert) != c.fits {
			t.Errorf("%q: %s, fits %v", c.texts, ms, ms.Matches(alert))
		}
	}
	for _, bad := range []string{
		"severity", "=critical", `severity="critical`, `up{severity="critical"}`, `{__name__="up"}`, `{"up"}`, `team=~"("`, "team=~(", "a b=c", "}{",
		strings.Repeat("x", maxBytes) + "=y", strings.Repeat(`a="b",`, Max) + `c="d"`,
	} {
		if ms, err := Parse(bad); err == nil {
			t.Errorf("%.40q was taken as %s", bad, ms)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`severity="critical"`, `{a=~"b|c",d!="e"}`, "a=b", "{}", `{"x y"="z"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ms, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(ms.String())
		if err != nil || again.String() != ms.String() {
			t.Fatalf("%q became %s, and that %s: %v", text, ms, again, err)
		}
	})
}
