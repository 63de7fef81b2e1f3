package alerts

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

const second = int64(1000)

// step is one evaluation: at a number of seconds, with a verdict.
type step struct {
	at      int64
	verdict Verdict
	value   float64
	want    []Kind
}

func TestTransition(t *testing.T) {
	pending, firing := []Kind{KindPending}, []Kind{KindFiring}
	resolved, inactive := []Kind{KindResolved}, []Kind{KindInactive}
	for name, tc := range map[string]struct {
		hold  time.Duration
		keep  time.Duration
		steps []step
		want  State
	}{
		"nothing happens to what never was": {
			steps: []step{{at: 10, verdict: Absent}, {at: 11, verdict: Unknown}, {at: 12, verdict: Unfilled}},
			want:  State{Phase: PhaseInactive, Checked: 12 * second},
		},
		"without for it fires at once and was never pending": {
			steps: []step{{10, Present, 1, firing}, {11, Present, 2, nil}},
			want:  State{Phase: PhaseFiring, ActiveAt: 10 * second, FiringAt: 10 * second, Checked: 11 * second, Value: 2},
		},
		"it resolves when the expression no longer returns it": {
			steps: []step{{10, Present, 1, firing}, {11, Absent, 0, resolved}, {12, Absent, 0, nil}},
			want:  State{Phase: PhaseInactive, ActiveAt: 10 * second, FiringAt: 10 * second, Checked: 12 * second, Value: 1},
		},
		"it fires at the first evaluation that is for after the first": {
			hold:  5 * time.Second,
			steps: []step{{10, Present, 1, pending}, {14, Present, 1, nil}, {15, Present, 3, firing}},
			want:  State{Phase: PhaseFiring, ActiveAt: 10 * second, FiringAt: 15 * second, Checked: 15 * second, Value: 3},
		},
		"for shorter than the distance of evaluations": {
			hold:  time.Second,
			steps: []step{{10, Present, 1, pending}, {70, Present, 1, firing}},
			want:  State{Phase: PhaseFiring, ActiveAt: 10 * second, FiringAt: 70 * second, Checked: 70 * second, Value: 1},
		},
		"pending that ends is inactive, and for begins anew": {
			hold: 5 * time.Second,
			steps: []step{
				{10, Present, 1, pending}, {14, Absent, 0, inactive},
				{15, Present, 1, pending}, {19, Present, 1, nil}, {20, Present, 1, firing},
			},
			want: State{Phase: PhaseFiring, ActiveAt: 15 * second, FiringAt: 20 * second, Checked: 20 * second, Value: 1},
		},
		"a failed evaluation changes nothing, and its time counts": {
			hold:  5 * time.Second,
			steps: []step{{10, Present, 1, pending}, {12, Unknown, 0, nil}, {16, Unknown, 0, nil}, {17, Present, 1, firing}},
			want:  State{Phase: PhaseFiring, ActiveAt: 10 * second, FiringAt: 17 * second, Checked: 17 * second, Value: 1},
		},
		"a failed evaluation does not resolve": {
			steps: []step{{10, Present, 1, firing}, {11, Unknown, 0, nil}, {12, Absent, 0, resolved}},
			want:  State{Phase: PhaseInactive, ActiveAt: 10 * second, FiringAt: 10 * second, Checked: 12 * second, Value: 1},
		},
		"absence over a hole resolves nothing": {
			steps: []step{{10, Present, 1, firing}, {11, Unfilled, 0, nil}, {12, Unfilled, 0, nil}, {13, Absent, 0, resolved}},
			want:  State{Phase: PhaseInactive, ActiveAt: 10 * second, FiringAt: 10 * second, Checked: 13 * second, Value: 1, memory: memory{Lost: 2 * time.Second}},
		},
		"time of absence over a hole does not count for for": {
			hold: 5 * time.Second,
			steps: []step{
				{10, Present, 1, pending}, {12, Unfilled, 0, nil}, {14, Unfilled, 0, nil},
				{15, Present, 1, nil}, {18, Present, 1, nil}, {19, Present, 1, firing},
			},
			want: State{Phase: PhaseFiring, ActiveAt: 10 * second, FiringAt: 19 * second, Checked: 19 * second, Value: 1, memory: memory{Lost: 4 * time.Second}},
		},
		"it goes on firing for keep_firing_for": {
			keep: 5 * time.Second,
			steps: []step{
				{10, Present, 1, firing}, {12, Absent, 0, nil}, {16, Absent, 0, nil}, {17, Absent, 0, resolved}, {18, Absent, 0, nil},
			},
			want: State{Phase: PhaseInactive, ActiveAt: 10 * second, FiringAt: 10 * second, Checked: 18 * second, Value: 1},
		},
		"what comes back is kept firing anew": {
			keep: 5 * time.Second,
			steps: []step{
				{10, Present, 1, firing}, {12, Absent, 0, nil}, {16, Present, 2, nil}, {17, Absent, 0, nil}, {21, Absent, 0, nil}, {22, Absent, 0, resolved},
			},
			want: State{Phase: PhaseInactive, ActiveAt: 10 * second, FiringAt: 10 * second, Checked: 22 * second, Value: 2},
		},
		"keep_firing_for is nothing to a pending alert": {
			hold: 5 * time.Second, keep: 5 * time.Second,
			steps: []step{{10, Present, 1, pending}, {11, Absent, 0, inactive}},
			want:  State{Phase: PhaseInactive, ActiveAt: 10 * second, Checked: 11 * second, Value: 1},
		},
		"time of absence over a hole does not count for keep_firing_for": {
			keep: 5 * time.Second,
			steps: []step{
				{10, Present, 1, firing}, {12, Absent, 0, nil}, {14, Unfilled, 0, nil}, {15, Unknown, 0, nil}, {18, Absent, 0, nil}, {19, Absent, 0, resolved},
			},
			want: State{Phase: PhaseInactive, ActiveAt: 10 * second, FiringAt: 10 * second, Checked: 19 * second, Value: 1, memory: memory{Lost: 2 * time.Second}},
		},
		"what is not cleared fires on, and is kept firing from when it is": {
			keep: 5 * time.Second,
			steps: []step{
				{10, Present, 1, firing}, {12, Absent, 0, nil}, {13, Uncleared, 0, nil}, {18, Uncleared, 0, nil},
				{19, Absent, 0, nil}, {23, Absent, 0, nil}, {24, Absent, 0, resolved},
			},
			want: State{Phase: PhaseInactive, ActiveAt: 10 * second, FiringAt: 10 * second, Checked: 24 * second, Value: 1},
		},
		"clear is nothing to a pending alert": {
			hold:  5 * time.Second,
			steps: []step{{10, Present, 1, pending}, {11, Uncleared, 0, inactive}},
			want:  State{Phase: PhaseInactive, ActiveAt: 10 * second, Checked: 11 * second, Value: 1},
		},
		"it comes back": {
			steps: []step{{10, Present, 1, firing}, {11, Absent, 0, resolved}, {12, Present, 7, firing}},
			want:  State{Phase: PhaseFiring, ActiveAt: 12 * second, FiringAt: 12 * second, Checked: 12 * second, Value: 7},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s State
			for _, step := range tc.steps {
				var got []Kind
				s, got = Transition(s, Result{Verdict: step.verdict, Value: step.value}, step.at*second, Timing{For: tc.hold, KeepFiringFor: tc.keep})
				if !slices.Equal(got, step.want) {
					t.Fatalf("at %d s: events %v, want %v", step.at, got, step.want)
				}
			}
			if !reflect.DeepEqual(s, tc.want) {
				t.Errorf("state is %+v, want %+v", s, tc.want)
			}
		})
	}
}

