package silence

import (
	"fmt"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/match"
)

// The notice that a silence ends is not silenced by that one.
func TestSilenceDoesNotSilenceItsEnd(t *testing.T) {
	everything := silenceOf(t, 1000, 2000, `severity=~".*"`, `alertname=~".+"`)
	everything.ID = "a"
	notice := func(id string) labels.Labels { return labels.FromStrings("alertname", Notice, "silence", id) }
	if everything.Matches(notice("a")) {
		t.Error("the notice of its own end is silenced")
	}
	if !everything.Matches(notice("b")) {
		t.Error("the notice of another's end is not silenced")
	}
}

// Matching costs when something changes and not at every tick.
func BenchmarkTick(b *testing.B) {
	for _, changes := range []bool{false, true} {
		b.Run(fmt.Sprintf("changes=%v", changes), func(b *testing.B) {
			s := Follow(&Silences{})
			set := &stock{made: map[string]*Silence{}}
			ms, err := match.Parse(`alertname=~"A.*"`, `host!="a"`)
			if err != nil {
				b.Fatal(err)
			}
			for i := range 100 {
				id := fmt.Sprintf("%03d", i)
				set.made[id] = &Silence{ID: id, Matchers: ms, StartsAt: instant(0), EndsAt: instant(1e9)}
			}
			s.silences.set.Store(set)
			t := int64(1000)
			for b.Loop() {
				if changes {
					again := *set
					s.silences.set.Store(&again)
				}
				s.Tick(t)
				t++
			}
		})
	}
}
