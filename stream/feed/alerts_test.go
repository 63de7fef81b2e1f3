package feed

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/stream/wire"
)

// brief writes a message of an alert subscription in a few words.
func brief(t *testing.T, m wire.Message) string {
	switch m := m.(type) {
	case *wire.Subscribed:
		return fmt.Sprintf("subscribed %d", m.Seq)
	case *wire.Event:
		text := fmt.Sprintf("%d %s %s", m.Seq, m.Event, m.Alert.Labels.Get("alertname"))
		if m.Current {
			text += " current"
		}
		if m.NotDurable {
			text += " not durable"
		}
		if m.Delivery != nil {
			text += " by " + m.Delivery.Hook
		}
		return text
	case *wire.Gap:
		return fmt.Sprintf("gap %d %d %s", m.After, m.Next, m.Reason)
	case *wire.Heartbeat:
		return fmt.Sprintf("all up to %d", m.Seq)
	}
	t.Fatalf("unexpected %+v", m)
	return ""
}

func wantBrief(t *testing.T, s *socket, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := brief(t, s.decoded()); got != w {
			t.Fatalf("got %q, want %q", got, w)
		}
	}
}

func TestAlerts(t *testing.T) {
	w := newWorld(t)
	w.fire("A", "page", alerts.KindPending, alerts.KindFiring)  // 1, 2
	w.fire("B", "info", alerts.KindFiring)                      // 3
	w.fire("C", "page", alerts.KindFiring, alerts.KindResolved) // 4, 5
	w.fire("A", "page", alerts.KindNotified)                    // 6

	t.Log("without after: the picture, then what is new")
	all := w.connect("alerts=")
	wantBrief(t, all, "subscribed 6", "2 firing A current", "3 firing B current", "all up to 6")
	all.quiet()
	page := w.connect("")
	page.send(`{"op":"subscribe","id":"p","alerts":"{severity=\"page\"}"}`)
	wantBrief(t, page, "subscribed 6", "2 firing A current", "all up to 6")

	w.fire("B", "info", alerts.KindResolved) // 7
	w.fire("A", "page", alerts.KindResolved) // 8
	wantBrief(t, all, "7 resolved B", "8 resolved A")
	wantBrief(t, page, "8 resolved A")

	t.Log("after a number, exclusive")
	s := w.connect("alerts=&after=4")
	wantBrief(t, s, "subscribed 8", "5 resolved C", "6 notified A by ops", "7 resolved B", "8 resolved A")
	s.quiet()
	s = w.connect("alerts=&after=8&epoch=" + w.log.Epoch())
	wantBrief(t, s, "subscribed 8")
	s.quiet()

	t.Log("a replay that ends with others' events says how far it came")
	s = w.connect("alerts=%7Bseverity%3D%22info%22%7D&after=0")
	wantBrief(t, s, "subscribed 8", "3 firing B", "7 resolved B", "all up to 8")

	t.Log("another journal, or a number that was never given out")
	for _, query := range []string{"after=9", "after=2&epoch=other"} {
		s = w.connect("alerts=%7Balertname%3D%22B%22%7D&" + query)
		wantBrief(t, s, "subscribed 8", "gap "+query[6:7]+" 1 lost", "3 firing B", "7 resolved B", "all up to 8")
	}
}

func TestAlertsNobodyHasStored(t *testing.T) {
	w := newWorld(t)
	w.fire("A", "page", alerts.KindFiring)
	s := w.connect("alerts=&after=1")
	wantBrief(t, s, "subscribed 1")
	s.quiet()
	eventually(t, "the feed has told the first", func() bool { return w.feed.marks.now().alerts >= eventPosition(1) })
	e := event("B", "page", alerts.KindFiring)
	w.feed.Events([]alerts.Event{e, e})
	wantBrief(t, s, "0 firing B not durable", "0 firing B not durable")
	w.fire("B", "page", alerts.KindFiring)
	wantBrief(t, s, "2 firing B")
}

