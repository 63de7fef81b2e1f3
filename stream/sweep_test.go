package stream

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"slices"
	"testing"
	"time"
	"unsafe"
)

// deaf is a poller whose connections take everything and say nothing.
type deaf struct {
	writes map[int32]int
	closed int
	say    string // what every read finds
	fds    int32
	fail   error  // of every write
	room   int    // if not 0, one more than what all writes take from now on
	took   []byte // by writes since room was set
}

func (d *deaf) adopt(net.Conn) (int32, error)         { d.fds++; return d.fds, nil }
func (d *deaf) add(int32, uint32, uint32) error       { return nil }
func (d *deaf) wantWrite(int32, uint32, uint32) error { return nil }
func (d *deaf) wait(int) ([]event, error)             { return nil, nil }
func (d *deaf) wake()                                 {}
func (d *deaf) finish(int32)                          {}
func (d *deaf) close(int32)                           { d.closed++ }
func (d *deaf) free()                                 {}
func (d *deaf) write(fd int32, b []byte) (int, error) {
	d.writes[fd]++
	n := len(b)
	if d.room > 0 {
		n = min(n, d.room-1)
		d.room -= n
	}
	d.took = append(d.took, b[:n]...)
	if n < len(b) && n == 0 {
		return 0, errAgain
	}
	return n, d.fail
}

func (d *deaf) writev(fd int32, b [][]byte) (n int, err error) {
	return d.write(fd, slices.Concat(b...))
}

func (d *deaf) read(_ int32, b []byte) (int, error) {
	if d.say == "" {
		return 0, errAgain
	}
	return copy(b, d.say), nil
}

// still returns a shard that nobody runs, with n open connections.
func still(t testing.TB, o Options, n int) (*shard, *deaf) {
	d := &deaf{writes: make(map[int32]int)}
	o.Shards, o.poller = 1, func() (poller, error) { return d, nil }
	e, err := New(funcs{}, o)
	if err != nil {
		t.Fatal(err)
	}
	s := e.shards[0]
	for range n {
		fd, _ := d.adopt(nil)
		e.door.enter(remoteAddr(""))
		s.enter(&join{fd: fd})
		slot := s.conns.top - 1
		s.conns.at(slot).flags &^= working
	}
	return s, d
}

func (s *shard) pass(ticks uint32) {
	for range ticks {
		s.now++
		s.sweep()
	}
}

func TestAConnectionIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(conn{}); n != 36 {
		t.Errorf("a connection takes %d bytes", n)
	}
	if n := unsafe.Sizeof(follow{}); n != 24 {
		t.Errorf("a subscription takes %d bytes", n)
	}
}

func TestPingsAreSpread(t *testing.T) {
	const n = 1000
	s, d := still(t, Options{Config: DefaultConfig()}, n)
	d.say = "\x8a\x80\x00\x00\x00\x00" // a pong
	if s.tick != time.Second || s.pingEach != 12 {
		t.Fatalf("a tick is %v, a ping comes every %d", s.tick, s.pingEach)
	}
	seen := 0
	for range 8 * s.pingEach {
		s.pass(1)
		total := 0
		for _, w := range d.writes {
			total += w
		}
		if k := total - seen; k < n/12 || k > n/12+1 {
			t.Errorf("%d pings in second %d", k, s.now)
		}
		seen = total
		for slot := uint32(1); slot < s.conns.top; slot++ {
			c := s.conns.at(slot)
			c.flags |= readable
			s.read(slot, c)
		}
		s.again()
		s.tell()
	}
	for fd, w := range d.writes {
		if w != 8 {
			t.Errorf("connection %d was pinged %d times", fd, w)
		}
	}
	if d.closed != 0 {
		t.Errorf("%d closed", d.closed)
	}
}

