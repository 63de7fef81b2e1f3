package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/stream/wire"
)

// A refusing is a journal on a disk that has room for so many records.
type refusing struct {
	*journal.Journal
	room atomic.Int64
}

func (r *refusing) Append(recs []journal.Record) (int, error) {
	if n := r.room.Load(); n < int64(len(recs)) {
		r.room.Store(0)
		done := 0
		if n > 0 {
			done, _ = r.Journal.Append(recs[:n])
		}
		return done, errors.New("no space")
	}
	r.room.Add(-int64(len(recs)))
	return r.Journal.Append(recs)
}

func (r *refusing) Tend() error {
	if r.room.Load() == 0 {
		return errors.New("no space")
	}
	return r.Journal.Tend()
}

const plenty = 1 << 40

// onDisk puts the world on a journal of its own, with a recorder that announces to
// its feed, and returns the disk and what hands events to the recorder.
func onDisk(t *testing.T, w *world) (*refusing, func(name string, kinds ...alerts.Kind)) {
	t.Helper()
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	disk := &refusing{Journal: j}
	disk.room.Store(plenty)
	if w.log, err = alerts.OpenLog(disk, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	w.start()
	recorder := alerts.NewRecorder(w.log, slog.New(slog.DiscardHandler), w.feed.Events)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- recorder.Run(ctx) }()
	t.Cleanup(func() {
		disk.room.Store(plenty)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return disk, func(name string, kinds ...alerts.Kind) {
		for _, kind := range kinds {
			recorder.Add(alerts.Outcome{Events: []alerts.Event{event(name, "page", kind)}})
		}
	}
}

// While the disk takes nothing, whoever comes sees what is true now, and hears
// everything once; when it takes something again, its number.
func TestPictureWhileTheDiskTakesNothing(t *testing.T) {
	w := newWorld(t)
	disk, add := onDisk(t, w)
	early := w.connect("alerts=")
	wantBrief(t, early, "subscribed 0", "all up to 0")
	add("A", alerts.KindFiring)
	wantBrief(t, early, "1 firing A")
	add("B", alerts.KindFiring)
	wantBrief(t, early, "2 firing B")

	disk.room.Store(0)
	add("C", alerts.KindFiring)
	add("B", alerts.KindResolved)
	add("D", alerts.KindPending, alerts.KindInactive)
	add("E", alerts.KindPending, alerts.KindFiring)
	wantBrief(t, early, "0 firing C not durable", "0 resolved B not durable", "0 pending D not durable",
		"0 inactive D not durable", "0 pending E not durable", "0 firing E not durable")

	picture := w.connect("alerts=")
	wantBrief(t, picture, "subscribed 2", "1 firing A current", "0 firing C current not durable",
		"0 firing E current not durable", "all up to 2")
	loose := []string{"0 firing C not durable", "0 resolved B not durable", "0 pending D not durable",
		"0 inactive D not durable", "0 pending E not durable", "0 firing E not durable"}
	replay := w.connect("alerts=&after=1")
	wantBrief(t, replay, append([]string{"subscribed 2", "2 firing B"}, loose...)...)
	newest := w.connect(`alerts=%7Balertname%3D~%22A|B%22%7D&after=2`) // a topic of its own, without a ring
	wantBrief(t, newest, "subscribed 2", "0 resolved B not durable")

	add("A", alerts.KindResolved)
	for _, s := range []*socket{early, picture, replay, newest} {
		wantBrief(t, s, "0 resolved A not durable")
		s.quiet()
	}
	wantBrief(t, w.connect("alerts="), "subscribed 2", "0 firing C current not durable", "0 firing E current not durable", "all up to 2")

	disk.room.Store(plenty)
	for _, s := range []*socket{early, picture, replay} {
		wantBrief(t, s, "3 firing C", "4 resolved B", "5 pending D", "6 inactive D", "7 pending E", "8 firing E", "9 resolved A")
		s.quiet()
	}
	wantBrief(t, w.connect("alerts="), "subscribed 9", "3 firing C current", "8 firing E current", "all up to 9")
	wantBrief(t, w.connect("alerts=&after=8"), "subscribed 9", "9 resolved A")
}

// A poll and a stream of events that begin with a number, or come back with a
// cursor, are told the same.
func TestPollWhileTheDiskTakesNothing(t *testing.T) {
	w := newWorld(t)
	disk, add := onDisk(t, w)
	disk.room.Store(0)
	add("A", alerts.KindFiring)
	add("B", alerts.KindFiring)
	kinds := func(a answer) string {
		var text []string
		for _, m := range a.messages {
			d, err := wire.Decode([]byte(m))
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, brief(t, d))
		}
		return strings.Join(text, ", ")
	}
	eventually(t, "both are told", func() bool { return w.feed.marks.now().alerts == 2 })
	first := w.poll("alerts=&after=0&limit=1&wait=0")
	if got := kinds(first); got != "subscribed 0, 0 firing A not durable" {
		t.Errorf("got %s", got)
	}
	second := w.poll("alerts=&after=0&wait=0&cursor=" + first.cursor)
	if got := kinds(second); got != "subscribed 0, 0 firing B not durable" {
		t.Errorf("behind the first %s", got)
	}
	if got := kinds(w.poll("alerts=&wait=0&cursor=" + second.cursor)); got != "" {
		t.Errorf("behind both %s", got)
	}
	e := openEvents(w, "alerts=", "")
	defer e.close()
	for _, want := range []string{`"op":"hello"`, `"op":"subscribed"`, `"alertname":"A"`, `"alertname":"B"`, `"op":"heartbeat"`} {
		data, _, err := e.next(patience)
		if err != nil || !strings.Contains(data, want) {
			t.Errorf("got %s, %v; want %s", data, err, want)
		}
	}
	disk.room.Store(plenty)
	if got := kinds(w.poll("alerts=&wait=10s&cursor=" + second.cursor)); !strings.HasSuffix(got, ", 1 firing A, 2 firing B") {
		t.Errorf("with numbers %s", got)
	}
}

// A disk that takes a part and refuses again has older news told after newer: what
// stands is told once more with the next announcement.
func TestPictureOfADiskThatTakesAPart(t *testing.T) {
	w := newWorld(t)
	disk, add := onDisk(t, w)
	s := w.connect("alerts=")
	wantBrief(t, s, "subscribed 0", "all up to 0")
	disk.room.Store(0)
	add("A", alerts.KindFiring)
	wantBrief(t, s, "0 firing A not durable")
	add("A", alerts.KindResolved)
	add("B", alerts.KindFiring)
	wantBrief(t, s, "0 resolved A not durable", "0 firing B not durable")
	disk.room.Store(1)
	wantBrief(t, s, "1 firing A")
	wantBrief(t, w.connect("alerts="), "subscribed 1", "0 firing B current not durable", "all up to 1")
	add("C", alerts.KindFiring)
	late := []string{"0 resolved A not durable", "0 firing B not durable", "0 firing C not durable"}
	wantBrief(t, s, late...)
	s.quiet()
	// Of a topic of its own, whose ring does not hold what was told before.
	wantBrief(t, w.connect("alerts=%7Balertname%3D~%22A|B%22%7D&after=0"), append([]string{"subscribed 1", "1 firing A"}, late[:2]...)...)
}

// Whoever comes at any moment has, of the alerts that fire one after the other,
// each once: in the picture or behind it.
func TestPictureBesideAnnouncements(t *testing.T) {
	w := newWorld(t)
	disk, add := onDisk(t, w)
	const n = 300
	disk.room.Store(n / 3)
	go func() {
		for i := range n {
			add(fmt.Sprint("A", i), alerts.KindFiring)
			<-time.After(100 * time.Microsecond)
		}
	}()
	for last := 0; last < n; {
		s := w.connect("alerts=")
		seen := map[string]bool{}
		for current := true; len(seen) < min(n, last+n/4); {
			switch m := s.decoded().(type) {
			case *wire.Heartbeat:
				current = false
			case *wire.Event:
				name := m.Alert.Labels.Get("alertname")
				if m.Current != current || seen[name] && m.NotDurable || name != fmt.Sprint("A", len(seen)) {
					t.Fatalf("after %d: %s", len(seen), brief(t, m))
				}
				seen[name] = true
			}
		}
		last = len(seen)
		s.conn.Close()
	}
}
