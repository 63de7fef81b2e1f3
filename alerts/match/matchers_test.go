package match

import (
	"slices"
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
		"a=~" + strings.Repeat(`\pL`, 26), `a=~"` + strings.Repeat(`\\pL`, 26) + `"`, `{b="c",a!~'` + strings.Repeat(`\\PL`, 26) + `'}`, "a=~(.{100}){51}", "a=~(x{999}){0,6}y{999}",
	} {
		if ms, err := Parse(bad); err == nil {
			t.Errorf("%.40q was taken as %s", bad, ms)
		}
	}
}

// TestManyTexts: what is too much is refused before any of it is compiled.
func TestManyTexts(t *testing.T) {
	texts := slices.Repeat([]string{`a="b"`}, Max)
	if ms, err := Parse(texts...); err != nil || len(ms.All()) != 1 {
		t.Errorf("%s, %v", ms, err)
	}
	if _, err := Parse(append(texts, "(")...); err == nil || err.Error() != "has 65 matchers, must have at most 64" {
		t.Errorf("one more: %v", err)
	}
	if _, err := Parse(`team=~"` + strings.Repeat("ops-[0-9]+|", 300) + `"`); err != nil {
		t.Errorf("a long list: %v", err)
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
