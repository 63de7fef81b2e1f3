package hooks

import (
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/match"
)

func choosing(t *testing.T, name string, f *fake, texts ...string) compiled {
	t.Helper()
	c := with(name, f)
	var err error
	if c.matchers, err = match.Parse(texts...); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMatchersChoose: of rules that name no hook the matchers decide, of others
// the names alone.
func TestMatchersChoose(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		critical, a, all := &fake{}, &fake{}, &fake{}
		_, stop := start(t, log,
			choosing(t, "critical", critical, `severity="warning"`),
			choosing(t, "a", a, `alertname=~"A|one|none"`, `severity="critical"`),
			with("all", all))
		after(0)
		for _, kind := range []alerts.Kind{alerts.KindFiring, alerts.KindResolved} {
			write(t, log,
				hooktest.Transition("A", kind, nil), hooktest.Transition("B", kind, nil), hooktest.Transition("none", kind, []string{}),
				hooktest.Transition("one", kind, []string{"critical"}))
			after(time.Second)
		}
		hooktest.Equal(t, "whose matchers fit nothing", critical.whats(), []string{"one firing", "one resolved"})
		hooktest.Equal(t, "whose matchers fit one", a.whats(), []string{"A firing", "A resolved"})
		if n := len(all.whats()); n != 4 {
			t.Errorf("without matchers: %v", all.whats())
		}
		stop()
	})
}

// TestResolvedFollowsFiring: who was told of the firing is told of the end,
// whatever the configuration says by then; who was not, is not.
func TestResolvedFollowsFiring(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		old, late := &fake{}, &fake{}
		r, stop := start(t, log, with("old", old), choosing(t, "late", late, "severity=warning"))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(time.Second)
		r.mu.Lock()
		r.reload = []compiled{choosing(t, "old", old, "severity=warning"), with("late", late)}
		r.mu.Unlock()
		r.poke()
		after(0)
		write(t, log, hooktest.Transition("A", alerts.KindResolved, []string{}), hooktest.Firing("B"))
		after(time.Second)
		hooktest.Equal(t, "told before", old.whats(), []string{"A firing", "A resolved"})
		hooktest.Equal(t, "not told before", late.whats(), []string{"B firing"})
		stop()
	})
}

// silenced makes of an event one of an alert under a silence.
func silenced(e alerts.Event, kind alerts.Kind) alerts.Event {
	e.Kind = kind
	if kind != alerts.KindUnsilenced {
		e.Alert.SilencedBy = []string{"s"}
	}
	return e
}

func TestSilenced(t *testing.T) {
	for name, c := range map[string]struct {
		events []alerts.Event
		want   []string
	}{
		"fires and ends in silence": {[]alerts.Event{
			silenced(hooktest.Firing("A"), alerts.KindFiring), silenced(hooktest.Resolved("A"), alerts.KindResolved)}, nil},
		"fires in silence, which ends first": {[]alerts.Event{
			silenced(hooktest.Firing("A"), alerts.KindFiring), silenced(hooktest.Firing("A"), alerts.KindUnsilenced), hooktest.Resolved("A")}, []string{"A firing", "A resolved"}},
		"silenced after it was told": {[]alerts.Event{
			hooktest.Firing("A"), silenced(hooktest.Firing("A"), alerts.KindSilenced), silenced(hooktest.Resolved("A"), alerts.KindResolved)}, []string{"A firing", "A resolved"}},
		"silenced and unsilenced after it was told": {[]alerts.Event{
			hooktest.Firing("A"), silenced(hooktest.Firing("A"), alerts.KindSilenced), silenced(hooktest.Firing("A"), alerts.KindUnsilenced), hooktest.Resolved("A")}, []string{"A firing", "A resolved"}},
		"fires again in silence": {[]alerts.Event{
			hooktest.Firing("A"), hooktest.Resolved("A"), silenced(hooktest.Firing("A"), alerts.KindFiring), silenced(hooktest.Resolved("A"), alerts.KindResolved)}, []string{"A firing", "A resolved"}},
		"pending in silence": {[]alerts.Event{
			silenced(hooktest.Transition("A", alerts.KindPending, nil), alerts.KindPending), silenced(pending("A"), alerts.KindUnsilenced), hooktest.Transition("A", alerts.KindInactive, nil)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, log *alerts.Log) {
				f, restarted := &fake{}, &fake{}
				_, stop := start(t, log, with("ops", f))
				after(0)
				for _, e := range c.events {
					write(t, log, e)
					after(time.Minute)
				}
				hooktest.Equal(t, "calls", f.whats(), c.want)
				stop()
				// Once more, with a restart after each event.
				_, stop = start(t, log, with("again", restarted))
				after(time.Minute)
				stop()
				for _, e := range c.events {
					write(t, log, e)
					_, stop = start(t, log, with("again", restarted))
					after(time.Minute)
					stop()
				}
				hooktest.Equal(t, "with restarts", restarted.whats(), c.want)
			})
		})
	}
}

func pending(name string) alerts.Event {
	e := hooktest.Transition(name, alerts.KindPending, nil)
	e.Alert.State = alerts.PhasePending
	return e
}

// TestNewHookAndSilence: a new hook begins with what fires and is not silenced.
func TestNewHookAndSilence(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"), silenced(hooktest.Firing("A"), alerts.KindSilenced))
		f := &fake{}
		_, stop := start(t, log, with("ops", f))
		after(time.Minute)
		write(t, log, hooktest.Resolved("A"), hooktest.Resolved("B"))
		after(time.Minute)
		hooktest.Equal(t, "calls", f.whats(), []string{"B firing", "B resolved"})
		stop()
	})
}

// TestOlderNote: a note of a version that did not say what was told: what fires
// now and fired then counts as told.
func TestOlderNote(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
		note := alerts.Progress{Hook: "ops", Key: progressKey, Data: []byte(`{"after":2}`)}
		if _, err := log.Append(t.Context(), nil, note); err != nil {
			t.Fatal(err)
		}
		write(t, log, hooktest.Resolved("B"))
		f := &fake{}
		c := with("ops", f)
		c.Repeat = time.Hour
		_, stop := start(t, log, c)
		after(time.Minute)
		hooktest.Equal(t, "calls", f.whats(), []string{"B resolved"})
		after(time.Hour)
		hooktest.Equal(t, "repeat", f.keys()[1:], []string{"A firing ops-1-r1"})
		write(t, log, hooktest.Resolved("A"))
		after(time.Minute)
		hooktest.Equal(t, "end", f.whats()[2:], []string{"A resolved"})
		stop()
	})
}
