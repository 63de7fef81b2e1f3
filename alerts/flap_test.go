package alerts

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFlap plays presences and absences, a second each, and says when the alert
// fires (F), is marked flapping at that (M), resolves (R), is held though absent
// (h) and loses its mark while present (u).
func TestFlap(t *testing.T) {
	for name, tc := range map[string]struct {
		timing     Timing
		play, want string
	}{
		"not often enough": {
			Timing{Flap: Flap{4, 10 * time.Second}},
			"1100001100001100000",
			"F R   F R   F R    "},
		"marked at the firing that is the fourth change or later": {
			// Changes at 0, 2, 4, 6 and 8: the firing at 4 is the third, the one at 8 the fifth.
			Timing{Flap: Flap{4, 10 * time.Second}},
			"1100110011000000000000",
			"F R F R M hhhhR       "},
		"goes on unmarked when it stays": {
			Timing{Flap: Flap{4, 10 * time.Second}},
			"11001100111111111111110",
			"F R F R M   u         R"},
		"held while it goes on coming and going": {
			Timing{Flap: Flap{4, 10 * time.Second}},
			"110011001100110011001111111111",
			"F R F R M hh  hh  hh    u     "},
		"one flap once, and again after it was calm": {
			Timing{Flap: Flap{3, 6 * time.Second}},
			"1010000000000001010000000",
			"FRMhhhhR       FRMhhhhR  "},
		"with keep_firing_for both must be over": {
			Timing{Flap: Flap{2, 10 * time.Second}, KeepFiringFor: 3 * time.Second},
			"1100001100000000000",
			"F hhhRM hhhhhhhhR  "},
		"keep_firing_for may be the longer one": {
			Timing{Flap: Flap{2, 3 * time.Second}, KeepFiringFor: 4 * time.Second},
			"100000100000000",
			"FhhhhRMhhhhR   "},
	} {
		t.Run(name, func(t *testing.T) {
			var s State
			var got strings.Builder
			for i, c := range tc.play {
				r := Result{Verdict: Absent}
				if c == '1' {
					r.Verdict = Present
				}
				before := s
				var kinds []Kind
				s, kinds = Transition(s, r, int64(i+1000)*second, tc.timing)
				switch {
				case slices.Contains(kinds, KindFiring) && s.Flapping:
					got.WriteByte('M')
				case slices.Contains(kinds, KindFiring):
					got.WriteByte('F')
				case slices.Contains(kinds, KindResolved):
					got.WriteByte('R')
				case s.Active() && r.Verdict == Absent:
					got.WriteByte('h')
				case before.Flapping && !s.Flapping:
					got.WriteByte('u')
				default:
					got.WriteByte(' ')
				}
			}
			if got.String() != tc.want {
				t.Errorf("\nplayed %q\n   got %q\n  want %q", tc.play, got.String(), tc.want)
			}
		})
	}
}

func TestFlapEndsWithTheKey(t *testing.T) {
	flap := Timing{Flap: Flap{2, time.Minute}}
	var s State
	for at := range int64(3) {
		v := Present
		if at == 1 {
			v = Absent
		}
		s, _ = Transition(s, Result{Verdict: v}, (100+at)*second, flap)
	}
	if !s.Flapping {
		t.Fatalf("state is %+v, want flapping", s)
	}
	s, kinds := Transition(s, Result{Verdict: Absent}, 103*second, Timing{})
	if !slices.Equal(kinds, []Kind{KindResolved}) || s.Changes != nil {
		t.Errorf("after flap was taken away: %v, %+v", kinds, s)
	}
}

func TestChangesMoveWithTheClock(t *testing.T) {
	if got := moved([]int64{3600_000, 3700_000}, -time.Hour); !slices.Equal(got, []int64{0, 100_000}) {
		t.Errorf("set back by an hour they are %v", got)
	}
	before := []int64{1, 2}
	if got := moved(before, time.Hour); !slices.Equal(got, before) {
		t.Errorf("after an hour they are %v", got)
	}
}
