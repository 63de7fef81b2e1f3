package hooks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
)

// believer is a receiver that believes what it hears last of each alert: once as it
// comes, and once without what comes under a key that it has had.
type believer struct {
	mu       sync.Mutex
	log      *refusing // of the daemon that runs
	random   *rand.Rand
	good     bool // takes everything
	killAt   int  // at which attempt the daemon is killed, counting down
	keys     map[string]string
	believes [2]map[string]string
	numbers  map[uint64]bool
	heard    []string // for people
}

func (b *believer) Send(_ context.Context, m *message.Message) send.Outcome {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.log.refuse.Load() {
		return send.Outcome{Err: errRefused}
	}
	n := b.random.IntN(10)
	took, said := true, send.Outcome{}
	switch {
	case b.good:
	case n < 4:
		took, said = false, send.Outcome{Err: errRefused, Permanent: true}
	case n < 5: // the answer got lost
		said = send.Outcome{Err: errRefused, Unanswered: true}
	case n < 6:
		took, said = false, send.Outcome{Err: errRefused}
	}
	if b.killAt--; b.killAt == 0 {
		b.log.refuse.Store(true)
	}
	b.heard = append(b.heard, fmt.Sprint(whatOf(m), " ", m.Key[strings.Index(m.Key, "-"):], " took ", took, " said ", said.Err))
	if !took {
		return said
	}
	before, again := b.keys[m.Key]
	if b.keys[m.Key] = whatOf(m); again && before != whatOf(m) {
		b.heard = append(b.heard, "OTHER THAN BEFORE: "+before)
	}
	for i, a := range m.Payload.Alerts {
		b.believes[0][a.Labels["alertname"]] = a.Status
		if !again {
			b.believes[1][a.Labels["alertname"]] = a.Status
		}
		b.numbers[m.Payload.Monitord.Alerts[i].Seq] = true
	}
	return said
}

func (*believer) Target() string { return "" }
func (*believer) Close()         {}

// TestRetryLeavesTheTruth: whatever happened before, of alerts, refusals, retries,
// restarts, kills and groups that change: after a last retry a receiver believes
// what is true, and has heard of everything.
func TestRetryLeavesTheTruth(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) { retryAtRandom(t, dir, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func retryAtRandom(t *testing.T, dir string, random *rand.Rand) {
	log, _ := openLog(t, dir)
	var l *refusing
	b := &believer{
		random: rand.New(rand.NewPCG(random.Uint64(), 0)), keys: map[string]string{}, numbers: map[uint64]bool{},
		believes: [2]map[string]string{{}, {}},
	}
	repeats, groups, changes, kills := random.IntN(2) == 0, random.IntN(2) == 0, random.IntN(3) == 0, random.IntN(3) == 0
	var r *Runner
	stop := func() {}
	restart := func() {
		stop()
		b.mu.Lock()
		l = &refusing{Log: log}
		b.log = l
		if b.killAt = 0; kills && !b.good && random.IntN(2) == 0 {
			b.killAt = 1 + random.IntN(12)
		}
		b.mu.Unlock()
		c := with("ops", b)
		if repeats {
			c.Repeat = time.Hour
		}
		if groups {
			c.GroupBy = []string{"severity"}
		}
		r, stop = start(t, l, c)
		after(0)
	}
	restart()
	names := []string{"A", "B", "C"}
	burns, silent := map[string]bool{}, map[string]bool{}
	tell := func(name string, kind alerts.Kind) {
		e := hooktest.Transition(name, kind, nil)
		if silent[name] {
			e = silenced(e, kind)
		}
		write(t, log, e)
	}
	for range 40 {
		name := names[random.IntN(len(names))]
		switch n := random.IntN(20); {
		case n < 8:
			if burns[name] = !burns[name]; burns[name] {
				tell(name, alerts.KindFiring)
			} else {
				tell(name, alerts.KindResolved)
			}
		case n < 9:
			if silent[name] = !silent[name]; !burns[name] {
				break
			}
			if silent[name] {
				tell(name, alerts.KindSilenced)
			} else {
				tell(name, alerts.KindUnsilenced)
			}
		case n < 12:
			after(time.Duration(random.IntN(4)) * time.Second)
		case n < 13:
			after(time.Duration(random.IntN(100)) * time.Minute)
		case n < 17:
			seq := uint64(0)
			if list, err := r.List(t.Context(), "ops"); err == nil && len(list[0].Dead) > 0 && random.IntN(2) == 0 {
				seq = list[0].Dead[random.IntN(len(list[0].Dead))].Seq
			}
			_, _ = r.Retry(t.Context(), "ops", seq) // a number may be gone
		case n < 18:
			restart()
		case n < 19 && changes:
			groups = !groups
			restart()
		}
		if l.refuse.Load() {
			restart()
		}
		if random.IntN(2) == 0 {
			after(0)
		}
	}
	b.mu.Lock()
	b.good = true
	b.mu.Unlock()
	restart()
	for name := range silent {
		if silent[name] = false; burns[name] {
			tell(name, alerts.KindUnsilenced)
		}
	}
	after(10 * time.Minute)
	for range 2 { // the second for what waited apart
		done, err := r.Retry(t.Context(), "ops", 0)
		if err != nil {
			t.Errorf("retried %+v, %v", done, err)
		}
		after(10 * time.Minute)
	}
	if list, err := r.List(t.Context(), "ops"); err != nil || list[0].DeadTotal != 0 || list[0].WaitingTotal != 0 {
		t.Errorf("left %+v, %v", list, err)
	}
	stop()
	for _, name := range names {
		want := "resolved"
		if burns[name] {
			want = "firing"
		}
		for i, believed := range b.believes {
			if i == 1 && kills {
				continue // after a kill nobody knows what it has had of what was being retried
			}
			if got := believed[name]; got != want && (got != "" || burns[name]) {
				t.Errorf("receiver %d believes that %s is %s", i, name, got)
			}
		}
	}
	told := map[string]bool{}
	for _, e := range all(t, log) {
		if e.Delivery != nil {
			continue
		}
		name := e.Alert.Labels.Get("alertname")
		if fires(&e) && !(e.Kind == alerts.KindUnsilenced && told[name]) || e.Kind == alerts.KindResolved && told[name] {
			if told[name] = e.Kind != alerts.KindResolved; !b.numbers[e.Seq] {
				t.Errorf("event %d, %s %s, was not told", e.Seq, name, e.Kind)
			}
		}
	}
	// What was attempted alone may be in a group after a kill, if groups changed.
	if t.Failed() || !changes && slices.ContainsFunc(b.heard, func(s string) bool { return strings.HasPrefix(s, "OTHER") }) {
		t.Errorf("%s", strings.Join(b.heard, "\n"))
		for _, e := range all(t, log) {
			t.Logf("%d %s %s %+v", e.Seq, e.Kind, e.Alert.Labels.Get("alertname"), e.Delivery)
		}
	}
}