func TestTransitionWhenForChanges(t *testing.T) {
	firing := State{Phase: PhaseFiring, ActiveAt: 10 * second, FiringAt: 20 * second, Checked: 20 * second}
	if _, kinds := Transition(firing, Result{Verdict: Present}, 21*second, Timing{For: time.Hour}); kinds != nil {
		t.Errorf("a longer for gave %v to a firing alert, want nothing", kinds)
	}
	pending := State{Phase: PhasePending, ActiveAt: 10 * second, Checked: 20 * second}
	if _, kinds := Transition(pending, Result{Verdict: Present}, 21*second, Timing{For: 5 * time.Second}); !slices.Equal(kinds, []Kind{KindFiring}) {
		t.Errorf("a shorter for gave %v to a pending alert, want firing", kinds)
	}
}

func TestAwayDoesNotCount(t *testing.T) {
	for name, tc := range map[string]struct {
		away  time.Duration
		until int64
		fires int64 // at which second it fires, with for = 10 s and pending since second 100
	}{
		"no hole":            {0, 103, 110},
		"stopped for a day":  {24 * time.Hour, 103 + 86400, 110 + 86400},
		"clock set back 50s": {-50 * time.Second, 53, 60},
	} {
		t.Run(name, func(t *testing.T) {
			timing := Timing{For: 10 * time.Second}
			s, _ := Transition(State{}, Result{Verdict: Present}, 100*second, timing)
			s, _ = Transition(s, Result{Verdict: Present}, 103*second, timing)
			s = s.Away(tc.away, tc.until*second)
			for at := tc.until; at <= tc.fires; at++ {
				var kinds []Kind
				s, kinds = Transition(s, Result{Verdict: Present}, at*second, timing)
				if fired := len(kinds) > 0; fired != (at == tc.fires) {
					t.Fatalf("second %d: events %v, want firing at second %d", at, kinds, tc.fires)
				}
			}
		})
	}
}

