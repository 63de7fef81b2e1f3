package main

import (
	"testing"
	"time"

	"monitord/stream/wire"
)

func TestOnceEndsWhereTheSubscriptionStood(t *testing.T) {
	values := wire.Request{ID: "1", Kind: wire.KindQuery}
	past := wire.Request{ID: "1", Kind: wire.KindQuery, From: wire.Ago(time.Minute)}
	minutes := wire.Request{ID: "1", Kind: wire.KindQuery, Every: time.Minute}
	picture := wire.Request{ID: "1", Kind: wire.KindAlerts}
	after := wire.Request{ID: "1", Kind: wire.KindAlerts, HasAfter: true, After: 5}
	stands := &wire.Subscribed{ID: "1", T: 100_000, Seq: 10}
	pong := &wire.Pong{}
	for name, c := range map[string]struct {
		request  wire.Request
		messages []wire.Message // all but the last must not end it
	}{
		"the newest value":            {values, []wire.Message{stands, pong, &wire.Samples{T: 100_000}}},
		"a newer value":               {values, []wire.Message{stands, &wire.Samples{T: 101_000}}},
		"all of the past":             {past, []wire.Message{stands, pong, &wire.Samples{T: 40_000}, &wire.Samples{T: 99_000}, &wire.Samples{T: 100_000}}},
		"a past that is not kept":     {past, []wire.Message{stands, &wire.Gap{From: 40_000, To: 99_000}, &wire.Gap{From: 100_000, To: 100_000}}},
		"the newest whole minute":     {minutes, []wire.Message{stands, pong, &wire.Samples{T: 60_000}}},
		"the picture":                 {picture, []wire.Message{stands, &wire.Event{Seq: 10, Current: true}, pong}},
		"alerts up to the number":     {after, []wire.Message{stands, pong, &wire.Event{Seq: 6}, &wire.Event{Seq: 10}}},
		"alerts by heartbeat":         {after, []wire.Message{stands, pong, &wire.Event{Seq: 6}, &wire.Heartbeat{Seq: 10}}},
		"alerts that are not kept":    {after, []wire.Message{stands, pong, &wire.Gap{After: 5, Next: 11}}},
		"no alerts after that number": {after, []wire.Message{&wire.Subscribed{ID: "1", Seq: 5}}},
	} {
		o := newWatchOnce([]wire.Request{c.request})
		for i, m := range c.messages {
			if o.done() {
				t.Errorf("%s: done before message %d", name, i)
			}
			id := "1"
			if m == wire.Message(pong) {
				id = ""
			}
			o.take(id, m)
		}
		if !o.done() {
			t.Errorf("%s: not done", name)
		}
	}
}