func TestAlertsAfterVeryManyThatNobodyHasStored(t *testing.T) {
	w := newWorld(t)
	w.fire("A", "page", alerts.KindFiring)
	eventually(t, "the feed has told the first", func() bool { return w.feed.marks.now().alerts >= eventPosition(1) })
	w.feed.Events(slices.Repeat([]alerts.Event{event("B", "page", alerts.KindFiring)}, 3<<positionBits))
	s := w.connect("alerts=&after=1") // its topic begins behind all of them
	wantBrief(t, s, "subscribed 1")
	w.fire("B", "page", alerts.KindFiring)
	wantBrief(t, s, "2 firing B")
}

func TestAlertHeartbeat(t *testing.T) {
	w := newWorld(t)
	s := w.connect("alerts=%7Balertname%3D%22A%22%7D&after=0")
	wantBrief(t, s, "subscribed 0")
	before := time.Now()
	w.fire("B", "page", alerts.KindFiring)
	other := w.connect("alerts=&after=0") // its topic begins wherever the feed is
	wantBrief(t, other, "subscribed 1", "1 firing B")
	w.fire("B", "page", alerts.KindResolved)
	wantBrief(t, other, "2 resolved B")

	w.feed.beat(before.Add(beatAfter / 2))
	s.quiet()
	now := time.Now()
	w.feed.beat(now.Add(2 * beatAfter))
	wantBrief(t, s, "all up to 2")
	w.feed.beat(now.Add(4 * beatAfter))
	s.quiet()
	w.fire("A", "page", alerts.KindFiring)
	wantBrief(t, s, "3 firing A")
}

func TestAlertMessage(t *testing.T) {
	w := newWorld(t)
	e := event("A", "page", alerts.KindFiring)
	e.Alert.StartsAt = time.UnixMilli(begin).UTC()
	e.Alert.Value = 93.5
	e.Alert.Annotations = map[string]string{"summary": "full"}
	if _, err := w.log.Append(t.Context(), []alerts.Event{e}); err != nil {
		t.Fatal(err)
	}
	s := w.connect("alerts=&after=0")
	s.want(`{"op":"subscribed","id":"alerts=","sub":1,"seq":1}`,
		`{"op":"alert","sub":1,"seq":1,"t":1763683200000,"event":"firing","alert":{"fingerprint":"`+e.Alert.Fingerprint+
			`","state":"firing","labels":{"alertname":"A","severity":"page"},"annotations":{"summary":"full"},"value":93.5,`+
			`"activeAt":"2025-11-21T00:00:00Z","startsAt":"2025-11-21T00:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","silencedBy":[]}}`)
}

func TestManyAlertsAreReadByThePage(t *testing.T) {
	w := newWorld(t)
	events := make([]alerts.Event, 3*readEvents)
	for i := range events {
		events[i] = event("A", []string{"page", "info"}[i%2], alerts.KindFiring)
		events[i].Alert.Annotations = map[string]string{"text": strings.Repeat("x", i)}
	}
	if _, err := w.log.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	s := w.connect("alerts=%7Bseverity%3D%22page%22%7D&after=0")
	s.next()
	for want := uint64(1); want < uint64(len(events)); {
		m, ok := s.decoded().(*wire.Event)
		if !ok {
			continue
		}
		if m.Seq != want {
			t.Fatalf("got %d, want %d", m.Seq, want)
		}
		want += 2
	}
}

// The picture says of each alert how it is now.
func TestPictureSaysWhatIsStale(t *testing.T) {
	stale := event("B", "page", alerts.KindFiring)
	w := newWorld(t, func(o *Options) {
		o.Stale = func(rule, fingerprint string) bool {
			return rule == stale.Rule && fingerprint == stale.Alert.Fingerprint
		}
	})
	w.fire("A", "page", alerts.KindFiring)
	w.fire("B", "page", alerts.KindFiring)
	s := w.connect("alerts=")
	s.next()
	for _, want := range []bool{false, true} {
		if m, ok := s.decoded().(*wire.Event); !ok || m.Alert.Stale != want {
			t.Errorf("got %+v, want stale %v", m, want)
		}
	}
}
