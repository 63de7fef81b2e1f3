package stream

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// beside runs attack while honest clients follow a topic, and prints how late their
// messages were with and without it. Every message must arrive, whatever happens
// beside.
func beside(t *testing.T, o Options, attack func(s *testServer, until <-chan struct{})) *testServer {
	var topic *Topic
	s := serve(t, following(func() *Topic { return topic }), o)
	k := &book{}
	topic = s.NewTopic(TopicOptions{Source: k, Ring: 1000})
	began := time.Now()
	var delays [2][]time.Duration
	var attacking atomic.Bool
	var readers, attackers sync.WaitGroup
	const honest = 5
	var got [honest]atomic.Int64
	var mu sync.Mutex
	stop := make(chan struct{})
	for i := range honest {
		c := s.dial()
		c.send(masked(0x81, "sub 0"))
		c.expect("text:subscribed")
		readers.Go(func() {
			for f := c.frame(); f != "eof"; f = c.frame() {
				var pos int64
				var at uint64
				if n, _ := fmt.Sscanf(f, "text:m %d %d", &pos, &at); n != 2 {
					if f == "ping:" || f == "text:pre" {
						continue
					}
					if strings.HasPrefix(f, "close:") {
						return
					}
					t.Errorf("got %.50q", f)
					return
				}
				if last := got[i].Swap(pos); pos != last+1 {
					t.Errorf("%d after %d", pos, last)
				}
				which := 0
				if attacking.Load() {
					which = 1
				}
				mu.Lock()
				delays[which] = append(delays[which], time.Since(began)-time.Duration(at))
				mu.Unlock()
			}
		})
	}
	pos := int64(0)
	publish := func(during time.Duration) {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for end := time.Now().Add(during); time.Now().Before(end); {
			<-tick.C
			pos++
			e := k.write(pos)
			e.Messages = [][]byte{fmt.Appendf(nil, "m %d %d", pos, time.Since(began))}
			s.Publish([]Item{{topic, e}})
		}
	}
	publish(floodTime / 2)
	attacking.Store(true)
	attackers.Go(func() { attack(s, stop) })
	publish(floodTime)
	close(stop)
	attackers.Wait()
	eventually(t, "honest clients have everything, and nothing is left of the others", func() bool {
		for i := range got {
			if got[i].Load() != pos {
				return false
			}
		}
		return s.Stats().Subscriptions == honest
	})
	s.stop()
	readers.Wait()
	for i, name := range []string{"without", "with"} {
		if d := delays[i]; len(d) > 0 {
			slices.Sort(d)
			t.Logf("%s the flood: %d messages, delay median %v, p99 %v", name, len(d), d[len(d)/2], d[len(d)*99/100])
		}
	}
	return s
}

// flooding sends the same bytes again and again, on one connection after the other
// if the server hangs up, and reads what comes if it is told to.
func flooding(s *testServer, until <-chan struct{}, reads bool, bytes string) {
	for {
		select {
		case <-until:
			return
		default:
		}
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			return
		}
		c.SetDeadline(time.Now().Add(patience))
		io.WriteString(c, handshake)
		var reader sync.WaitGroup
		if reads {
			reader.Go(func() { io.Copy(io.Discard, c) })
		}
		over := make(chan struct{})
		go func() {
			select {
			case <-until:
				c.Close()
			case <-over:
			}
		}()
		for err == nil {
			_, err = io.WriteString(c, bytes)
		}
		close(over)
		c.Close()
		reader.Wait()
	}
}

func TestPingFloodHurtsNobodyElse(t *testing.T) {
	o := testOptions()
	o.MaxControlFrames = 200 // which any machine can answer in a second
	s := beside(t, o, func(s *testServer, until <-chan struct{}) {
		enough := make(chan struct{})
		go func() { // on a busy machine a flood takes its time
			defer close(enough)
			<-until
			for end := time.Now().Add(patience); s.Stats().Closed["flood"] == 0 && time.Now().Before(end); {
				<-time.After(time.Millisecond)
			}
		}()
		flooding(s, enough, true, strings.Repeat(masked(0x89, "0123456789"), 1000))
	})
	if s.Stats().Closed["flood"] == 0 {
		t.Errorf("closed: %v", s.Stats().Closed)
	}
}

// Of pongs that are not taken, one waits.
func TestPongsNotTaken(t *testing.T) {
	o := testOptions()
	o.Shards, o.MaxControlFrames = 1, 50000
	s := serve(t, funcs{}, o)
	c := s.dial()
	c.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	go c.Write([]byte(strings.Repeat(masked(0x89, strings.Repeat("p", 125)), 40000) + masked(0x81, "the end")))
	for last := ""; last != "text:the end"; {
		f := c.frame()
		if f == "eof" || strings.HasPrefix(f, "close:") {
			t.Fatalf("%s after %s", f, last)
		}
		last = f
	}
	runtime.GC()
	runtime.ReadMemStats(&m)
	t.Logf("heap grew by %d bytes", int64(m.HeapAlloc)-int64(before))
}

func TestFragmentFloodIsCutOff(t *testing.T) {
	for _, payload := range []string{"", "x"} {
		s := serve(t, funcs{}, testOptions())
		c := s.dial()
		go c.Write([]byte(masked(0x02, payload) + strings.Repeat(masked(0x00, payload), fragments)))
		c.expect("close:1008")
		if n := s.Stats().BytesReceived; n > 2<<20 {
			t.Errorf("%d bytes were read before that", n)
		}
	}
}

