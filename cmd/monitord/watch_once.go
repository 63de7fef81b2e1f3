package main

import (
	"time"

	"monitord/stream/wire"
)

// watchOnce knows what a run with --once still waits for: of each subscription,
// up to where it stood when it was answered.
type watchOnce struct {
	waiting map[string]*awaited // by id
	tick    int64               // the daemon's interval, milliseconds
}

// awaited is one subscription.
type awaited struct {
	request wire.Request
	t       int64  // samples and queries: the newest time there was
	seq     uint64 // alerts: the newest number there was
}

func newWatchOnce(requests []wire.Request) *watchOnce {
	o := &watchOnce{waiting: make(map[string]*awaited, len(requests)), tick: 1000}
	for _, r := range requests {
		o.waiting[r.ID] = &awaited{request: r}
	}
	return o
}

// done is true when there is nothing left to wait for.
func (o *watchOnce) done() bool { return len(o.waiting) == 0 }

// awaits tells whether a subscription is still waited for.
func (o *watchOnce) awaits(id string) bool { return o.waiting[id] != nil }

func (o *watchOnce) take(id string, m wire.Message) {
	if hello, ok := m.(*wire.Hello); ok && hello.Interval > 0 {
		o.tick = hello.Interval
	}
	a := o.waiting[id]
	if a == nil {
		if _, ok := m.(*wire.Pong); ok {
			o.answered()
		}
		return
	}
	switch m := m.(type) {
	case *wire.Subscribed:
		a.t, a.seq = m.T, m.Seq
		o.reached(id, a.request.HasAfter && m.Seq <= a.request.After)
	case *wire.Samples:
		step := max(o.tick, int64(a.request.Every/time.Millisecond))
		o.reached(id, m.T > a.t-step)
	case *wire.Gap:
		o.reached(id, m.To >= a.t && m.Next == 0 || m.Next > a.seq && m.Next != 0)
	case *wire.Event:
		o.reached(id, !m.Current && m.Seq >= a.seq)
	case *wire.Heartbeat:
		o.reached(id, m.Seq >= a.seq && a.request.Kind == wire.KindAlerts)
	}
}

// answered ends the waiting for alerts that were asked for as they are: the
// picture has come.
func (o *watchOnce) answered() {
	for id, a := range o.waiting {
		o.reached(id, a.request.Kind == wire.KindAlerts && !a.request.HasAfter)
	}
}

func (o *watchOnce) reached(id string, end bool) {
	if end {
		delete(o.waiting, id)
	}
}

// patience is how long nothing may come before what is awaited is taken for
// nothing: an expression without a result says nothing.
func (o *watchOnce) patience() time.Duration {
	return 2*time.Duration(o.tick)*time.Millisecond + time.Second
}
