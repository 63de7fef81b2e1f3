package main

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/journal"
)

// loopHooks are the hooks of the loop.
var loopHooks = []string{"web", "flaky", "script", "grouped", "again"}

// A loopEnd is what the loop leaves, beside the journal.
type loopEnd struct {
	reader  *loopReader
	active  []loopPicture
	web     *loopBook
	script  map[uint64]string
	silence string // the id of the one that was there from the start
	gone    int64  // when the rules were taken away, Unix milliseconds
}

// checkLoop compares the journal with what client and hooks saw.
func checkLoop(t *testing.T, dir string, end loopEnd) {
	t.Helper()
	reader, web := end.reader, end.web
	log := openJournal(t, dir)
	active, _ := log.Current()
	for _, e := range active {
		t.Errorf("still active: %s, %s %d", e.Alert.Labels, e.Kind, e.Seq)
	}
	events := journaled(t, log)
	firings := checkLives(t, events)
	if n := firings["Always"]; n != 1 {
		t.Errorf("what always held has fired %d times", n)
	}
	if firings["Short0"]+firings["Short1"]+firings["Short2"] > 0 {
		t.Errorf("what held for less than its time has fired: %v", firings)
		for _, e := range events {
			if strings.HasPrefix(e.Alert.Labels.Get("alertname"), "Short") && e.Kind.Transition() {
				t.Logf("%d: %s %s at %d, active at %d", e.Seq, e.Alert.Labels.Get("alertname"), e.Kind, e.T, e.Alert.ActiveAt.UnixMilli())
			}
		}
	}
	checkSeen(t, events, reader)
	if reader.after < uint64(len(events))*9/10 || reader.loose > 0 {
		t.Errorf("the client saw %d of %d events, and %d without a number", reader.after, len(events), reader.loose)
	}
	checkPictures(t, events, end.active)
	checkSilenced(t, log, events, end.silence)
	checkKept(t, events, end.gone)
	flapping := checkFlaps(t, events)
	repeats := checkDeliveries(t, log.Epoch(), events, loopHooks, web, end.script)
	t.Logf("%d events; the client connected %d times; %d deliveries to webhooks, %d repeats; %d firings flapped", len(events), reader.live, len(web.calls), repeats, flapping)
	if len(events) < 200 || reader.live < 5 || repeats == 0 {
		t.Error("this test compares too little")
	}
}

