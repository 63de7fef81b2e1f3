package client

import (
	"time"

	"monitord/stream/wire"
)

// maxPicture bounds the alerts that are held back until a picture is complete.
const maxPicture = 10_000

// track is how far one subscription has come. It belongs to the goroutine of Run
// and outlives connections.
type track struct {
	request wire.Request // as the caller asked

	// Samples and queries, Unix milliseconds.
	first int64 // what the first connection was to begin with, 0: not known yet
	last  int64 // handed over, 0: nothing yet

	// Alerts.
	numbered bool   // seq and epoch are a position
	seq      uint64 // handed over
	epoch    string // of the journal that seq is from
	holding  bool   // a picture is under way
	taken    uint64 // the number at which it was taken
	picture  []Item
}

func newTrack(r wire.Request) *track {
	r.Op = wire.OpSubscribe
	return &track{request: r, numbered: r.HasAfter, seq: r.After, epoch: r.Epoch}
}

// next is what to ask for on the next connection.
func (t *track) next() wire.Request {
	r := t.request
	switch {
	case r.Kind == wire.KindAlerts:
		if t.numbered {
			r.HasAfter, r.After, r.Epoch = true, t.seq, t.epoch
		}
	case t.last > 0:
		r.From = wire.At(t.last + 1)
	case t.first > 0:
		r.From = wire.At(t.first)
	}
	return r
}

// lost drops what was held of a picture when its connection ended.
func (t *track) lost() {
	t.holding, t.picture = false, nil
}

// subscribed takes in the answer to what was asked for. It returns false if nothing
// would come of it for long: what was handed over last is later than all there is,
// so the server's clock was set back. The next request goes on from what there is.
func (t *track) subscribed(m *wire.Subscribed, hello wire.Hello) bool {
	if t.request.Kind == wire.KindAlerts {
		switch {
		case !t.numbered:
			t.holding, t.taken, t.epoch = true, m.Seq, hello.Epoch
		case t.epoch == "":
			t.epoch = hello.Epoch
		}
		return true
	}
	if m.T > 0 && t.last > m.T {
		t.first, t.last = m.T+1, 0
		return false
	}
	if t.first > 0 || m.T <= 0 {
		return true
	}
	if t.request.From.IsSet() {
		t.first = max(1, t.request.From.Time(m.T))
		return true
	}
	// The newest there is: the last multiple of every, which may lie before T.
	step := int64(t.request.Every / time.Millisecond)
	if step == 0 {
		step = hello.Interval
	}
	t.first = max(1, m.T-step+1)
	return true
}

// samples tells whether the values of a time are new.
func (t *track) samples(at int64) bool {
	if at <= t.last {
		return false
	}
	t.last = at
	return true
}

// hold takes an event of the picture; false when it is to be handed over at once.
func (t *track) hold(item Item) bool {
	if !t.holding || len(t.picture) >= maxPicture {
		return false
	}
	t.picture = append(t.picture, item)
	return true
}

// complete ends the picture, if one is under way, and returns it.
func (t *track) complete() []Item {
	if !t.holding {
		return nil
	}
	picture := t.picture
	t.holding, t.picture = false, nil
	t.numbered, t.seq = true, t.taken
	return picture
}

// event tells whether an event with a number is new.
func (t *track) event(seq uint64, epoch string) bool {
	if seq == 0 {
		return true // told before it had a number
	}
	if t.numbered && seq <= t.seq {
		return false
	}
	t.numbered, t.seq, t.epoch = true, seq, epoch
	return true
}

// reached says that everything up to a number has been sent.
func (t *track) reached(seq uint64, epoch string) {
	if seq > t.seq {
		t.numbered, t.seq, t.epoch = true, seq, epoch
	}
}

// gap moves the position behind what will not come.
func (t *track) gap(m *wire.Gap, epoch string) {
	if t.request.Kind != wire.KindAlerts {
		if m.Reason == wire.Clock { // set back: times that were there come again
			t.last = m.From - 1
			return
		}
		t.last = max(t.last, m.To)
		return
	}
	if m.Next == 0 {
		return
	}
	if m.Reason == wire.Lost {
		// The numbers of another journal begin anew.
		t.numbered, t.seq, t.epoch = true, m.Next-1, epoch
		return
	}
	t.reached(m.Next-1, epoch)
}
