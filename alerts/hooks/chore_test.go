package hooks

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
)

// fakeResender is a receiver in memory that is told the state again.
type fakeResender struct {
	fake
	fails bool
	hold  chan struct{} // nil, or what a resend waits for before it arrives

	mu     sync.Mutex
	states []string // "name status, name status" of each resend
	at     []time.Time
}

func (f *fakeResender) Resend(_ context.Context, _ *message.Message, state func() []alerts.Event) send.Outcome {
	var names []string
	for _, e := range state() {
		names = append(names, e.Alert.Labels.Get("alertname")+" "+message.Status(&e))
	}
	slices.Sort(names)
	if f.hold != nil {
		<-f.hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.states, f.at = append(f.states, strings.Join(names, ", ")), append(f.at, time.Now())
	if f.fails {
		return send.Outcome{Err: errRefused}
	}
	return send.Outcome{}
}

// told returns the states since the last call.
func (f *fakeResender) told() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	states := f.states
	f.states = nil
	return states
}

func TestResends(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fakeResender{}
		c := with("am", f)
		_, stop := start(t, log, c)
		after(0)
		hooktest.Equal(t, "nothing fires", f.told(), []string{""})
		write(t, log, hooktest.Firing("A"), hooktest.Transition("none", alerts.KindFiring, []string{}), hooktest.Transition("P", alerts.KindPending, nil))
		after(2*time.Minute + time.Second)
		hooktest.Equal(t, "A fires", f.told(), []string{"A firing", "A firing"})
		write(t, log, hooktest.Resolved("A"), hooktest.Firing("B"))
		after(15 * time.Minute)
		hooktest.Equal(t, "A has ended", f.told(), slices.Repeat([]string{"A resolved, B firing"}, 15))
		after(time.Minute)
		hooktest.Equal(t, "a quarter of an hour ago", f.told(), []string{"B firing"})
		write(t, log, hooktest.Firing("A"))
		after(time.Minute)
		hooktest.Equal(t, "A fires again", f.told(), []string{"A firing, B firing"})
		silenced := hooktest.Transition("B", alerts.KindSilenced, nil)
		silenced.Alert.SilencedBy = []string{"x"}
		write(t, log, silenced)
		after(time.Minute)
		hooktest.Equal(t, "B is silenced", f.told(), []string{"A firing"})
		write(t, log, hooktest.Transition("B", alerts.KindUnsilenced, nil))
		after(time.Minute)
		hooktest.Equal(t, "and no longer", f.told(), []string{"A firing, B firing"})
		write(t, log, hooktest.Resolved("B"))
		after(0)
		stop()
		hooktest.Equal(t, "deliveries that the journal knows", len(told(t, log)), 5)

		_, stop = start(t, log, c)
		after(0)
		hooktest.Equal(t, "after a start, at once", f.told(), []string{"A firing, B resolved"})
		stop()
	})
}

// TestResendsBehindReload: what a resend still says while the configuration is read
// again does not arrive behind what the next one says.
func TestResendsBehindReload(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		write(t, log, hooktest.Firing("A"))
		old, release := &fakeResender{}, make(chan struct{})
		old.hold = release
		r, stop := start(t, log, with("am", old))
		after(0)
		f := &fakeResender{}
		for range 2 {
			r.mu.Lock()
			r.reload = []compiled{with("am", f)}
			r.mu.Unlock()
			r.poke()
			after(0)
		}
		write(t, log, hooktest.Resolved("A"))
		after(3 * time.Minute)
		hooktest.Equal(t, "while the old one is under way", f.told(), nil)
		close(release)
		after(0)
		hooktest.Equal(t, "the old one", old.told(), []string{"A firing"})
		hooktest.Equal(t, "behind it", f.told(), []string{"A resolved"})
		stop()
	})
}

// TestResendsWithoutDisk: what the disk did not take is told again all the same,
// until the journal knows better.
func TestResendsWithoutDisk(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fakeResender{}
		r, stop := start(t, log, with("am", f))
		after(0)
		write(t, log, hooktest.Firing("A"))
		loose := []alerts.Event{hooktest.Resolved("A"), hooktest.Firing("B")}
		r.Announce(loose)
		after(time.Minute)
		hooktest.Equal(t, "announced", f.told()[1:], []string{"A resolved, B firing"})
		if err := r.Reload(nil); err != nil {
			t.Fatal(err)
		}
		write(t, log, loose...)
		write(t, log, hooktest.Resolved("B"))
		stop()
		_, stop = start(t, log, with("am", f))
		after(0)
		hooktest.Equal(t, "on disk", f.told(), []string{"A resolved, B resolved"})
		stop()
	})
}