// openJournal opens a journal that no daemon uses any more, and that is whole.
func openJournal(t *testing.T, dir string) *alerts.Log {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	j, err := journal.Open(dir, journal.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	log, err := alerts.OpenLog(j, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if s := j.Stats(); s.Damaged != 0 || s.Lost != 0 || log.Unreadable() != 0 {
		t.Errorf("the journal is damaged: %+v", s)
	}
	return log
}

// checkSeen: whatever a client saw is in the journal.
func checkSeen(t *testing.T, events []alerts.Event, reader *loopReader) {
	t.Helper()
	for seq, what := range reader.seen {
		if seq > uint64(len(events)) {
			t.Fatalf("the client saw %d, the journal ends at %d", seq, len(events))
		}
		e := events[seq-1]
		if is := fmt.Sprint(e.Kind, " ", e.T, " ", e.Alert.Fingerprint, " ", e.Alert.ActiveAt.UnixMilli(), " ", millis(e.Alert.StartsAt)); is != what {
			t.Errorf("the client saw %q as %d, the journal has %q", what, seq, is)
		}
	}
}

// journaled returns all events, whose numbers must be 1, 2, 3…
func journaled(t *testing.T, log *alerts.Log) []alerts.Event {
	t.Helper()
	var events []alerts.Event
	for after := uint64(0); ; {
		page, err := log.Read(after, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return events
		}
		for _, e := range page {
			if e.Seq != after+1 {
				t.Fatalf("the event %d after %d", e.Seq, after)
			}
			after = e.Seq
		}
		events = append(events, page...)
	}
}

// checkLives follows each alert from event to event, and returns how often which fired.
func checkLives(t *testing.T, events []alerts.Event) map[string]int {
	t.Helper()
	before := map[string]alerts.Event{}
	firings := map[string]int{}
	for _, e := range events {
		if !e.Kind.Transition() {
			continue
		}
		was := before[e.Key()]
		before[e.Key()] = e
		active := was.Kind == alerts.KindPending || was.Kind == alerts.KindFiring
		ok := false
		switch e.Kind {
		case alerts.KindPending:
			ok = !active && e.Alert.ActiveAt.UnixMilli() == e.T
		case alerts.KindFiring:
			firings[e.Alert.Labels.Get("alertname")]++
			ok = was.Kind == alerts.KindPending || !active && e.Alert.ActiveAt.UnixMilli() == e.T
			ok = ok && e.Alert.StartsAt.UnixMilli() == e.T && e.Alert.StartsAt.Sub(e.Alert.ActiveAt) >= loopFor(e.Alert.Labels.Get("alertname"))
		case alerts.KindResolved:
			ok = was.Kind == alerts.KindFiring && e.Alert.StartsAt.Equal(was.Alert.StartsAt)
		case alerts.KindInactive:
			ok = was.Kind == alerts.KindPending
		}
		if active {
			ok = ok && e.Alert.ActiveAt.Equal(was.Alert.ActiveAt)
		}
		if !ok {
			t.Errorf("%s: %s %d, active at %v, started at %v, after %s %d, active at %v, started at %v", e.Alert.Labels, e.Kind, e.Seq,
				e.Alert.ActiveAt, e.Alert.StartsAt, was.Kind, was.Seq, was.Alert.ActiveAt, was.Alert.StartsAt)
		}
	}
	return firings
}

// loopFor is the `for` of the loop's rules.
func loopFor(alert string) time.Duration {
	switch {
	case strings.HasPrefix(alert, "Held"):
		return 3 * time.Second
	case strings.HasPrefix(alert, "Short"):
		return 5 * time.Second
	case alert == "Always":
		return 10 * time.Second
	}
	return 0
}

// checkDeliveries: every event that a hook asks for was taken by it, under its key,
// the journal says so once, and nothing else was delivered.
func checkDeliveries(t *testing.T, epoch string, events []alerts.Event, hooks []string, web *loopBook, script map[uint64]string) (repeats int) {
	t.Helper()
	for _, f := range web.faults {
		t.Error(f)
	}
	notified := map[string]int{}
	want := map[string]bool{}
	asked := map[uint64]bool{}
	grouped := map[uint64]string{} // what the hook with groups is to be told
	for _, e := range events {
		if e.Kind == alerts.KindNotified {
			for _, seq := range append(slices.Clone(e.Delivery.With), e.Delivery.Of) {
				notified[loopKey("", e.Delivery.Hook, seq, e.Delivery.Repeat)]++
			}
		}
		if e.Kind == alerts.KindNotifyFailed && e.Delivery.GivenUp {
			t.Errorf("given up: %+v", e.Delivery)
		}
		if e.Kind != alerts.KindFiring && e.Kind != alerts.KindResolved || len(e.Alert.SilencedBy) > 0 {
			continue
		}
		name := e.Alert.Labels.Get("alertname")
		for _, hook := range hooks {
			if e.Hooks != nil && !slices.Contains(e.Hooks, hook) {
				continue
			}
			if n := notified[loopKey("", hook, e.Seq, 0)]; n != 0 {
				t.Errorf("%s was notified of %d before it was", hook, e.Seq)
			}
			if hook == "script" {
				asked[e.Seq] = true
				if script[e.Seq] != string(e.Kind)+" "+name {
					t.Errorf("the script was told %q of %d, which is %s %s", script[e.Seq], e.Seq, e.Kind, name)
				}
				continue
			}
			if hook == "grouped" {
				grouped[e.Seq] = string(e.Kind) + " " + name
				continue
			}
			key := loopKey(epoch, hook, e.Seq, 0)
			want[key] = true
			got := web.calls[key]
			if got == nil || !web.taken[key] || got.hook != hook || got.seq != e.Seq || got.status != string(e.Kind) || got.alert != name {
				t.Errorf("%s, %s %s, was delivered as %+v, taken: %v", key, e.Kind, name, got, web.taken[key])
			}
		}
	}
	reached := map[uint64]bool{}
	for key, d := range web.calls {
		switch {
		case d.hook == "grouped":
			for part := range strings.SplitSeq(strings.TrimSuffix(d.parts, ";"), ";") {
				text, what, _ := strings.Cut(part, " ")
				seq, err := strconv.ParseUint(text, 10, 64)
				if err != nil || grouped[seq] != what || reached[seq] {
					t.Errorf("%s delivered %q, the journal has %q; in another delivery, too: %v", key, part, grouped[seq], reached[seq])
				}
				reached[seq] = true
			}
			if !web.taken[key] || key != loopKey(epoch, d.hook, d.seq, 0) {
				t.Errorf("%s of %d, taken: %v", key, d.seq, web.taken[key])
			}
		case d.repeat > 0: // one that waits is taken back when its alert ends
			repeats++
			if d.hook != "again" || key != loopKey(epoch, d.hook, d.seq, d.repeat) || !want[loopKey(epoch, d.hook, d.seq, 0)] || d.status != "firing" || events[d.seq-1].Kind != alerts.KindFiring {
				t.Errorf("a repeat of what is none: %+v", d)
			}
		case !want[key]:
			t.Errorf("delivered and not in the journal: %+v", d)
		}
	}
	for seq := range script {
		if !asked[seq] {
			t.Errorf("the script was told of %d, %s, which it did not ask for", seq, script[seq])
		}
	}
	for seq, what := range grouped {
		if !reached[seq] {
			t.Errorf("%d, %s, was not delivered with its group", seq, what)
		}
	}
	again := 0
	for what, n := range notified {
		if key := epoch + what; strings.Contains(what, "-r") {
			if again++; !web.taken[key] {
				t.Errorf("the journal says that %s was delivered, and it was not", key)
			}
		}
		if n != 1 {
			t.Errorf("the journal says %d times that %s was delivered", n, what)
		}
	}
	if all := len(want) + len(asked) + len(grouped) + again; len(notified) != all {
		t.Errorf("the journal says that %d deliveries were made, of %d", len(notified), all)
	}
	return repeats
}

// loopKey is the idempotency key of a delivery.
func loopKey(epoch, hook string, seq uint64, repeat int) string {
	key := fmt.Sprintf("%s-%s-%d", epoch, hook, seq)
	if repeat > 0 {
		key += fmt.Sprintf("-r%d", repeat)
	}
	return key
}
