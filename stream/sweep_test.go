package stream

import (
	"io"
	"net"
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
	fail   error // of every write
}

func (d *deaf) adopt(net.Conn) (int32, error)         { d.fds++; return d.fds, nil }
func (d *deaf) add(int32, uint32, uint32) error       { return nil }
func (d *deaf) wantWrite(int32, uint32, uint32) error { return nil }
func (d *deaf) wait(int) ([]event, error)             { return nil, nil }
func (d *deaf) wake()                                 {}
func (d *deaf) finish(int32)                          {}
func (d *deaf) close(int32)                           { d.closed++ }
func (d *deaf) free()                                 {}
func (d *deaf) write(fd int32, b []byte) (int, error) { d.writes[fd]++; return len(b), nil }
func (d *deaf) writev(fd int32, b [][]byte) (n int, err error) {
	for i := range b {
		n += len(b[i])
	}
	d.writes[fd]++
	return n, d.fail
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
	if s.tick != time.Second {
		t.Fatalf("a tick is %v", s.tick)
	}
	seen := 0
	for range 100 { // four intervals
		s.pass(1)
		total := 0
		for _, w := range d.writes {
			total += w
		}
		if total-seen != n/25 {
			t.Errorf("%d pings in second %d", total-seen, s.now)
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
		if w != 4 {
			t.Errorf("connection %d was pinged %d times", fd, w)
		}
	}
	if d.closed != 0 {
		t.Errorf("%d closed", d.closed)
	}
}

func TestSilentPeersAreClosedInTime(t *testing.T) {
	for _, v := range []struct{ ping, pong, by time.Duration }{
		{25 * time.Second, 8 * time.Second, 33 * time.Second},
		{5 * time.Second, 8 * time.Second, 13 * time.Second}, // several pings before the time is over
		{8 * time.Second, 8 * time.Second, 16 * time.Second},
		{30 * time.Second, 90 * time.Second, 120 * time.Second},
	} {
		o := Options{Config: DefaultConfig()}
		o.PingInterval, o.PongTimeout = v.ping, v.pong
		s, d := still(t, o, 500)
		for s.now < s.ticks(v.pong) {
			if s.pass(1); d.closed > 0 && s.now <= s.pongIn {
				t.Fatalf("%v: %d closed after %d ticks", v, d.closed, s.now)
			}
		}
		s.pass(s.ticks(v.by) - s.now)
		if d.closed != 500 || s.conns.used != 0 {
			t.Errorf("%v: %d of 500 closed after %v", v, d.closed, time.Duration(s.now)*s.tick)
		}
	}
}

// After the process itself stood still, silence proves nothing.
func TestStandingStillClosesNobody(t *testing.T) {
	s, d := still(t, Options{Config: DefaultConfig()}, 500)
	s.pass(20)
	closed := d.closed
	s.now += 60
	s.sweep()
	if d.closed != closed {
		t.Errorf("%d closed for our own absence", d.closed-closed)
	}
	s.pass(33)
	if s.conns.used != 0 {
		t.Errorf("%d of those that are really gone are left", s.conns.used)
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
