package stream

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Some of a crowd stop reading for a while: the others get everything in time, the
// rings hold no more for it, and those that stopped get every alert on the same
// connection. Some stop for longer than a peer may be silent: they are closed, and
// get every alert when they come back.
func TestSomeOfACrowdStopReading(t *testing.T) {
	t.Parallel()
	const size, slow, gone = 8 << 10, crowd / 10, crowd / 50
	var alerts, samples *Topic
	o := testOptions()
	o.PingInterval, o.PongTimeout = stopPing, stopPong
	o.MaxRing = 40 * size
	s := serve(t, funcs{message: func(_ ctxt, _ Conn, _ bool, payload []byte, t *Turn) {
		var after int64
		fmt.Sscan(string(payload), &after)
		t.Subscribe(Subscription{Topic: alerts, Tag: 1, After: after})
		t.Subscribe(Subscription{Topic: samples, Tag: 2, After: Newest})
		t.Good()
	}}, o)
	k := &fat{book: &book{}, size: size}
	alerts, samples = s.NewTopic(TopicOptions{Source: k, Ring: 20}), s.NewTopic(TopicOptions{Source: k, Ring: 4, Skip: true})

	type reader struct {
		*client
		at      int64
		stopped time.Duration
	}
	readers := make([]*reader, crowd)
	for i := range readers {
		readers[i] = &reader{client: s.dial()}
		c := readers[i].Conn.(*net.TCPConn)
		c.SetDeadline(time.Now().Add(patience + 5*(stopPing+stopPong)))
		if i < slow+gone {
			c.SetReadBuffer(32 << 10)
			readers[i].stopped = stops
		}
		if i < gone {
			readers[i].stopped = 3 * (stopPing + stopPong) / 2
		}
		readers[i].send(masked(0x81, "0"))
	}
	eventually(t, "all follow", func() bool { return alerts.Followers() == crowd && samples.Followers() == crowd })

	began := time.Now()
	publishing := stopPing + stopPong + time.Second
	last := int64(publishing / newsEach)
	var publisher, all, after sync.WaitGroup
	publisher.Go(func() {
		tick := time.NewTicker(newsEach)
		defer tick.Stop()
		for pos := int64(1); pos <= last; pos++ {
			<-tick.C
			stamp := binary.BigEndian.AppendUint64(nil, uint64(time.Since(began)))
			s.Publish([]Item{{alerts, k.entry(pos)}, {samples, Entry{Pos: pos, Messages: [][]byte{[]byte(fmt.Sprintf("s %x", stamp))}}}})
			if n := s.Stats().RingBytes; n > o.MaxRing+2*size {
				t.Errorf("rings hold %d bytes", n)
			}
		}
	})
	var mu sync.Mutex
	var delays []time.Duration
	var dropped atomic.Int64
	// follow reads on until the last alert, or until the server hangs up.
	follow := func(r *reader) {
		for r.at < last {
			f := r.frame()
			switch {
			case f == "eof":
				dropped.Add(1)
				return
			case f == "ping:":
				if _, err := r.Write([]byte(masked(0x8a, string(r.pinged)))); err != nil {
					dropped.Add(1)
					return
				}
			case strings.HasPrefix(f, "text:s "):
				var stamp []byte
				fmt.Sscanf(f, "text:s %x", &stamp)
				if r.stopped == 0 && len(stamp) == 8 {
					mu.Lock()
					delays = append(delays, time.Since(began)-time.Duration(binary.BigEndian.Uint64(stamp)))
					mu.Unlock()
				}
			case strings.HasPrefix(f, "text:m "):
				if want := "text:" + k.text(r.at+1); f != want {
					t.Errorf("%.30q after %d", f, r.at)
					return
				}
				r.at++
			}
		}
	}
	for i, r := range readers {
		all.Go(func() {
			<-time.After(r.stopped)
			follow(r)
			if i < gone {
				if r.at >= last {
					t.Error("one that stopped for too long was not closed")
				}
				back := &reader{client: s.dial(), at: r.at, stopped: 1}
				back.SetDeadline(time.Now().Add(patience + 5*(stopPing+stopPong)))
				back.send(masked(0x81, fmt.Sprint(r.at)))
				follow(back)
				r = back
			}
			if r.at < last {
				t.Errorf("client %d has %d alerts of %d", i, r.at, last)
			}
			after.Go(func() { answering(r.client) })
		})
	}
	all.Wait()
	publisher.Wait()
	if st := s.Stats(); st.Closed["timeout"] != gone || dropped.Load() != gone {
		t.Errorf("closed: %v; %d lost their connection, want the %d that stopped for too long", st.Closed, dropped.Load(), gone)
	}
	s.stop()
	after.Wait()
	slices.Sort(delays)
	if n := len(delays); n > 0 {
		t.Logf("delay of those that read, of %d: median %v, p99 %v", n, delays[n/2], delays[n*99/100])
	}
}