func TestSubscribeFloodHurtsNobodyElse(t *testing.T) {
	beside(t, testOptions(), func(s *testServer, until <-chan struct{}) {
		flooding(s, until, true, strings.Repeat(masked(0x81, "sub 0")+masked(0x81, "unsub"), 200))
	})
}

// Nor does one that takes no answers.
func TestSubscribeFloodThatTakesNoAnswers(t *testing.T) {
	beside(t, testOptions(), func(s *testServer, until <-chan struct{}) {
		flooding(s, until, false, strings.Repeat(masked(0x81, "sub 0")+masked(0x81, "unsub"), 200))
	})
}

func TestReconnectFloodHurtsNobodyElse(t *testing.T) {
	s := beside(t, testOptions(), func(s *testServer, until <-chan struct{}) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for {
					select {
					case <-until:
						return
					default:
					}
					c, err := net.Dial("tcp", s.addr)
					if err != nil {
						continue
					}
					io.WriteString(c, handshake+masked(0x81, "sub 0"))
					if rand.IntN(2) == 0 {
						c.SetReadDeadline(time.Now().Add(patience))
						c.Read(make([]byte, 10))
					}
					c.(*net.TCPConn).SetLinger(rand.IntN(2) - 1)
					c.Close()
				}
			})
		}
		all.Wait()
		eventually(t, "they are gone", func() bool { return s.Stats().Connections == 5 && s.callers.Load() == 0 })
	})
	t.Logf("%d connections", s.Stats().Accepted)
}

// A crowd of bombs: what a message inflates to is cut off at the bound, for all of
// them at once.
func TestCrowdOfBombs(t *testing.T) {
	s := serve(t, funcs{}, testOptions())
	bomb := masked(0xc2, packed(strings.Repeat("\x00", 4<<20)))
	request := handshake[:len(handshake)-2] + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
	var all sync.WaitGroup
	for range 30 {
		c, _ := s.handshake(request)
		all.Go(func() {
			c.Write([]byte(bomb))
			f := c.frame()
			for f == "ping:" { // it takes its time on a busy machine
				f = c.frame()
			}
			if f != "close:1009" {
				t.Errorf("a bomb: %.50q", f)
			}
		})
	}
	all.Wait()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("heap in use afterwards: %d KiB of %d KiB from the system", m.HeapInuse>>10, m.Sys>>10)
}

// A reset at any byte of anything leaves nothing behind.
func TestResetAnywhere(t *testing.T) {
	t.Parallel()
	var topic *Topic
	s := serve(t, following(func() *Topic { return topic }), testOptions())
	k := &fat{book: &book{}, size: 20000}
	topic = s.NewTopic(TopicOptions{Source: k, Ring: 4})
	for pos := int64(1); pos <= 40; pos++ {
		s.Publish([]Item{{topic, k.entry(pos)}})
	}
	request := handshake[:len(handshake)-2] + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
	for _, script := range []string{
		handshake + masked(0x81, "sub 0") + masked(0x89, "ping") + masked(0x01, "uns") + masked(0x80, "ub") + masked(0x88, "\x03\xe8"),
		request + masked(0xc1, packed("sub 0")) + masked(0x8a, "") + masked(0x81, "unsub") + "\x83",
		"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
	} {
		for cut := 1; cut <= len(script); cut += 1 + rand.IntN(4) {
			c := s.plain(script[:cut])
			if cut > len(handshake) && cut%3 == 0 {
				c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				io.CopyN(io.Discard, c, 100+rand.Int64N(30000)) // in the middle of what it is sent
			}
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}
	eventually(t, "nothing is left", func() bool {
		return s.Stats().Connections == 0 && s.callers.Load() == 0 && topic.Followers() == 0
	})
	if st := s.Stats(); st.Panics != 0 {
		t.Errorf("%d panics", st.Panics)
	}
	s.dial()
}

// counting counts what is read from the connections of a listener.
type counting struct {
	net.Listener
	read *atomic.Int64
}

type countingConn struct {
	net.Conn
	read *atomic.Int64
}

func (l counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, l.read}, err
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}

// Of a header that does not end, no more than 16 KiB are read on either way in.
func TestHugeHeaderIsNotRead(t *testing.T) {
	for _, first := range []string{
		strings.TrimSuffix(handshake, "\r\n") + "X: ", // a poll loop reads it
		"GET /other HTTP/1.1\r\nX: ",                  // net/http does
	} {
		o := testOptions()
		o.Path = "/"
		e, _, ln := accepting(t, o, "tcp", "127.0.0.1:0")
		var read atomic.Int64
		s := serveWith(t, e, counting{ln, &read}, http.NotFoundHandler())
		c := s.plain(first)
		line := []byte(strings.Repeat("x", 1<<20))
		sent := 0
		var err error
		for err == nil && sent < 300<<20 {
			var n int
			n, err = c.Write(line)
			sent += n
		}
		if sent >= 300<<20 {
			t.Error("took 300 MiB")
		}
		if n := read.Load(); n == 0 || n > 16<<10 {
			t.Errorf("%.20q: %d bytes of the header were read", first, n)
		}
	}
}
