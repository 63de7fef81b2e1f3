package alerts

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/journal"
	"monitord/metric"
)

// life is a daemon over restarts: one directory, one history of answers.
type life struct {
	t       *testing.T
	dir     string // of a real journal
	disk    *disk  // in place of dir, where the syncs would take too long
	answers answers
	last    int64 // newest tick stored, Unix milliseconds
	rules   []RuleConfig

	journal *journal.Journal
	log     *Log
	engine  *Engine
}

// start is a start of the daemon; a journal that is open is left as kill -9
// leaves it: nothing is flushed or closed in an orderly way, only its lock goes.
func (l *life) start() {
	l.t.Helper()
	var err error
	if l.disk != nil {
		if l.log, err = OpenLog(l.disk, slog.New(slog.DiscardHandler)); err != nil {
			l.t.Fatal(err)
		}
	} else {
		if l.journal != nil {
			l.journal.Close()
		}
		l.log, l.journal = openLog(l.t, l.dir)
	}
	l.engine, err = NewEngine(EngineOptions{
		Query: &inTurn{answers: l.answers}, Registry: metric.NewRegistry(labels.EmptyLabels()), Interval: time.Second,
		Append: func(metric.Batch) error { return nil }, Log: slog.New(slog.DiscardHandler),
		Tracked: l.log.Tracked(), LastTick: l.last,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	if faults := l.engine.Load(inGroup(l.rules...)); len(faults) > 0 {
		l.t.Fatal(faults)
	}
}

// tick evaluates and has the events on disk, unless the daemon dies in between.
func (l *life) tick(at int64, dies bool) []Event {
	l.t.Helper()
	out := l.engine.Eval(l.t.Context(), at*second)
	l.last = at * second
	if dies {
		return nil
	}
	if out.Hole != nil {
		mustAppend(l.t, l.log, nil, *out.Hole)
	}
	return mustAppend(l.t, l.log, out.Events, out.Notes...)
}

func TestRestart(t *testing.T) {
	l := &life{t: t, dir: t.TempDir(), answers: answers{}, rules: []RuleConfig{
		{Name: "Fires", Expr: "f", For: 2 * time.Second, Hooks: []string{"ops"}, Annotations: map[string]string{"s": "{{ $value }}"}},
		{Name: "Pends", Expr: "p", For: 20 * time.Second},
	}}
	l.answers["f"], l.answers["p"] = between(100, 500, "host", "a"), between(105, 500)
	l.start()
	var told []string
	for at := int64(100); at <= 110; at++ {
		told = append(told, names(l.tick(at, false))...)
	}
	if want := []string{"1 pending Fires", "2 firing Fires", "3 pending Pends"}; !slices.Equal(told, want) {
		t.Fatalf("events %q, want %q", told, want)
	}
	epoch, before := l.log.Epoch(), l.engine.Alerts()
	for _, stopped := range []int64{130, 170, 173} { // dead until then; 5 s of life each
		l.start()
		if l.log.Epoch() != epoch || l.log.Last() != 3 {
			t.Fatalf("epoch %s and last %d, want %s and 3", l.log.Epoch(), l.log.Last(), epoch)
		}
		current, seq := l.log.Current()
		if got, want := names(current), []string{"2 firing Fires", "3 pending Pends"}; !slices.Equal(got, want) || seq != 3 {
			t.Fatalf("current is %q at %d, want %q", got, seq, want)
		}
		for at := stopped; at < stopped+2; at++ {
			if events := l.tick(at, false); len(events) > 0 {
				t.Fatalf("the restart made %q", names(events))
			}
		}
		for i, a := range l.engine.Alerts() {
			b := before[i]
			if a.State != b.State || !a.ActiveAt.Equal(b.ActiveAt) || !a.StartsAt.Equal(b.StartsAt) || a.Fingerprint != b.Fingerprint || a.Annotations["s"] != b.Annotations["s"] {
				t.Errorf("alert was %+v and is %+v", b, a)
			}
		}
	}
	// Pends was seen for 5 s, then three times for one, the last at 174: 12 s are left.
	told = nil
	for at := int64(175); at <= 190; at++ {
		for _, e := range l.tick(at, false) {
			told = append(told, fmt.Sprintf("%d: %s", at, names([]Event{e})[0]))
		}
	}
	if want := []string{"186: 4 firing Pends"}; !slices.Equal(told, want) {
		t.Errorf("events %q, want %q", told, want)
	}
}

// TestEveryFiringHasItsResolved runs random results with restarts, kills between
// evaluation and disk, holes and reloads, and holds the journal to its promises.
func TestEveryFiringHasItsResolved(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 2))
		l, ticks := &life{t: t, answers: answers{}, disk: &disk{}}, 150
		if seed == 0 {
			l.disk, l.dir, ticks = nil, t.TempDir(), 40
		}
		l.rules = []RuleConfig{
			{Name: "A", Expr: "a", For: 3 * time.Second}, {Name: "B", Expr: "b"},
			{Name: "C", Expr: "rate(c[20s])", Every: 2 * time.Second, Labels: map[string]string{"v": "{{ $value }}"}},
			{Name: "D", Expr: "d", Clear: "e", KeepFiringFor: 3 * time.Second},
			{Name: "F", Expr: "f", For: time.Second, Flap: &Flap{Changes: 3, Window: 15 * time.Second}},
		}
		all := l.rules
		for _, r := range all {
			l.answers[r.Expr] = randomResult(rng)
		}
		l.answers["e"] = randomResult(rng)
		l.start()
		at := int64(1000)
		for range ticks {
			at++
			switch rng.IntN(25) {
			case 0:
				l.tick(at, true) // its events never reach the disk
				at += int64(rng.IntN(60))
				l.start()
			case 1:
				at += int64(rng.IntN(30))
			case 2:
				l.rules = all[rng.IntN(len(all)):]
				if faults := l.engine.Load(inGroup(l.rules...)); len(faults) > 0 {
					t.Fatal(faults)
				}
			}
			l.tick(at, false)
		}
		// With no rule left, everything ends.
		l.rules = nil
		l.start()
		l.tick(at+1, false)
		checkJournal(t, seed, l.log)
	}
}

