package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/journal"
)

// openLog opens the log in a directory, on a real journal.
func openLog(t *testing.T, dir string) (*Log, *journal.Journal) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	j, err := journal.Open(dir, journal.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	l, err := OpenLog(j, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return l, j
}

// event is a transition of the alert of this name.
func event(kind Kind, name string, at int64) Event {
	ls := labels.FromStrings(labels.AlertName, name)
	e := Event{T: at * second, Kind: kind, Rule: "r", Alert: Alert{
		Fingerprint: Fingerprint(ls), State: PhaseInactive, Labels: ls, ActiveAt: time.UnixMilli(at * second).UTC(),
	}}
	switch kind {
	case KindPending:
		e.Alert.State = PhasePending
	case KindFiring:
		e.Alert.State, e.Alert.StartsAt = PhaseFiring, e.Alert.ActiveAt
	}
	return e
}

func mustAppend(t *testing.T, l *Log, events []Event, notes ...Note) []Event {
	t.Helper()
	done, err := l.Append(t.Context(), events, notes...)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func names(events []Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprintf("%d %s %s", e.Seq, e.Kind, e.Alert.Labels.Get(labels.AlertName)))
	}
	return all
}

func TestLogAppendAndRead(t *testing.T) {
	dir := t.TempDir()
	l, j := openLog(t, dir)
	if l.Last() != 0 || l.First() != 1 {
		t.Errorf("a new log has first %d and last %d", l.First(), l.Last())
	}
	changed := l.Changed()
	done := mustAppend(t, l, []Event{event(KindPending, "a", 1), event(KindFiring, "b", 1)})
	if got, want := names(done), []string{"1 pending a", "2 firing b"}; !slices.Equal(got, want) {
		t.Errorf("appended %q, want %q", got, want)
	}
	if !done[0].Durable {
		t.Error("an event on disk is not durable")
	}
	select {
	case <-changed:
	default:
		t.Error("an append wakes nobody")
	}
	mustAppend(t, l, []Event{event(KindFiring, "a", 1), event(KindResolved, "b", 2)})

	check := func(l *Log) {
		t.Helper()
		for _, tc := range []struct {
			after uint64
			limit int
			want  []string
		}{
			{0, 10, []string{"1 pending a", "2 firing b", "3 firing a", "4 resolved b"}},
			{0, 2, []string{"1 pending a", "2 firing b"}},
			{3, 10, []string{"4 resolved b"}},
			{4, 10, nil},
			{0, 0, nil},
		} {
			got, err := l.Read(tc.after, tc.limit)
			if err != nil || !slices.Equal(names(got), tc.want) {
				t.Errorf("after %d, limit %d: %q, %v; want %q", tc.after, tc.limit, names(got), err, tc.want)
			}
		}
		if _, err := l.Read(5, 1); !errors.Is(err, journal.ErrBeyond) {
			t.Errorf("reading beyond the end: %v", err)
		}
		current, seq := l.Current()
		if got, want := names(current), []string{"3 firing a"}; !slices.Equal(got, want) || seq != 4 {
			t.Errorf("current is %q at %d, want %q at 4", got, seq, want)
		}
	}
	check(l)
	before, err := l.Read(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	l, _ = openLog(t, dir)
	check(l)
	after, err := l.Read(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("from memory %+v, from disk %+v", before, after)
	}
}

func TestLogRefusesWhenTheContextHasEnded(t *testing.T) {
	l, _ := openLog(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, []Event{event(KindFiring, "a", 1)}); !errors.Is(err, context.Canceled) || l.Last() != 0 {
		t.Errorf("error %v, last %d", err, l.Last())
	}
}

// fill appends so much that snapshots are written and segments change.
func fill(t *testing.T, l *Log, j *journal.Journal) {
	t.Helper()
	wide := event(KindNotified, "wide", 5)
	wide.Delivery = &Delivery{Hook: "ops", Of: 1}
	wide.Alert.Annotations = map[string]string{"a": string(make([]byte, 20<<10))}
	page := slices.Repeat([]Event{wide}, 20)
	for range 6 {
		mustAppend(t, l, page)
	}
	if j.SinceSnapshot() > snapshotAfter {
		t.Fatal("no snapshot was written")
	}
}

func TestLogFoldsFromASnapshot(t *testing.T) {
	dir := t.TempDir()
	l, j := openLog(t, dir)
	mustAppend(t, l, []Event{event(KindPending, "p", 10), event(KindFiring, "f", 11), event(KindFiring, "gone", 12)},
		Progress{Hook: "ops", Key: "a", Data: []byte(`{"n":1}`)}, Progress{Hook: "ops", Key: "b", Data: []byte(`2`)}, Progress{Hook: "old", Data: []byte(`3`)})
	mustAppend(t, l, nil, Hole{From: 20 * second, To: 50 * second}, Progress{Hook: "old"})
	fill(t, l, j)
	mustAppend(t, l, []Event{event(KindResolved, "gone", 60)}, Hole{From: 61 * second, To: 60 * second}, Progress{Hook: "ops", Key: "b"})

	wantTracked, wantProgress := l.Tracked(), l.Progress()
	if got := slices.Collect(maps.Keys(wantProgress)); !slices.Equal(got, []string{"ops"}) || len(wantProgress["ops"]) != 1 || string(wantProgress["ops"]["a"]) != `{"n":1}` {
		t.Errorf("progress is %q", wantProgress)
	}
	if len(wantTracked) != 2 || wantTracked[0].Lost != 29*time.Second {
		t.Errorf("tracked is %+v", wantTracked)
	}
	last := l.Last()
	j.Close()
	l, _ = openLog(t, dir)
	if got := l.Tracked(); !reflect.DeepEqual(got, wantTracked) {
		t.Errorf("tracked is %+v, want %+v", got, wantTracked)
	}
	if got := l.Progress(); !reflect.DeepEqual(got, wantProgress) {
		t.Errorf("progress is %q, want %q", got, wantProgress)
	}
	if l.Last() != last {
		t.Errorf("last is %d, want %d", l.Last(), last)
	}
	if n := l.Unreadable(); n != 0 {
		t.Errorf("%d records could not be read", n)
	}
}

func TestLogFoldsMemories(t *testing.T) {
	dir := t.TempDir()
	l, j := openLog(t, dir)
	kept, flapping, resting, dropped := event(KindFiring, "kept", 10), event(KindFiring, "flapping", 11), event(KindResolved, "resting", 12), event(KindInactive, "dropped", 13)
	flapping.Alert.Flapping, flapping.changes = true, []int64{1000, 11000}
	flapping.element = labels.FromStrings("severity", "own")
	resting.changes = []int64{2000, 12000}
	mustAppend(t, l, []Event{kept, flapping, resting, dropped})
	mustAppend(t, l, nil, Memories{[]storedMemory{
		memory{GoneAt: 14 * second}.stored(kept.Key()), memory{Changes: []int64{11000, 15000}}.stored(flapping.Key()), memory{GoneAt: 1}.stored("nobody/0"),
	}})
	mustAppend(t, l, nil, Hole{From: 20 * second, To: 50 * second})
	check := func(l *Log) {
		t.Helper()
		want := []memory{
			{GoneAt: 14 * second, Lost: 30 * time.Second, GoneLost: 30 * time.Second},
			{Changes: []int64{11000, 15000}, Lost: 30 * time.Second},
			{Changes: []int64{2000, 12000}},
		}
		got := l.Tracked()
		if len(got) != len(want) {
			t.Fatalf("tracked is %+v", got)
		}
		for i, tr := range got {
			if !tr.equal(want[i]) {
				t.Errorf("%s is remembered as %+v, want %+v", tr.Event.Alert.Labels, tr.memory, want[i])
			}
		}
		if e := got[1].Event; e.Alert.Flapping || e.element.Get("severity") != "own" {
			t.Errorf("flapping is %+v", e)
		}
		if current, _ := l.Current(); len(current) != 2 {
			t.Errorf("current is %q", names(current))
		}
	}
	check(l)
	fill(t, l, j)
	check(l)
	j.Close()
	l, j = openLog(t, dir)
	check(l)
	// What ended longer ago than any window is forgotten with the next snapshot.
	mustAppend(t, l, []Event{event(KindResolved, "flapping", 13+int64(maxFlapWindow/time.Second))})
	fill(t, l, j)
	if got := l.Tracked(); len(got) != 1 {
		t.Errorf("tracked is %+v", got)
	}
	if n := l.Unreadable(); n != 0 {
		t.Errorf("%d records could not be read", n)
	}
}

func TestLogFoldsSilences(t *testing.T) {
	dir := t.TempDir()
	l, j := openLog(t, dir)
	silence := func(name string, kind Kind, ids ...string) Event {
		e := event(KindFiring, name, 10)
		e.Kind, e.Alert.SilencedBy = kind, ids
		return e
	}
	mustAppend(t, l, []Event{
		event(KindFiring, "a", 10), event(KindFiring, "b", 10), silence("c", KindFiring, "z"),
		silence("a", KindSilenced, "x", "y"), silence("b", KindSilenced, "x"), silence("gone", KindSilenced, "x"),
		silence("b", KindUnsilenced),
	})
	check := func(l *Log) {
		t.Helper()
		events, _ := l.Current()
		var got []string
		for _, e := range events {
			got = append(got, fmt.Sprintf("%d %s %s %v", e.Seq, e.Kind, e.Alert.Labels.Get(labels.AlertName), e.Alert.SilencedBy))
		}
		if want := []string{"1 firing a [x y]", "2 firing b []", "3 firing c [z]"}; !slices.Equal(got, want) {
			t.Errorf("current is %q, want %q", got, want)
		}
	}
	check(l)
	fill(t, l, j)
	check(l)
	j.Close()
	l, _ = openLog(t, dir)
	check(l)
}

func TestLostTimeIsOfOneLife(t *testing.T) {
	l, _ := openLog(t, t.TempDir())
	mustAppend(t, l, []Event{event(KindPending, "a", 10)}, Hole{From: 10 * second, To: 20 * second})
	firing := event(KindFiring, "a", 10) // same life: active since 10
	mustAppend(t, l, []Event{firing})
	if got := l.Tracked()[0].Lost; got != 10*time.Second {
		t.Errorf("lost %v, want 10s", got)
	}
	mustAppend(t, l, []Event{event(KindResolved, "a", 30), event(KindPending, "a", 40)})
	if got := l.Tracked()[0].Lost; got != 0 {
		t.Errorf("lost %v in the next life, want 0", got)
	}
}

// A record of another version is skipped, not fatal, and those behind it are read.
func TestLogSkipsWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	l, j := openLog(t, dir)
	mustAppend(t, l, []Event{event(KindFiring, "a", 1)})
	if _, err := j.Append([]journal.Record{
		{Kind: journal.Event, Data: []byte(`{"v":99}`)}, {Kind: journal.State, Data: []byte("no json")}, {Kind: journal.Event, Data: []byte(`{"v":99}`)},
	}); err != nil {
		t.Fatal(err)
	}
	j.Close()
	l, _ = openLog(t, dir)
	if n := l.Unreadable(); n != 3 {
		t.Errorf("%d unreadable records, want 3", n)
	}
	mustAppend(t, l, []Event{event(KindFiring, "b", 2)})
	for after, want := range map[uint64][]string{0: {"1 firing a"}, 1: {"4 firing b"}} {
		got, err := l.Read(after, 1)
		if err != nil || !slices.Equal(names(got), want) {
			t.Errorf("after %d: %q, %v; want %q", after, names(got), err, want)
		}
	}
}

func TestTail(t *testing.T) {
	var tail tail
	for seq := uint64(1); seq <= 3*tailEvents; seq++ {
		tail.add(Event{Seq: seq})
	}
	if _, ok := tail.after(1, 1); ok {
		t.Error("the tail has kept the first event")
	}
	page, ok := tail.after(3*tailEvents-2, 10)
	if !ok || len(page) != 2 || page[0].Seq != 3*tailEvents-1 {
		t.Errorf("page %+v, %v", page, ok)
	}
	if len(tail.events) > 2*tailEvents {
		t.Errorf("the tail has %d events", len(tail.events))
	}
	tail.add(Event{Seq: 5000}) // others were lost
	if _, ok := tail.after(4000, 1); ok {
		t.Error("the tail claims to have what is missing before it")
	}
}
