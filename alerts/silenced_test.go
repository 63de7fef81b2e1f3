package alerts

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"monitord/alerts/silence"
)

// silencedEvents evaluates at a second and returns what happened, with how many
// silences each alert was under then.
func (r *rig) silencedEvents(at int64) []string {
	r.t.Helper()
	events := r.Eval(context.Background(), at*second).Events
	all := brief(events)
	for i := range all {
		all[i] += fmt.Sprintf(" %d", len(events[i].Alert.SilencedBy))
	}
	return all
}

func (r *rig) expectSilenced(from, to int64, want map[int64][]string) {
	r.t.Helper()
	for at := from; at <= to; at++ {
		if got := r.silencedEvents(at); !slices.Equal(got, want[at]) {
			r.t.Errorf("second %d: %q, want %q", at, got, want[at])
		}
	}
}

func TestSilencedAlerts(t *testing.T) {
	s, clock, _ := quietly(t)
	r := newRig(t, EngineOptions{Silences: s},
		RuleConfig{Name: "A", Expr: "a", For: 3 * time.Second}, RuleConfig{Name: "B", Expr: "b"})
	r.answers["a"] = between(1001, 1019, "host", "x")
	r.answers["b"] = between(1001, 1008)
	put(t, s, silenceOf(t, 1003, 1010, `host="x"`))
	short := put(t, s, silenceOf(t, 1006, 1020, `alertname=~".+"`))
	put(t, s, silenceOf(t, 1015, 1030, `host="y"`)) // matches nothing
	r.expectSilenced(1001, 1007, map[int64][]string{
		1001: {`pending A{host="x"} 0`, "firing B 0"},
		1003: {`silenced A{host="x"} 1`},
		1004: {`firing A{host="x"} 1`},
		1006: {`silenced A{host="x"} 2`, "silenced B 1"},
	})
	clock.set(1007)
	if err := s.Expire(t.Context(), short); err != nil {
		t.Fatal(err)
	}
	r.expectSilenced(1008, 1012, map[int64][]string{
		1008: {`silenced A{host="x"} 1`, "unsilenced B 0"},
		1009: {"resolved B 0"},
		1010: {`unsilenced A{host="x"} 0`},
	})
	clock.set(1012)
	last := silenceOf(t, 1012, 1030, `alertname="A"`, `host!="z"`, `absent=""`)
	id := put(t, s, last)
	r.expectSilenced(1013, 1014, map[int64][]string{1013: {`silenced A{host="x"} 1`}})
	if got := r.Alerts()[0].SilencedBy; !slices.Equal(got, []string{id}) {
		t.Errorf("silenced by %q, want %q", got, id)
	}
	clock.set(1014)
	last.ID, last.EndsAt = id, instant(1040) // longer: the same silence, and nothing to say
	if put(t, s, last) != id {
		t.Error("another silence")
	}
	r.expectSilenced(1015, 1025, map[int64][]string{1020: {`resolved A{host="x"} 1`}})
	r.answers["a"] = between(1026, 1050, "host", "x")
	r.expectSilenced(1026, 1050, map[int64][]string{
		1026: {`pending A{host="x"} 1`},
		1029: {`firing A{host="x"} 1`},
		1040: {`unsilenced A{host="x"} 0`},
	})
}

// An alert is under the same silences after a restart, without another word; what
// changed while the daemon did not run is told.
func TestSilencedOverARestart(t *testing.T) {
	s, clock, l := quietly(t)
	put(t, s, silenceOf(t, 1000, 1100, `alertname="A"`))
	put(t, s, silenceOf(t, 1000, 1005, `alertname="B"`))
	put(t, s, silenceOf(t, 1004, 1100, `alertname="C"`))
	rules := []RuleConfig{{Name: "A", Expr: "a"}, {Name: "B", Expr: "a"}, {Name: "C", Expr: "a"}}
	r := newRig(t, EngineOptions{Silences: s}, rules...)
	r.answers["a"] = always(1)
	events := r.Eval(t.Context(), 1001*second).Events
	mustAppend(t, l, events)
	clock.set(1010)
	r = newRig(t, EngineOptions{Silences: s, Tracked: l.Tracked(), LastTick: 1001 * second}, rules...)
	r.answers["a"] = always(1)
	r.expectSilenced(1010, 1012, map[int64][]string{1010: {"unsilenced B 0", "silenced C 1"}})
}

func TestSilencesAndTheClock(t *testing.T) {
	s, _, _ := quietly(t)
	put(t, s, silenceOf(t, 1000, 1010, `alertname="A"`))
	r := newRig(t, EngineOptions{Silences: s}, RuleConfig{Name: "A", Expr: "a"})
	r.answers["a"] = always(1)
	r.expectSilenced(1001, 1002, map[int64][]string{1001: {"firing A 1"}})
	r.expectSilenced(5000, 5001, map[int64][]string{5000: {"unsilenced A 0"}})
	r.expectSilenced(1004, 1010, map[int64][]string{1004: {"silenced A 1"}, 1010: {"unsilenced A 0"}})
}

func TestQuietHoursAndTheEngine(t *testing.T) {
	s, _, _ := quietly(t)
	load := func(configs ...silence.Config) {
		t.Helper()
		if faults := s.Load(configs); len(faults) > 0 {
			t.Fatal(faults)
		}
	}
	hour := silence.Config{Name: "hour", Matchers: []string{`alertname="A"`}, From: "00:17", To: "00:18", TimeZone: "UTC"} // 1020 to 1080
	load(hour)
	r := newRig(t, EngineOptions{Silences: s}, RuleConfig{Name: "A", Expr: "a"})
	r.answers["a"] = always(1)
	r.expectSilenced(1018, 1040, map[int64][]string{1018: {"firing A 0"}, 1020: {"silenced A 1"}})
	want := s.List()[0].ID
	if got := r.Alerts()[0].SilencedBy; !slices.Equal(got, []string{want}) {
		t.Errorf("silenced by %q, want %q", got, want)
	}
	load(hour, silence.Config{Name: "once", Matchers: []string{`alertname="A"`}, Start: "1970-01-01T01:17:30+01:00", End: "1970-01-01T00:17:50Z"}) // 1050 to 1070
	r.expectSilenced(1041, 1060, map[int64][]string{1050: {"silenced A 2"}})
	load()
	r.expectSilenced(1061, 1062, map[int64][]string{1061: {"unsilenced A 0"}})
}
