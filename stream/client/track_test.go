package client

import (
	"testing"
	"time"

	"monitord/stream/wire"
)

func TestWhereASubscriptionThatHadNothingGoesOn(t *testing.T) {
	hello := wire.Hello{Interval: 1000}
	for _, c := range []struct {
		name string
		from wire.From
		each time.Duration
		t    int64
		want wire.From
	}{
		{"the newest", wire.From{}, 0, 63_000, wire.At(62_001)},
		{"the newest of every minute", wire.From{}, time.Minute, 63_000, wire.At(3_001)},
		{"a while ago", wire.Ago(10 * time.Second), 0, 63_000, wire.At(53_000)},
		{"longer than there were times", wire.Ago(time.Hour), 0, 63_000, wire.At(1)},
		{"a time", wire.At(7), 0, 63_000, wire.At(7)},
		{"no tick yet", wire.From{}, 0, 0, wire.From{}},
	} {
		tr := newTrack(wire.Request{ID: "x", Kind: wire.KindQuery, From: c.from, Every: c.each})
		tr.subscribed(&wire.Subscribed{ID: "x", Sub: 1, T: c.t}, hello)
		tr.subscribed(&wire.Subscribed{ID: "x", Sub: 1, T: c.t + 500_000}, hello)
		want := c.want
		if c.t == 0 {
			want = wire.At(500_000 - 999)
		}
		if got := tr.next().From; got != want {
			t.Errorf("%s: from %v, want %v", c.name, got, want)
		}
	}
}

func TestAGivenNumberIsAPositionAtOnce(t *testing.T) {
	tr := newTrack(wire.Request{ID: "a", Kind: wire.KindAlerts, HasAfter: true, After: 7})
	tr.subscribed(&wire.Subscribed{ID: "a", Sub: 1, Alerts: true, Seq: 20}, wire.Hello{Epoch: "e1"})
	if r := tr.next(); !r.HasAfter || r.After != 7 || r.Epoch != "e1" {
		t.Errorf("next %+v", r)
	}
	if tr.event(7, "e1") || !tr.event(8, "e1") || tr.event(8, "e1") || !tr.event(0, "e1") {
		t.Error("events are taken twice or not at all")
	}
}

func TestBackoff(t *testing.T) {
	var b backoff
	for i, want := range []time.Duration{250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000} {
		want *= time.Millisecond
		c := b
		if low, high := c.next(0, 0, 0), b.next(0, 0, 0.999); low != want/2 || high < want*9/10 || high > want {
			t.Errorf("attempt %d: between %v and %v, want %v and %v", i, low, high, want/2, want)
		}
	}
	if d := b.next(0, time.Hour, 0); d != maxRetry {
		t.Errorf("asked for an hour: %v", d)
	}
	if d := b.next(time.Minute, 0, 0); d != minBackoff/2 {
		t.Errorf("after a steady minute: %v", d)
	}
}