func TestAwayDoesNotCountForKeepFiring(t *testing.T) {
	timing := Timing{KeepFiringFor: 10 * time.Second}
	s, _ := Transition(State{}, Result{Verdict: Present}, 100*second, timing)
	s, _ = Transition(s, Result{Verdict: Absent}, 103*second, timing)
	s = s.Away(time.Hour, 3703*second)
	for at := int64(3703); at <= 3710; at++ {
		var kinds []Kind
		s, kinds = Transition(s, Result{Verdict: Absent}, at*second, timing)
		if resolved := len(kinds) > 0; resolved != (at == 3710+3) && at < 3710 {
			t.Fatalf("second %d: events %v", at, kinds)
		}
	}
	if s, kinds := Transition(s, Result{Verdict: Absent}, 3713*second, timing); !slices.Equal(kinds, []Kind{KindResolved}) || s.Active() {
		t.Errorf("after ten seconds of running: %v, %+v", kinds, s)
	}
}

// TestTransitionInvariants holds over random sequences: what the events say is
// what the state says, every firing has its resolved, no pending fires early.
func TestTransitionInvariants(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		timing := Timing{For: time.Duration(rng.IntN(20)) * time.Second}
		if rng.IntN(2) == 0 {
			timing.KeepFiringFor = time.Duration(rng.IntN(20)) * time.Second
		}
		if rng.IntN(2) == 0 {
			timing.Flap = Flap{Changes: 2 + rng.IntN(6), Window: time.Duration(1+rng.IntN(60)) * time.Second}
		}
		var s State
		told := PhaseInactive // what a subscriber believes
		now := int64(1_000_000)
		for range 300 {
			now += second * int64(1+rng.IntN(4))
			if rng.IntN(40) == 0 {
				away := time.Duration(rng.IntN(500)) * time.Second
				now += away.Milliseconds()
				s = s.Away(away, now)
			}
			before := s
			r := Result{Verdict: Verdict(rng.IntN(5)), Value: rng.Float64()}
			var kinds []Kind
			s, kinds = Transition(s, r, now, timing)
			for _, kind := range kinds {
				told = follow(t, told, kind)
			}
			if active := s.Active(); active && s.Phase != told || !active && told != PhaseInactive {
				t.Fatalf("seed %d: state %+v, but the events say %s", seed, s, told)
			}
			held := timing.KeepFiringFor > 0 || s.Flapping
			if r.Verdict == Present && !s.Active() || r.Verdict == Absent && s.Active() && (!held || s.Phase != PhaseFiring) {
				t.Fatalf("seed %d: verdict %d left %+v", seed, r.Verdict, s)
			}
			if s.Flapping && (s.Phase != PhaseFiring || len(timing.Flap.recent(s.Changes, now)) < timing.Flap.Changes && r.Verdict != Unknown && r.Verdict != Unfilled) {
				t.Fatalf("seed %d: flaps without reason: %+v", seed, s)
			}
			if slices.Contains(kinds, KindResolved) && now-max(before.GoneAt, 1) < timing.KeepFiringFor.Milliseconds() {
				t.Fatalf("seed %d: resolved after %d ms, keep_firing_for is %v", seed, now-before.GoneAt, timing.KeepFiringFor)
			}
			if len(s.Changes) > timing.Flap.Changes {
				t.Fatalf("seed %d: %d changes are kept", seed, len(s.Changes))
			}
			if (r.Verdict == Unknown || r.Verdict == Unfilled) && s.Phase != before.Phase {
				t.Fatalf("seed %d: verdict %d changed %+v to %+v", seed, r.Verdict, before, s)
			}
			if s.Phase == PhaseFiring {
				if held := time.Duration(s.FiringAt-s.ActiveAt) * time.Millisecond; held < timing.For {
					t.Fatalf("seed %d: fired after %v, for is %v", seed, held, timing.For)
				}
			}
		}
	}
}

// follow moves a subscriber's belief over an event that must be possible there.
func follow(t *testing.T, told Phase, kind Kind) Phase {
	t.Helper()
	switch {
	case kind == KindPending && told == PhaseInactive:
		return PhasePending
	case kind == KindFiring && told != PhaseFiring:
		return PhaseFiring
	case kind == KindResolved && told == PhaseFiring, kind == KindInactive && told == PhasePending:
		return PhaseInactive
	}
	t.Fatalf("event %s for an alert that is %s", kind, told)
	return told
}

// TestTransitionEndsWhatLostMoreThanPassed: what a rule does not keep firing, or no
// longer, ends whatever was taken to be lost since it went.
func TestTransitionEndsWhatLostMoreThanPassed(t *testing.T) {
	kept := Timing{KeepFiringFor: time.Minute}
	s, _ := Transition(State{}, Result{Verdict: Present}, 1000, kept)
	s, _ = Transition(s, Result{Verdict: Absent}, 2000, kept)
	s = s.Away(3*time.Second, 4000) // from the tick before, the only one that was stored
	if same, kinds := Transition(s, Result{Verdict: Absent}, 4000, kept); len(kinds) != 0 || same.Phase != PhaseFiring {
		t.Errorf("it was not kept: %v %v", same, kinds)
	}
	if s, kinds := Transition(s, Result{Verdict: Absent}, 4000, Timing{}); len(kinds) != 1 || kinds[0] != KindResolved || s.Phase != PhaseInactive {
		t.Errorf("it did not end: %v %v", s, kinds)
	}
}
