package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/alerts/journal"
)

func TestSlowestMovesOnlyWhenAllLoopsTurn(t *testing.T) {
	loops := []uint64{1, 1}
	count := slowest(func() []uint64 { return slices.Clone(loops) })
	first := count()
	loops[0]++
	if count() != first {
		t.Error("one of two loops has turned, and the count has moved")
	}
	loops[1]++
	if count() == first {
		t.Error("both loops have turned, and the count has not moved")
	}
}

// waitingDisk is a journal whose disk can be made to wait, or to refuse.
type waitingDisk struct {
	alerts.Journal
	wait, refuse atomic.Bool
}

func (d *waitingDisk) Append(recs []journal.Record) (int, error) {
	if d.wait.Load() {
		<-time.After(time.Minute)
	}
	if d.refuse.Load() {
		return 0, errors.New("no space")
	}
	return d.Journal.Append(recs)
}

// The watchdog bites soon after any one part stands still, and not while the
// journal waits for its disk, nor when nothing is to be done.
func TestWatchdogLooksAtEveryPart(t *testing.T) {
	const interval, bites = time.Second, 30 * time.Second
	for _, tt := range []struct {
		name  string
		stuck string // the part that is named in the log; empty: the watchdog is fed on
		stop  func(p *parts)
	}{
		{"all is well", "", func(*parts) {}},
		{"rules that do not end", "rules", func(p *parts) { p.rules.Store(true) }},
		{"many slow rules", "", func(p *parts) { p.slow.Store(true) }},
		{"no more ticks", "ticks", func(p *parts) { p.ticks.Store(true) }},
		{"one poll loop of two", "poll loops", func(p *parts) { p.loop.Store(true) }},
		{"a sink of the journal", "journal", func(p *parts) {
			p.sink.Store(true)
			p.recorder.Add(fires("a"))
		}},
		{"a disk that waits", "", func(p *parts) {
			p.disk.wait.Store(true)
			p.recorder.Add(fires("a"))
		}},
		{"a disk that refuses", "", func(p *parts) {
			p.disk.refuse.Store(true)
			p.recorder.Add(fires("a"))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p := startParts(t, dir, interval)
				said := make(chan string, 10)
				ctx, cancel := context.WithCancel(t.Context())
				var fed atomic.Int64
				log := slog.New(stands{slog.DiscardHandler, said})
				done := make(chan struct{})
				go func() {
					defer close(done)
					feedWatchdog(ctx, log, bites, func() { fed.Store(time.Now().UnixNano()) }, p.pulses)
				}()
				<-time.After(2 * bites)
				if since := time.Since(time.Unix(0, fed.Load())); since > bites/2 {
					t.Errorf("not fed for %v while all is well", since)
				}
				tt.stop(p)
				<-time.After(4 * bites)
				since := time.Since(time.Unix(0, fed.Load()))
				if (since > bites) != (tt.stuck != "") {
					t.Errorf("last fed %v ago", since)
				}
				if tt.stuck != "" && len(said) == 0 {
					t.Error("nothing is said")
				} else if tt.stuck != "" {
					if got := <-said; got != tt.stuck {
						t.Errorf("it says that %q stands, want %q", got, tt.stuck)
					}
				}
				cancel()
				<-done
				p.end()
			})
		})
	}
}

// parts are what the watchdog looks at, each at work until it is made to stand.
type parts struct {
	rules, ticks, loop, sink atomic.Bool
	slow                     atomic.Bool // the rules of a tick take ten minutes, each ten seconds
	disk                     *waitingDisk
	recorder                 *alerts.Recorder
	pulses                   []pulse
	end                      func()
}

func startParts(t *testing.T, dir string, interval time.Duration) *parts {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	p := &parts{disk: &waitingDisk{Journal: j}}
	log, err := alerts.OpenLog(p.disk, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stand := func(still *atomic.Bool) {
		if still.Load() {
			<-ctx.Done()
		}
	}
	p.recorder = alerts.NewRecorder(log, slog.New(slog.DiscardHandler), func([]alerts.Event) { stand(&p.sink) })
	var ticking, judging turn
	var judged atomic.Uint64
	var loops [2]atomic.Uint64
	p.pulses = []pulse{
		{"rules", either(judging.idle, judged.Load)},
		{"ticks", either(ticking.every(interval), judged.Load)},
		{"journal", p.recorder.Turns},
		{"poll loops", slowest(func() []uint64 { return []uint64{loops[0].Load(), loops[1].Load()} })},
	}
	every := func(do func()) {
		for tick := time.NewTicker(interval); ctx.Err() == nil; {
			do()
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
	wait := make(chan struct{}, 4)
	run := func(do func()) { go func() { do(); wait <- struct{}{} }() }
	run(func() {
		every(func() {
			stand(&p.ticks)
			ticking.begin()
			judging.begin()
			stand(&p.rules)
			for n := 0; n < 60 && p.slow.Load() && ctx.Err() == nil; n++ {
				<-time.After(10 * time.Second)
				judged.Add(1)
			}
			judging.end()
			ticking.end()
		})
	})
	run(func() { every(func() { loops[0].Add(1) }) })
	run(func() { every(func() { stand(&p.loop); loops[1].Add(1) }) })
	run(func() {
		if err := p.recorder.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	p.end = func() {
		cancel()
		for range cap(wait) {
			<-wait
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}
	return p
}

// stands is a log that notes which part the watchdog found standing.
type stands struct {
	slog.Handler
	said chan<- string
}

func (stands) Enabled(context.Context, slog.Level) bool { return true }

func (h stands) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "stands" {
			h.said <- a.Value.String()
		}
		return true
	})
	return nil
}

// fires is an outcome with one alert of that name.
func fires(name string) alerts.Outcome {
	ls := labels.FromStrings(labels.AlertName, name)
	now := time.Now()
	return alerts.Outcome{Events: []alerts.Event{{
		T: now.UnixMilli(), Kind: alerts.KindFiring, Rule: "0123456789abcdef",
		Alert: alerts.Alert{Fingerprint: alerts.Fingerprint(ls), State: alerts.PhaseFiring, Labels: ls, ActiveAt: now, StartsAt: now},
	}}}
}