// randomResult changes slowly, and fails at times.
func randomResult(rng *rand.Rand) func(int64) ([]metric.Value, error) {
	rng = rand.New(rand.NewPCG(rng.Uint64(), 3)) // rules are asked beside each other
	on := [3]bool{}
	return func(int64) ([]metric.Value, error) {
		if rng.IntN(15) == 0 {
			return nil, fmt.Errorf("no luck")
		}
		var values []metric.Value
		for i := range on {
			if rng.IntN(4) == 0 {
				on[i] = !on[i]
			}
			if on[i] {
				values = append(values, metric.Value{Labels: labels.FromStrings("i", fmt.Sprint(i)), V: float64(rng.IntN(2))})
			}
		}
		return values, nil
	}
}

func checkJournal(t *testing.T, seed uint64, l *Log) {
	t.Helper()
	told := make(map[string]Phase)
	firings, seq := 0, uint64(0)
	for {
		page, err := l.Read(seq, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Seq != seq+1 {
				t.Fatalf("seed %d: event %d follows %d", seed, e.Seq, seq)
			}
			seq = e.Seq
			if told[e.Key()] == "" {
				told[e.Key()] = PhaseInactive
			}
			told[e.Key()] = follow(t, told[e.Key()], e.Kind)
			if e.Alert.State != told[e.Key()] {
				t.Fatalf("seed %d: event %d is %s of an alert that is %s", seed, seq, e.Kind, e.Alert.State)
			}
			if e.Kind == KindFiring {
				firings++
			}
		}
	}
	for key, phase := range told {
		if phase != PhaseInactive {
			t.Errorf("seed %d: %s is %s at the end", seed, key, phase)
		}
	}
	if current, _ := l.Current(); len(current) != 0 {
		t.Errorf("seed %d: current is %q", seed, names(current))
	}
	if firings == 0 {
		t.Errorf("seed %d: nothing fired", seed)
	}
}

// TestBeforeTheFirstTick: whoever asks what fires between a start and its first tick
// is told what the journal knows, not that all is well.
func TestBeforeTheFirstTick(t *testing.T) {
	l := &life{t: t, dir: t.TempDir(), answers: answers{"f": between(100, 500, "host", "a")}, rules: []RuleConfig{
		{Name: "Fires", Expr: "f"},
		{Name: "Gone", Expr: "f"},
	}}
	l.start()
	l.tick(100, false)
	l.rules = l.rules[:1]
	l.start()
	rules := l.engine.Rules()
	if len(rules) == 0 || rules[0].Rule.Name != "Fires" || rules[0].State != PhaseFiring || len(rules[0].Alerts) != 1 || !rules[0].At.IsZero() {
		t.Errorf("rules before the first tick: %+v", rules)
	}
	firing := l.engine.Alerts()
	if len(firing) != 1 || firing[0].Labels.Get("host") != "a" || firing[0].StartsAt.Unix() != 100 {
		t.Errorf("alerts before the first tick: %+v", firing)
	}
	if s := l.engine.Stats(); s.Rules != len(rules) || s.Firing != 1 {
		t.Errorf("counts before the first tick: %+v", s)
	}
	l.tick(101, false)
	if after := l.engine.Alerts(); len(after) != 1 || after[0].Fingerprint != firing[0].Fingerprint {
		t.Errorf("alerts after it: %+v", after)
	}
}
