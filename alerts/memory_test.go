package alerts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"monitord/metric"
)

// A scripted result says for each second from 100 on: '1' the expression returns
// the alert, 'c' only clear does, '0' neither, 'x' it fails.
type scripted string

func (s scripted) at(t int64) byte { return s[min(max(t/second-100, 0), int64(len(s)-1))] }

func (s scripted) expr(t int64) ([]metric.Value, error) {
	switch s.at(t) {
	case '1':
		return always(1, "__name__", "e", "severity", "own", "disk", "a")(t)
	case 'x':
		return nil, fmt.Errorf("no luck")
	}
	return nil, nil
}

func (s scripted) clear(t int64) ([]metric.Value, error) {
	if s.at(t) == 'c' {
		return always(1, "__name__", "c", "severity", "own", "disk", "a")(t)
	}
	return nil, nil
}

// lives plays a script over a rule, a second each, with restarts (kill -9 once the
// tick is on disk, up again at the next one, as if no time had passed) before the
// ticks that restart asks for, and returns what happened when.
func lives(t *testing.T, rule RuleConfig, script string, restart func(i int) bool) []string {
	t.Helper()
	l := &life{t: t, disk: &disk{}, answers: answers{}, rules: []RuleConfig{rule}}
	played := scripted(script)
	l.answers[rule.Expr], l.answers[rule.Clear] = played.expr, played.clear
	l.start()
	var all []string
	for i := range script {
		if restart(i) {
			l.start()
		}
		for _, e := range l.tick(100+int64(i), false) {
			mark := ""
			if e.Alert.Flapping {
				mark = " flapping"
			}
			all = append(all, fmt.Sprintf("%d %s since %d%s", i, e.Kind, e.Alert.ActiveAt.Unix()-100, mark))
		}
	}
	return all
}

var remembering = map[string]struct {
	rule   RuleConfig
	script string
	want   []string
}{
	"for": {
		RuleConfig{Name: "A", Expr: "e", For: 5 * time.Second}, "0111111100111000",
		[]string{"1 pending since 1", "6 firing since 1", "8 resolved since 1", "10 pending since 10", "13 inactive since 10"},
	},
	"keep_firing_for": {
		RuleConfig{Name: "A", Expr: "e", KeepFiringFor: 5 * time.Second}, "0110001100000000",
		[]string{"1 firing since 1", "13 resolved since 1"},
	},
	"clear": {
		RuleConfig{Name: "A", Expr: "e", Clear: "c", Severity: "high"}, "01100100xxccc1100",
		[]string{"1 firing since 1", "10 resolved since 1", "13 firing since 13"},
	},
	"clear and keep_firing_for": {
		RuleConfig{Name: "A", Expr: "e", Clear: "c", Severity: "high", KeepFiringFor: 3 * time.Second}, "0110c00ccccc",
		[]string{"1 firing since 1", "10 resolved since 1"},
	},
	"flap": {
		RuleConfig{Name: "A", Expr: "e", Flap: &Flap{Changes: 5, Window: 30 * time.Second}}, "010101010" + "0000000000000000000000000000000",
		[]string{"1 firing since 1", "2 resolved since 1", "3 firing since 3", "4 resolved since 3", "5 firing since 5 flapping", "34 resolved since 5"},
	},
	"flap that goes on firing": {
		RuleConfig{Name: "A", Expr: "e", Flap: &Flap{Changes: 3, Window: 9 * time.Second}}, "10111111111111110000",
		[]string{"0 firing since 0", "1 resolved since 0", "2 firing since 2 flapping", "16 resolved since 2"},
	},
}

func TestMemoryOverARestartAtEveryStep(t *testing.T) {
	for name, tc := range remembering {
		t.Run(name, func(t *testing.T) {
			for k := range len(tc.script) {
				got := lives(t, tc.rule, tc.script, func(i int) bool { return i == k })
				if !slices.Equal(got, tc.want) {
					t.Errorf("restart before step %d:\n got %q\nwant %q", k, got, tc.want)
				}
			}
			if got := lives(t, tc.rule, tc.script, func(i int) bool { return false }); !slices.Equal(got, tc.want) {
				t.Errorf("without a restart:\n got %q\nwant %q", got, tc.want)
			}
		})
	}
}

// TestHolesDoNotCountForWhatIsKept: of the time in which an alert is gone, kept
// firing or flapping, only that counts in which the daemon ran.
func TestHolesDoNotCountForWhatIsKept(t *testing.T) {
	for name, tc := range map[string]struct {
		rule RuleConfig
		want []string
	}{
		"keep_firing_for": {RuleConfig{Name: "A", Expr: "e", KeepFiringFor: 10 * time.Second}, []string{"100 firing", "167 resolved"}},
		"with for":        {RuleConfig{Name: "A", Expr: "e", For: time.Second, KeepFiringFor: 10 * time.Second}, []string{"100 pending", "101 firing", "167 resolved"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := &life{t: t, disk: &disk{}, answers: answers{}, rules: []RuleConfig{tc.rule}}
			l.answers["e"] = between(100, 102)
			l.start()
			var got []string
			for at := int64(100); at <= 180; at++ {
				if at == 107 { // dead since 106; it is gone since 103, and three seconds of that count
					at = 160
					l.start()
				}
				for _, e := range l.tick(at, false) {
					got = append(got, fmt.Sprint(at, " ", e.Kind))
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestMemoryOfTicksThatNeverReachedTheDisk: what the daemon did at its last tick is
// done again after the restart, and only then told.
func TestMemoryOfTicksThatNeverReachedTheDisk(t *testing.T) {
	for name, tc := range remembering {
		for k := range len(tc.script) {
			l := &life{t: t, disk: &disk{}, answers: answers{}, rules: []RuleConfig{tc.rule}}
			script := scripted(tc.script)
			l.answers[tc.rule.Expr], l.answers[tc.rule.Clear] = script.expr, script.clear
			l.start()
			told := PhaseInactive
			for i := range len(tc.script) {
				if i == k {
					l.tick(100+int64(i), true)
					l.start()
					continue
				}
				for _, e := range l.tick(100+int64(i), false) {
					told = follow(t, told, e.Kind)
				}
			}
			if current, _ := l.log.Current(); (told != PhaseInactive) != (len(current) == 1) {
				t.Errorf("%s, dying at step %d: %s was told, current is %q", name, k, told, names(current))
			}
		}
	}
}