func TestSilentPeersAreClosedInTime(t *testing.T) {
	for _, v := range []struct{ ping, pong, stays, by time.Duration }{
		{25 * time.Second, 8 * time.Second, 29 * time.Second, 33 * time.Second},
		{5 * time.Second, 8 * time.Second, 10 * time.Second, 13 * time.Second},
		{8 * time.Second, 8 * time.Second, 13 * time.Second, 16 * time.Second},
		{30 * time.Second, 90 * time.Second, 95 * time.Second, 120 * time.Second},
		{time.Second, time.Second, 1500 * time.Millisecond, 2 * time.Second},
		{time.Hour, time.Hour, 100 * time.Minute, 2 * time.Hour},
		{time.Hour, time.Second, time.Hour - time.Second, time.Hour + time.Second},
		{time.Second, time.Hour, 44 * time.Minute, time.Hour + time.Second},
	} {
		o := Options{Config: DefaultConfig()}
		o.PingInterval, o.PongTimeout = v.ping, v.pong
		s, d := still(t, o, 500)
		s.pass(uint32(v.stays / s.tick))
		if d.closed != 0 {
			t.Errorf("%v, %v: %d closed after %v", v.ping, v.pong, d.closed, v.stays)
		}
		s.pass(uint32(v.by/s.tick) - s.now)
		if d.closed != 500 || s.conns.used != 0 {
			t.Errorf("%v, %v: %d of 500 closed after %v", v.ping, v.pong, d.closed, v.by)
		}
	}
}

// Whoever stops for twenty seconds stays, with the times as shipped, whenever that
// is between two pings.
func TestTwentySecondsOfSilenceCloseNobody(t *testing.T) {
	const n = 240
	s, d := still(t, Options{Config: DefaultConfig()}, n)
	for range int(s.pingEach) {
		for _, ticks := range []uint32{20, 1} { // the next time one further in the interval
			s.pass(ticks)
			for slot := uint32(1); slot < s.conns.top; slot++ {
				s.lives(s.conns.at(slot))
			}
		}
	}
	if d.closed != 0 {
		t.Errorf("%d of %d closed", d.closed, n)
	}
}

// After the process itself stood still, silence proves nothing.
func TestStandingStillClosesNobody(t *testing.T) {
	s, d := still(t, Options{Config: DefaultConfig()}, 500)
	s.pass(28)
	s.now += 60
	s.sweep()
	if d.closed != 0 {
		t.Errorf("%d closed for our own absence", d.closed)
	}
	s.pass(33)
	if s.conns.used != 0 {
		t.Errorf("%d of those that are really gone are left", s.conns.used)
	}
}

// Where there is news all the time, a ping leaves in the same write. Where there
// is none, it leaves by itself a moment later.
// A loop that was held up for a few ticks, not long enough to be called standing
// still, has heard from its peers after the ticks that it catches up with.
func TestCatchingUpClosesNobody(t *testing.T) {
	s, d := still(t, Options{Config: DefaultConfig()}, 1000)
	for range 100 {
		s.now += s.stirred
		for slot := uint32(1); slot < s.conns.top; slot++ {
			s.lives(s.conns.at(slot))
		}
		if s.sweep(); d.closed != 0 {
			t.Fatalf("%d were closed at %d", d.closed, s.now)
		}
	}
}

func TestPingsLeaveWithMessages(t *testing.T) {
	for topics := 1; topics <= 3; topics++ {
		const n = 120
		s, d := still(t, Options{Config: DefaultConfig()}, n)
		var items []Item
		for range topics {
			items = append(items, Item{Topic: s.e.NewTopic(TopicOptions{})})
		}
		for slot := uint32(1); slot < s.conns.top; slot++ {
			turn := &Turn{text: true}
			for i := range items {
				turn.Subscribe(Subscription{Topic: items[i].Topic, Tag: uint64(i + 1)})
			}
			s.carryOut(slot, s.conns.at(slot), turn)
		}
		tick := func() {
			for i := range items {
				items[i].Entry = Entry{Pos: int64(s.now) + 1, Messages: [][]byte{[]byte("news")}}
			}
			s.e.Publish(items)
			for s.open(); s.walk.active; {
				s.step()
			}
			s.pass(1)
			for slot := uint32(1); slot < s.conns.top; slot++ {
				s.lives(s.conns.at(slot))
			}
		}
		for range 2 * s.pingEach { // a subscription's first message goes another way
			tick()
		}
		clear(d.writes)
		before := s.sent.pings
		for range 2 * s.pingEach {
			tick()
		}
		if pings := s.sent.pings - before; pings != 2*n {
			t.Errorf("%d topics: %d pings, want %d", topics, pings, 2*n)
		}
		for fd, w := range d.writes {
			if w != 2*int(s.pingEach) {
				t.Errorf("%d topics: %d writes to connection %d, want one for each of %d ticks", topics, w, fd, 2*s.pingEach)
			}
		}
		before = s.sent.pings
		s.pass(s.pingEach + s.pingHold)
		if pings := s.sent.pings - before; pings < n {
			t.Errorf("%d topics: %d pings when there was no news, want %d", topics, pings, n)
		}
	}
}

