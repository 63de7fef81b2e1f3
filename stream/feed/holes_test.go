package feed

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"monitord/alerts"
	"monitord/alerts/journal"
)

// damagedLog is a log of events with these names, of which some cannot be read.
func damagedLog(t *testing.T, damaged string, names ...string) *alerts.Log {
	t.Helper()
	dir := t.TempDir()
	open := func() (*journal.Journal, *alerts.Log) {
		j, err := journal.Open(dir, journal.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		log, err := alerts.OpenLog(j, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return j, log
	}
	j, log := open()
	for _, name := range names {
		if _, err := log.Append(t.Context(), []alerts.Event{event(name, "page", alerts.KindFiring)}); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	files, err := filepath.Glob(filepath.Join(dir, "*.journal"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files %v, %v", files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.ReplaceAll(b, []byte(damaged), bytes.ToLower([]byte(damaged)))
	if err := os.WriteFile(files[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	j, log = open()
	t.Cleanup(func() { j.Close() })
	return log
}

// TestDamageIsAGap: what the journal has lost is shown as a hole, to whomever what
// stood there would have been told.
func TestDamageIsAGap(t *testing.T) {
	log := damagedLog(t, "DAMAGED", "A", "DAMAGED", "DAMAGED", "B", "C")
	w := newWorld(t, func(o *Options) { o.Alerts = log })
	wantBrief(t, w.connect("alerts=&after=0"), "subscribed 5", "1 firing A", "gap 1 4 expired", "4 firing B", "5 firing C")
	wantBrief(t, w.connect("alerts=%7Balertname%3D%22C%22%7D&after=2"), "subscribed 5", "gap 2 4 expired", "5 firing C")
	poll := w.poll("alerts=&after=1&wait=0").body
	for _, want := range []string{`"op":"gap"`, `"after":1,"next":4,"reason":"expired"`, `"seq":4`} {
		if !bytes.Contains(poll, []byte(want)) {
			t.Errorf("no %s in %s", want, poll)
		}
	}
}

// TestDamageIsAGapWhereItIsLast: nothing follows that would show the hole.
func TestDamageIsAGapWhereItIsLast(t *testing.T) {
	log := damagedLog(t, "DAMAGED", "A", "B", "DAMAGED")
	w := newWorld(t, func(o *Options) { o.Alerts = log })
	s := w.connect("alerts=&after=1")
	wantBrief(t, s, "subscribed 3", "2 firing B", "gap 2 4 expired")
	if _, err := log.Append(t.Context(), []alerts.Event{event("C", "page", alerts.KindFiring)}); err != nil {
		t.Fatal(err)
	}
	wantBrief(t, s, "4 firing C")
}

// TestDamageIsAGapLive: who is there when the feed comes to a hole is told as well.
func TestDamageIsAGapLive(t *testing.T) {
	w := newWorld(t)
	s := w.connect("alerts=&after=0")
	wantBrief(t, s, "subscribed 0")
	a, b := event("A", "page", alerts.KindFiring), event("B", "page", alerts.KindFiring)
	a.Seq, b.Seq, a.Durable, b.Durable = 2, 3, true, true
	w.feed.tell(0, []alerts.Event{a, b}, 3)
	wantBrief(t, s, "gap 0 2 expired", "2 firing A", "3 firing B")
	w.feed.tell(3, nil, 5)
	wantBrief(t, s, "gap 3 6 expired")
}
