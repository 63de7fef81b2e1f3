package history

import (
	"strings"
	"testing"
	"time"
)

// What takes seconds and a hundred megabytes to compile is refused at once.
func TestLargeRegexesAreRefused(t *testing.T) {
	for name, re := range map[string]string{
		"repetitions":       strings.Repeat("a{1000}", 1500),
		"of much":           "(" + strings.Repeat("ab", 1000) + "){1000}",
		"nested":            "(((abcdefgh){10}){10}){10}",
		"without an end":    "(" + strings.Repeat("x", 900) + "){900,}",
		"classes":           strings.Repeat(`\\pL`, 1000),
		"hidden repetition": strings.Repeat(`abc\x7b1000}`, 20),
		"long":              strings.Repeat("abcdefg.", 1500),
	} {
		for _, quoted := range []string{`"` + re + `"`, `'` + re + `'`} {
			begin := time.Now()
			for _, query := range []string{`up{a=~` + quoted + `}`, `label_replace(up, "a", "$1", "b", ` + quoted + `)`} {
				if _, err := ParseExpr(query); err == nil || !strings.Contains(err.Error(), "regular expressions") {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, err := ParseSelector(`{a!~` + quoted + `}`); err == nil || !strings.Contains(err.Error(), "regular expressions") {
				t.Errorf("selector, %s: %v", name, err)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("%s: refused after %v", name, took)
			}
		}
	}
	for _, query := range []string{
		`up{a=~"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs)$"}`,
		`{__name__=~"node_(cpu|memory|disk)_.+",device!~"^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$"}`,
		`up{a=~'it\'s|"so"'}`,
		"up{a=~`a{3,5}`}",
		`up{a="` + strings.Repeat("x", 9000) + `"}`,
		`up{a=~"` + strings.Repeat("host-a12|", 400) + `z"}`,
	} {
		if _, err := ParseExpr(query); err != nil {
			t.Errorf("%.80s: %v", query, err)
		}
	}
	if _, err := ParseExpr(`up{a=~"("}`); err == nil || strings.Contains(err.Error(), "too large") {
		t.Errorf("what is no regular expression: %v", err)
	}
}
