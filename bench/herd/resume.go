package main

import (
	"bytes"
	"cmp"
	"math/rand/v2"
	"strconv"
	"time"
)

// resumption is how the herd comes back after its connections have ended, each as
// a well-behaved client: after the time that the server asked for (retry=MS), else
// after a quarter of a second that doubles, with jitter; and asking for what it
// lacks.
type resumption struct {
	waiting int
	epoch   string

	lost        int   // connections that have ended
	hinted      int   // of them with a time to come back after
	unreachable int   // attempts before the first that succeeded
	refused     int   // handshakes that came to nothing after that
	steady      int   // connections that have had a message since they came back
	holes       int   // ticks or alerts missing without a word
	repeats     int   // or there twice
	gaps        int   // named
	firstLost   int64 // Unix nanoseconds
	lastSteady  int64
	back        map[int64]int // connections that came back, by tenth of a second
}

// place is where one connection stands in what it follows.
type place struct {
	tick     int64  // of its newest sample
	seq      uint64 // of its newest alert
	due      int64  // when it comes back, Unix nanoseconds
	failures uint8
	away     bool // it has had no sample since it was lost
}

const (
	firstPause = 250 * time.Millisecond
	lastPause  = 30 * time.Second
)

// comeBack plans the next attempt of a connection that has ended, or could not be
// made again. hint is 0 if the server gave none.
func (h *herd) comeBack(c *conn, was uint8, hint time.Duration) {
	r := &h.resumption
	switch was {
	case open:
		h.opened--
		if r.lost++; r.lost == 1 {
			r.firstLost = time.Now().UnixNano()
		}
		if hint > 0 {
			r.hinted++
		}
		c.place.away = true
	case connecting:
		r.unreachable++
	default:
		if len(r.back) == 0 {
			// The kernel lets go of a killed process' connections before its listener,
			// and resets who has reached that meanwhile.
			r.unreachable++
		} else {
			r.refused++
		}
	}
	pause := hint
	if pause == 0 {
		d := min(firstPause<<min(c.place.failures, 10), lastPause)
		pause = d/2 + rand.N(d/2)
	}
	c.place.failures++
	c.place.due = time.Now().Add(pause).UnixNano()
	c.state = resting
	h.resumption.waiting++
}

// noteOpen counts who has come back when.
func (h *herd) noteOpen(c *conn) {
	if c.place.away {
		h.resumption.back[time.Now().UnixMilli()/100]++
	}
}

// again starts the attempts that are due.
func (h *herd) again() error {
	if h.resumption.waiting == 0 {
		return nil
	}
	now := time.Now().UnixNano()
	for i := range h.conns {
		c := &h.conns[i]
		if c.state != resting || c.place.due > now {
			continue
		}
		h.resumption.waiting--
		if err := h.start(i); err != nil {
			return err
		}
	}
	return nil
}

// resumed returns the request with which a connection goes on.
func (h *herd) requestOf(c *conn) []byte {
	path := h.path
	if c.place.tick > 0 {
		path += "&from=" + strconv.FormatInt(c.place.tick+1, 10)
	}
	if c.place.seq > 0 {
		path += "&after=" + strconv.FormatUint(c.place.seq, 10) + "&epoch=" + h.resumption.epoch
	}
	return h.requestFor(path)
}

// follow keeps account of one message.
func (h *herd) follow(c *conn, begin []byte) {
	r, p := &h.resumption, &c.place
	switch op(begin) {
	case "hello":
		r.epoch = cmp.Or(text(begin, `"epoch":"`), r.epoch)
	case "samples":
		t, ok := tickOf(begin)
		if !ok {
			return
		}
		switch {
		case p.tick != 0 && t <= p.tick:
			r.repeats++
		case p.tick != 0 && t > p.tick+tickLength:
			r.holes++
		}
		p.tick = max(p.tick, t)
		if p.away {
			p.away, p.failures = false, 0
			r.steady++
			r.lastSteady = h.now
		}
	case "alert":
		seq, ok := number(begin, `"seq":`)
		if !ok || bytes.Contains(begin, []byte(`"current":true`)) {
			return
		}
		switch {
		case p.seq != 0 && uint64(seq) <= p.seq:
			r.repeats++
		case p.seq != 0 && uint64(seq) > p.seq+1:
			r.holes++
		}
		p.seq = max(p.seq, uint64(seq))
	case "gap":
		r.gaps++
		if to, ok := number(begin, `"to":`); ok {
			p.tick = max(p.tick, to)
		}
	}
}

// tickLength is the daemon's interval as shipped, in milliseconds.
const tickLength = 1000

func op(begin []byte) string { return text(begin, `{"op":"`) }

// text returns what stands between a prefix and the next quote, where no quote is
// ever escaped.
func text(begin []byte, prefix string) string {
	_, rest, ok := bytes.Cut(begin, []byte(prefix))
	value, _, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !closed {
		return ""
	}
	return string(value)
}

// number returns the whole number behind a prefix, unless it may have been cut off.
func number(begin []byte, prefix string) (int64, bool) {
	_, rest, ok := bytes.Cut(begin, []byte(prefix))
	if !ok {
		return 0, false
	}
	digits := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(rest[:digits]), 10, 64)
	return n, err == nil
}

// retryIn reads the hint at the end of a close frame's reason.
func retryIn(body []byte) time.Duration {
	i := bytes.LastIndex(body, []byte("retry="))
	if i < 0 {
		return 0
	}
	ms, err := strconv.ParseUint(string(body[i+len("retry="):]), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}
