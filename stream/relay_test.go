package stream

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A relay forwards between clients and a server, late if it is told to, until it
// is cut: from then on nothing passes and nothing is closed, as if a cable had
// been pulled.
type relay struct {
	net.Listener
	to    string
	delay time.Duration
	cut   atomic.Bool

	mu    sync.Mutex // guards the field below
	conns []net.Conn
	work  sync.WaitGroup
}

func startRelay(t *testing.T, to string, delay time.Duration) *relay {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: ln, to: to, delay: delay}
	r.work.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				return
			}
			r.mu.Lock()
			r.conns = append(r.conns, in, out)
			r.mu.Unlock()
			r.forward(in, out)
			r.forward(out, in)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func (r *relay) stop() {
	r.Close()
	r.mu.Lock()
	for _, c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.work.Wait()
}

func (r *relay) forward(from, to net.Conn) {
	type late struct {
		at time.Time
		b  []byte
	}
	queue := make(chan late, 1000)
	r.work.Go(func() {
		defer close(queue)
		for {
			b := make([]byte, 4096)
			n, err := from.Read(b)
			if err != nil {
				return
			}
			queue <- late{time.Now().Add(r.delay), b[:n]}
		}
	})
	r.work.Go(func() {
		for l := range queue {
			if d := time.Until(l.at); d > 0 {
				<-time.After(d)
			}
			if r.cut.Load() {
				continue
			}
			if _, err := to.Write(l.b); err != nil {
				from.Close()
			}
		}
		if !r.cut.Load() {
			to.Close()
		}
	})
}

// answering answers the pings of a client until its connection ends.
func answering(c *client) {
	for f := c.frame(); f != "eof"; f = c.frame() {
		if f == "ping:" {
			if _, err := c.Write([]byte(masked(0x8a, string(c.pinged)))); err != nil {
				return
			}
		}
	}
}

// Nobody is closed for a relay that delays everything, in both directions.
func TestSlowRelayClosesNobody(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.PingInterval, o.PongTimeout = latePing, latePong
	s := serve(t, funcs{}, o)
	r := startRelay(t, s.addr, lateness)
	direct := s.addr
	s.addr = r.Addr().String()
	var work sync.WaitGroup
	for range 10 {
		c := s.dial()
		c.SetDeadline(time.Now().Add(patience + 4*(latePing+latePong)))
		work.Go(func() { answering(c) })
	}
	s.addr = direct
	end := time.NewTimer(2 * (latePing + latePong))
	<-end.C
	if st := s.Stats(); st.Connections != 10 || len(st.RoundTrips.Counts) == 0 {
		t.Errorf("%d of 10 connections are left, closed: %v", st.Connections, st.Closed)
	}
	if sum := s.Stats().RoundTrips.Sum; sum < 20*2*lateness {
		t.Errorf("the round trips of at least twenty pings took %v together", sum)
	}
	s.stop()
	work.Wait()
}

// A crowd that is cut off without a packet is closed within its time.
func TestCrowdCutOff(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.PingInterval, o.PongTimeout = 2*time.Second, time.Second
	s := serve(t, funcs{}, o)
	r := startRelay(t, s.addr, 0)
	direct := s.addr
	s.addr = r.Addr().String()
	var work sync.WaitGroup
	for range crowd {
		c := s.dial()
		work.Go(func() { answering(c) })
	}
	s.addr = direct
	stays := s.dial()
	work.Go(func() { answering(stays) })
	answered := func() (n uint64) {
		for _, k := range s.Stats().RoundTrips.Counts {
			n += k
		}
		return n
	}
	eventually(t, "each has answered twice", func() bool { return answered() >= 2*crowd })
	if st := s.Stats(); st.Connections != crowd+1 {
		t.Errorf("%d connections before the cut, closed: %v", st.Connections, st.Closed)
	}
	r.cut.Store(true)
	cut := time.Now()
	eventually(t, "all that were cut off are closed", func() bool { return s.Stats().Connections == 1 })
	took := time.Since(cut)
	t.Logf("%d peers gone %v after the cut", crowd, took)
	// A machine that stands still meanwhile gives them all their time anew.
	if st := s.Stats(); took > 3*(o.PingInterval+o.PongTimeout)+2*time.Second || st.Closed["timeout"] != crowd {
		t.Errorf("took %v, closed: %v", took, st.Closed)
	}
	r.stop()
	s.stop()
	work.Wait()
}
