package alerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"monitord/alerts/journal"
)

// advance moves the bubble's clock.
func advance(d time.Duration) { <-time.After(d) }

// disk is a Journal in memory that refuses, takes a part, or waits when told.
type disk struct {
	mu      sync.Mutex
	recs    []journal.Record
	last    uint64
	refuse  bool
	because error // that it refuses; nil: there is no space
	partial int   // takes so many records and refuses the rest; 0: off
	wait    time.Duration
	readErr error
	appends int
}

func (d *disk) Append(recs []journal.Record) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.appends++
	if d.wait > 0 {
		advance(d.wait)
	}
	if d.refuse {
		return 0, cmp.Or(d.because, errors.New("no space"))
	}
	for i := range recs {
		if d.partial > 0 && i == d.partial {
			return i, errors.New("no space for the rest")
		}
		if recs[i].Kind == journal.Event {
			d.last++
		}
		recs[i].Seq = d.last
		d.recs = append(d.recs, recs[i])
	}
	return len(recs), nil
}

func (d *disk) Read(after uint64, limit int) ([]journal.Record, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.readErr != nil {
		return nil, d.readErr
	}
	var page []journal.Record
	for _, r := range d.recs {
		if r.Kind == journal.Event && r.Seq > after && len(page) < limit {
			page = append(page, r)
		}
	}
	return page, nil
}

func (d *disk) Fold(fn func(journal.Record) error) error {
	for _, r := range d.recs {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) set(change func(*disk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *disk) Snapshot([][]byte, int64) error { return nil }
func (d *disk) SinceSnapshot() int64           { return 0 }
func (d *disk) Tend() error                    { d.mu.Lock(); defer d.mu.Unlock(); return d.because }
func (d *disk) Epoch() string                  { return "e" }
func (d *disk) First() uint64                  { return 1 }
func (d *disk) Last() uint64                   { d.mu.Lock(); defer d.mu.Unlock(); return d.last }

// recording runs a recorder on a disk in a bubble. told is what was announced.
type recording struct {
	*Recorder
	disk *disk
	log  *Log
	stop func()

	mu   sync.Mutex // guards the field below
	told []string
}

func startRecording(t *testing.T, d *disk) *recording {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	l, err := OpenLog(d, quiet)
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{disk: d, log: l}
	r.Recorder = NewRecorder(l, quiet, func(events []Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, e := range events {
			name := names(events[i : i+1])[0]
			if e.Durable != (e.Seq != 0) {
				name += " (durable and number do not agree)"
			}
			r.told = append(r.told, name)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	r.stop = func() { cancel(); <-done }
	return r
}

// expect settles and compares what was announced since the last time.
func (r *recording) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.told, want) {
		t.Errorf("announced %q, want %q", r.told, want)
	}
	r.told = nil
}

func outcome(events ...Event) Outcome { return Outcome{Events: events} }

func TestRecorderAnnouncesWhatIsOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRecording(t, &disk{})
		r.Add(outcome())
		r.expect(t)
		r.Add(outcome(event(KindPending, "a", 1), event(KindFiring, "b", 1)))
		r.expect(t, "1 pending a", "2 firing b")
		// What others append is announced too, in the order of the numbers.
		notified := event(KindNotified, "b", 2)
		notified.Delivery = &Delivery{Hook: "ops", Of: 2}
		mustAppend(t, r.log, []Event{notified})
		r.Add(Outcome{Events: []Event{event(KindResolved, "b", 3)}, Hole: &Hole{From: 1, To: 2}})
		r.expect(t, "3 notified b", "4 resolved b")
		if n := len(r.disk.recs); n != 5 {
			t.Errorf("%d records on disk, want 4 events and the hole", n)
		}
		r.stop()
	})
}

func TestRecorderNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRecording(t, &disk{wait: time.Minute})
		start := time.Now()
		r.Add(outcome(event(KindFiring, "a", 1)))
		synctest.Wait()
		turns := r.Turns()
		for range 100 {
			r.Add(outcome(event(KindFiring, "b", 1)))
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("Add took %v", d)
		}
		advance(30 * time.Second)
		r.expect(t)
		if got := r.Turns(); got < turns+30 {
			t.Errorf("turns went from %d to %d in 30 s of waiting for the disk", turns, got)
		}
		turns = r.Turns()
		advance(31 * time.Second)
		r.expect(t, "1 firing a")
		if got := r.Turns(); got < turns {
			t.Errorf("turns went from %d back to %d", turns, got)
		}
		if s := r.Stats(); s.Waiting != 100 || s.Refused {
			t.Errorf("stats %+v, want 100 waiting", s)
		}
		r.stop() // writes what is waiting
		if got := r.log.Last(); got != 101 {
			t.Errorf("last is %d, want 101", got)
		}
	})
}

func TestRecorderTurnsWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRecording(t, &disk{})
		turns := r.Turns()
		advance(10 * time.Second)
		synctest.Wait()
		if got := r.Turns(); got < turns+9 {
			t.Errorf("turns went from %d to %d in 10 idle seconds", turns, got)
		}
		r.stop()
	})
}

func TestRecorderWhenTheDiskTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRecording(t, &disk{})
		r.Add(outcome(event(KindFiring, "a", 1)))
		r.expect(t, "1 firing a")
		r.disk.set(func(d *disk) { d.refuse = true })
		r.Add(Outcome{Events: []Event{event(KindResolved, "a", 2)}, Hole: &Hole{From: 1, To: 2}})
		r.expect(t, "0 resolved a")
		r.Add(outcome(event(KindFiring, "b", 3)))
		r.expect(t, "0 firing b")
		advance(5 * time.Second)
		r.expect(t) // once is enough
		if s := r.Stats(); !s.Refused || s.Waiting != 2 {
			t.Errorf("stats %+v, want refused and two waiting", s)
		}
		if current, seq := r.log.Current(); seq != 1 || len(current) != 1 {
			t.Errorf("current is %q at %d, want what is on disk", names(current), seq)
		}
		// Room for one event at a time.
		r.disk.set(func(d *disk) { d.refuse, d.partial = false, 1 })
		advance(2 * time.Second)
		synctest.Wait()
		if s := r.Stats(); s.Refused || s.Waiting != 0 || s.Dropped != 0 {
			t.Errorf("stats %+v, want all well", s)
		}
		r.expect(t, "2 resolved a", "3 firing b")
		if n := len(r.disk.recs); n != 4 {
			t.Errorf("%d records on disk, want 3 events and the hole", n)
		}
		r.stop()
	})
}

func TestRecorderReadsOnWhereItCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{readErr: errors.New("bad sector")}
		r := startRecording(t, d)
		var events []Event
		var want []string
		for i := range 3 * tailEvents { // more than the tail holds
			events = append(events, event(KindPending, fmt.Sprint(i), 1))
			want = append(want, fmt.Sprintf("%d pending %d", i+1, i))
		}
		r.Add(outcome(events...))
		r.expect(t)
		d.set(func(d *disk) { d.readErr = nil })
		advance(2 * time.Second)
		r.expect(t, want...)
		r.stop()
	})
}

// TestHolesStandBeforeTheirEvents: what begins right after a hole has lost nothing in
// it, whether the disk took it at once or not.
func TestHolesStandBeforeTheirEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRecording(t, &disk{})
		hole := &Hole{From: 10 * second, To: 20 * second}
		r.Add(outcome(event(KindPending, "before", 10)))
		r.Add(Outcome{Events: []Event{event(KindPending, "at once", 20)}, Hole: hole})
		r.expect(t, "1 pending before", "2 pending at once")
		r.disk.set(func(d *disk) { d.refuse = true })
		r.Add(outcome(event(KindPending, "waiting", 25)))
		r.Add(Outcome{Events: []Event{event(KindPending, "behind", 30)}, Hole: hole})
		r.Add(outcome(event(KindPending, "later", 31)))
		advance(time.Second)
		r.disk.set(func(d *disk) { d.refuse = false })
		advance(2 * time.Second)
		r.stop()
		again, err := OpenLog(r.disk, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]time.Duration{"before": 20 * time.Second, "at once": 10 * time.Second, "waiting": 10 * time.Second, "behind": 0, "later": 0}
		for _, tr := range again.Tracked() {
			name := tr.Event.Alert.Labels.Get("alertname")
			if tr.Lost != want[name] {
				t.Errorf("%s has lost %v, want %v", name, tr.Lost, want[name])
			}
			delete(want, name)
		}
		if len(want) > 0 {
			t.Errorf("not there: %v", want)
		}
	})
}

func TestBacklogIsBounded(t *testing.T) {
	var b backlog
	dropped := 0
	add := func(kind Kind, name string, at int) {
		dropped += b.add([]Note{Hole{}}, []Event{event(kind, name, int64(at))}, nil)
	}
	add(KindResolved, "early", 0) // its firing is on disk
	add(KindFiring, "stays", 1)
	add(KindSilenced, "stays", 1)
	add(KindUnsilenced, "stays", 1)
	add(KindPending, "once", 2)
	add(KindInactive, "once", 3)
	for i := range tidyBacklog {
		add(KindFiring, "flaps", 10+2*i)
		add(KindSilenced, "flaps", 10+2*i)
		add(KindResolved, "flaps", 11+2*i)
	}
	if len(b.events) > tidyBacklog || len(b.notes) > maxNotes {
		t.Errorf("%d events and %d notes wait", len(b.events), len(b.notes))
	}
	for range 3 * maxNotes {
		b.add(nil, nil, []Note{Memories{}})
	}
	holes := 0
	for _, n := range b.notes {
		if _, ok := n.note.(Hole); ok {
			holes++
		}
	}
	if len(b.notes) > maxNotes || holes < maxNotes/4 {
		t.Errorf("%d notes wait, %d holes among them: memories go first", len(b.notes), holes)
	}
	b.compact()
	var got []string
	for _, e := range b.events {
		got = append(got, fmt.Sprintf("%s %s", e.Kind, e.Alert.Labels.Get("alertname")))
	}
	if want := []string{"resolved early", "firing stays", "unsilenced stays", "inactive once", "firing flaps", "resolved flaps"}; !slices.Equal(got, want) {
		t.Errorf("left are %q, want %q", got, want)
	}
	if last := b.events[len(b.events)-1].T; last != int64(11+2*(tidyBacklog-1))*second {
		t.Errorf("the last event is of %d", last)
	}
	if dropped == 0 {
		t.Error("what was left out was not counted")
	}

	// Thousands that fire at once are all kept, as long as they can be.
	b, dropped = backlog{}, 0
	all := make([]Event, maxBacklog+10)
	for i := range all {
		all[i] = event(KindFiring, fmt.Sprint(i), int64(i))
	}
	dropped += b.add(nil, all[:30000], nil)
	dropped += b.add(nil, all[30000:40000], nil)
	if len(b.events) != 40000 || dropped != 0 {
		t.Errorf("of 40000 alerts that fire, %d wait and %d were dropped", len(b.events), dropped)
	}
	dropped += b.add(nil, all[40000:], nil)
	if len(b.events) != maxBacklog || b.events[0].T != 10*second || dropped != 10 {
		t.Errorf("%d events wait, the first of %d, %d dropped", len(b.events), b.events[0].T, dropped)
	}
}