// However much the kernel takes of a message and the ping behind it, both arrive
// whole and once.
func TestPingCutInTheMiddle(t *testing.T) {
	for room := range 40 {
		s, d := still(t, Options{Config: DefaultConfig()}, 1)
		c := s.conns.at(1)
		turn := &Turn{text: true}
		items := []Item{{Topic: s.e.NewTopic(TopicOptions{})}, {Topic: s.e.NewTopic(TopicOptions{})}}
		for i := range items {
			turn.Subscribe(Subscription{Topic: items[i].Topic, Tag: uint64(i + 1)})
		}
		s.carryOut(1, c, turn)
		for pos := int64(1); pos <= 2; pos++ {
			for i := range items {
				items[i].Entry = Entry{Pos: pos, Messages: [][]byte{[]byte("message")}}
			}
			if pos == 2 {
				c.flags |= pingWaits
				d.room, d.took = room, nil
			}
			s.e.Publish(items)
			for s.open(); s.walk.active; {
				s.step()
			}
		}
		d.room = 0
		c.flags &^= blocked
		s.flush(1, c)
		k := &client{t: t, r: bufio.NewReader(bytes.NewReader(d.took))}
		seen := map[string]int{}
		for f := k.frame(); f != "eof"; f = k.frame() {
			seen[f]++
		}
		if seen["text:message"] != 2 || seen["ping:"] != 1 || len(seen) != 2 || s.sent.pings != 1 {
			t.Errorf("room for %d bytes: got %v, %d pings counted", room, seen, s.sent.pings)
		}
	}
}

// A connection that breaks in the middle of a message leaves nothing to the next.
func TestBrokenWithinAMessage(t *testing.T) {
	s, d := still(t, testOptions(), 2)
	d.fail = io.ErrClosedPipe
	half := []byte(masked(0x01, "half") + masked(0x89, "") + masked(0x80, "more"))
	if s.input(1, s.conns.at(1), half, false) || !s.scratch.idle() {
		t.Error("the half message of one connection is still there for others")
	}
	if d.closed != 1 || s.conns.used != 1 {
		t.Errorf("%d closed, %d open", d.closed, s.conns.used)
	}
}

// What one connection costs besides the kernel.
func BenchmarkDeliver(b *testing.B) {
	const n = 10000
	for name, subscriptions := range map[string]int{"one topic": 1, "four topics": 4} {
		b.Run(name, func(b *testing.B) {
			o := testOptions()
			o.MaxConnections = 2 * n
			s, d := still(b, o, n)
			d.writes = nil
			s.poll = mute{d}
			var items []Item
			for range subscriptions {
				items = append(items, Item{Topic: s.e.NewTopic(TopicOptions{})})
			}
			for slot := uint32(1); slot < s.conns.top; slot++ {
				turn := &Turn{text: true}
				for i, it := range items {
					turn.Subscribe(Subscription{Topic: it.Topic, Tag: uint64(i)})
				}
				s.carryOut(slot, s.conns.at(slot), turn)
			}
			pos := int64(0)
			round := func() {
				pos++
				for i := range items {
					items[i].Entry = Entry{Pos: pos, Messages: [][]byte{make([]byte, 1024)}}
				}
				s.e.Publish(items)
				for s.open(); s.walk.active; {
					s.step()
				}
			}
			round() // the first of a subscription goes another way
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				round()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/connection")
		})
	}
}

// mute does not even count.
type mute struct{ *deaf }

func (mute) write(_ int32, b []byte) (int, error) { return len(b), nil }
func (mute) writev(_ int32, b [][]byte) (n int, err error) {
	for i := range b {
		n += len(b[i])
	}
	return n, nil
}