// TestResendsFail: the journal hears nothing of it, and other hooks wait for nothing.
func TestResendsFail(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f, other := &fakeResender{fails: true}, &fake{}
		r, stop := start(t, log, with("am", f), with("ops", other))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(10 * time.Minute)
		if s := r.Stats()[0]; s.ChoresFailed != 11 || s.Delivered != 1 || s.Running != 0 || s.LastError != "refused" {
			t.Errorf("stats %+v", s)
		}
		hooktest.Equal(t, "other", other.whats(), []string{"A firing"})
		hooktest.Equal(t, "journal", len(told(t, log)), 2)
		stop()
	})
}

func TestHeartbeat(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		c := with("dead", f)
		c.Heartbeat = time.Minute
		ill := errors.New("the journal takes nothing")
		var mu sync.Mutex
		var state error
		be := func(err error) {
			mu.Lock()
			defer mu.Unlock()
			state = err
		}
		// All is well if it has been for long enough, as for what has to turn.
		r, err := New(nil, Options{Log: log, Instance: "web1", Logger: quiet, Checkup: func() func() error {
			last := time.Now()
			return func() error {
				mu.Lock()
				defer mu.Unlock()
				if time.Since(last) < 10*time.Second {
					return errors.New("asked too soon")
				}
				last = time.Now()
				return state
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		r.reload = []compiled{c}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx); close(done) }()
		beats := func() int { return len(f.seen()) }
		after(59 * time.Second)
		hooktest.Equal(t, "at the start", beats(), 0)
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"))
		after(1*time.Second + 100*time.Millisecond)
		hooktest.Equal(t, "after a minute", f.whats(), []string{"Watchdog firing"})
		// Reloads twice a minute, one just before it is due, do not keep it from beating.
		after(29*time.Second + 500*time.Millisecond)
		for range 6 {
			r.mu.Lock()
			r.reload = []compiled{c}
			r.mu.Unlock()
			r.poke()
			after(30 * time.Second)
		}
		hooktest.Equal(t, "through reloads", beats(), 4)
		list, err := r.List(t.Context(), "dead")
		if err != nil || len(list) != 1 || list[0].Heartbeats == nil {
			t.Fatalf("listed %+v, %v", list, err)
		}
		if b := list[0].Heartbeats; b.Sent != 4 || b.Failed != 0 || b.Last == nil || b.Next == nil || b.Next.Sub(*b.Last) != time.Minute {
			t.Errorf("heartbeats %+v", b)
		}
		be(ill)
		after(10 * time.Minute)
		hooktest.Equal(t, "not well", beats(), 4)
		if s := r.Stats()[0]; s.ChoresFailed != 10 || !strings.Contains(s.LastError, ill.Error()) {
			t.Errorf("stats %+v", s)
		}
		be(nil)
		after(time.Minute)
		hooktest.Equal(t, "well again", beats(), 5)
		f.mu.Lock()
		f.answer = func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused} }
		f.mu.Unlock()
		after(2 * time.Minute)
		hooktest.Equal(t, "tried again when it is due", beats(), 7)
		hooktest.Equal(t, "journal", len(told(t, log)), 0)
		cancel()
		<-done
	})
}

// TestChoresHaveNoPlaceOfTheirOwn: hooks that hang in their heartbeats are
// within the caps, and do not keep others from delivering.
func TestChoresHaveNoPlaceOfTheirOwn(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		hang := &fake{answer: func(ctx context.Context, _ string) send.Outcome {
			<-ctx.Done()
			return send.Outcome{Err: errRefused}
		}}
		var hooks []compiled
		for i := range 40 {
			c := with("beat"+string(rune('A'+i)), hang)
			c.Heartbeat, c.Timeout = 2*time.Second, 2*time.Second
			hooks = append(hooks, c)
		}
		quick := &fake{}
		_, stop := start(t, log, append(hooks, with("ops", quick))...)
		after(10 * time.Second)
		write(t, log, hooktest.Firing("A"))
		after(20 * time.Second)
		hooktest.Equal(t, "delivered", quick.whats(), []string{"A firing"})
		hang.mu.Lock()
		if hang.most > maxRunning {
			t.Errorf("%d at once", hang.most)
		}
		hang.mu.Unlock()
		stop()
	})
}
