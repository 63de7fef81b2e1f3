package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// book is a Source that remembers everything that was ever published.
type book struct {
	mu   sync.Mutex
	pos  []int64
	fail func(after int64) error
	long bool   // some messages are worth compressing
	name string // the messages begin with; empty: m
}

func (k *book) message(pos int64) []byte {
	m := fmt.Appendf(nil, "%s %d", cmp.Or(k.name, "m"), pos)
	if k.long && pos%3 == 0 {
		m = append(m, strings.Repeat(" and more", 50)...)
	}
	return m
}

func (k *book) write(pos int64) Entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pos = append(k.pos, pos)
	return Entry{Pos: pos, Preamble: []byte("pre"), Messages: [][]byte{k.message(pos)}}
}

func (k *book) Page(_ context.Context, after int64) (Page, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := Page{Next: after}
	if k.fail != nil {
		if err := k.fail(after); err != nil {
			return p, err
		}
	}
	for _, pos := range k.pos {
		if pos > after && len(p.Messages) < 7 {
			p.Messages = append(p.Messages, k.message(pos))
			p.Next = pos
		}
	}
	return p, nil
}

func (k *book) Skipped(after, next int64) [][]byte {
	return [][]byte{fmt.Appendf(nil, "gap %d %d", after, next)}
}

// following answers "sub AFTER" and "unsub", as feeds do.
func following(topic func() *Topic) funcs {
	return funcs{message: func(_ context.Context, _ Conn, _ bool, payload []byte, t *Turn) {
		var after int64
		switch {
		case string(payload) == "sub newest":
			after = Newest
		case string(payload) == "unsub":
			t.Unsubscribe(7, func(t *Topic) []byte { return fmt.Appendf(nil, "unsubscribed %d", t.ID()) }, []byte("unknown"))
			return
		case string(payload) == "bad":
			t.Send([]byte("what?"))
			t.Bad("what")
			return
		default:
			fmt.Sscanf(string(payload), "sub %d", &after)
		}
		t.Subscribe(Subscription{Topic: topic(), Tag: 7, After: after,
			Head: [][]byte{[]byte("subscribed")}, Refused: refusedWith("duplicate", "too many")})
		t.Good()
	}}
}

// text returns the next message, and leaves out pings and preambles.
func (c *client) text() string {
	for {
		f := c.frame()
		if f == "text:pre" || f == "ping:" {
			continue
		}
		return strings.TrimPrefix(strings.TrimPrefix(f, "z"), "text:")
	}
}

// Subscribe at random moments while publishing goes on: every position comes
// once, in order, from source and ring without a seam.
func TestSeamUnderLoad(t *testing.T) { testSeamUnderLoad(t, testOptions()) }

func testSeamUnderLoad(t *testing.T, o Options) {
	for _, skip := range []bool{false, true} {
		t.Run(fmt.Sprintf("skip %v", skip), func(t *testing.T) {
			var topic *Topic
			s := serve(t, following(func() *Topic { return topic }), o)
			k := &book{long: true}
			topic = s.NewTopic(TopicOptions{Source: k, Ring: 5, Skip: skip})

			stop := make(chan struct{})
			var wg, publisher sync.WaitGroup
			var now int64
			var mu sync.Mutex
			pace := make(chan struct{}) // a reader takes a message, and another is published
			publisher.Go(func() {
				tick := time.NewTicker(time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-stop:
						return
					case <-pace:
					case <-tick.C:
					}
					mu.Lock()
					now += 1 + rand.Int64N(2)
					e := k.write(now)
					mu.Unlock()
					if now%11 == 0 {
						// two entries of a topic in one batch
						mu.Lock()
						now++
						e2 := k.write(now)
						mu.Unlock()
						s.Publish([]Item{{topic, e}, {topic, e2}})
						continue
					}
					s.Publish([]Item{{topic, e}})
				}
			})
			for range 24 {
				wg.Go(func() {
					for range 6 {
						seam(t, s, k, &mu, &now, pace)
					}
				})
			}
			wg.Wait()
			close(stop)
			publisher.Wait()
			eventually(t, "nobody follows", func() bool { return topic.Followers() == 0 })
		})
	}
}

// seam subscribes at a random position, past or soon to come, and checks that
// what arrives is what the book says.
func seam(t *testing.T, s *testServer, k *book, mu *sync.Mutex, now *int64, pace chan struct{}) {
	dial := []func() *client{s.dial, s.dialDeflate}[rand.IntN(2)]
	c := dial()
	defer c.Close()
	mu.Lock()
	after := rand.Int64N(*now + 4)
	if rand.IntN(3) == 0 {
		after = *now
	}
	mu.Unlock()
	c.send(masked(0x81, fmt.Sprintf("sub %d", after)))
	if got := c.text(); got != "subscribed" {
		t.Errorf("before the first: %q", got)
		return
	}
	at := after
	for n := 0; n < 40; {
		select {
		case pace <- struct{}{}:
		default:
		}
		got := c.text()
		var pos, from, next int64
		switch {
		case scan(got, "m %d", &pos):
			if want := k.following(at); pos != want {
				t.Errorf("subscribed after %d: %d came after %d, want %d", after, pos, at, want)
				return
			}
			at = pos
			n++
		case scan(got, "gap %d %d", &from, &next):
			if from != at || k.between(from, next) == 0 {
				t.Errorf("gap %q after %d, %d missed", got, at, k.between(from, next))
				return
			}
			at = next - 1
		default:
			t.Errorf("got %q", got)
			return
		}
	}
}

func scan(s, format string, to ...any) bool {
	n, err := fmt.Sscanf(s, format, to...)
	return err == nil && n == len(to)
}

func (k *book) following(at int64) int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.pos {
		if p > at {
			return p
		}
	}
	return -1
}

func (k *book) between(after, next int64) (n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.pos {
		if p > after && p < next {
			n++
		}
	}
	return n
}

func TestSubscribeAnswers(t *testing.T) {
	var topic *Topic
	s := serve(t, following(func() *Topic { return topic }), testOptions())
	k := &book{}
	topic = s.NewTopic(TopicOptions{Source: k, Ring: 3})
	c := s.dial()
	c.send(masked(0x81, "unsub"))
	c.expect("text:unknown")
	c.send(masked(0x81, "sub newest")) // nothing yet: the first that comes is the newest
	c.expect("text:subscribed")
	s.Publish([]Item{{topic, k.write(1)}})
	c.expect("text:pre", "text:m 1")
	s.Publish([]Item{{topic, k.write(2)}, {topic, k.write(3)}})
	c.expect("text:m 2", "text:m 3")
	s.Publish([]Item{{topic, Entry{Pos: 3, Messages: [][]byte{[]byte("again")}}}}) // not new
	s.Publish([]Item{{topic, Entry{Pos: 4}}})                                      // no words
	c.send(masked(0x81, "sub 0"))
	c.expect("text:duplicate")
	c.send(masked(0x81, "unsub"))
	c.expect("text:unsubscribed 1")
	eventually(t, "nobody follows", func() bool { return topic.Followers() == 0 })
	s.Publish([]Item{{topic, k.write(5)}})
	c.send(masked(0x81, "sub newest"))
	c.expect("text:subscribed", "text:pre", "text:m 5")
	c.send(masked(0x81, "unsub"))
	c.expect("text:unsubscribed 1")
	c.send(masked(0x81, "sub 3"))
	c.expect("text:subscribed", "text:pre", "text:m 5")
	c.send(masked(0x81, "unsub"))
	c.expect("text:unsubscribed 1")
	c.send(masked(0x81, "sub 1")) // from the source, then the ring
	c.expect("text:subscribed", "text:m 2", "text:m 3", "text:m 5")
	c.send(masked(0x81, "unsub"))
	c.expect("text:unsubscribed 1")
	c.send(masked(0x81, "sub 8")) // in the future
	c.expect("text:subscribed")
	for pos := int64(6); pos < 11; pos++ {
		s.Publish([]Item{{topic, k.write(pos)}})
	}
	c.expect("text:pre", "text:m 9", "text:m 10")
}

func TestTenBadMessages(t *testing.T) {
	var topic *Topic
	s := serve(t, following(func() *Topic { return topic }), testOptions())
	topic = s.NewTopic(TopicOptions{})
	c := s.dial()
	for range 9 {
		c.send(masked(0x81, "bad"))
		c.expect("text:what?")
	}
	c.send(masked(0x81, "sub 0"))
	c.expect("text:subscribed")
	for range 10 {
		c.send(masked(0x81, "bad"))
		c.expect("text:what?")
	}
	c.expect("close:1008")
	eventually(t, "nobody follows", func() bool { return topic.Followers() == 0 })
}

func TestFailingSource(t *testing.T) {
	for _, skip := range []bool{false, true} {
		var topic *Topic
		s := serve(t, following(func() *Topic { return topic }), testOptions())
		k := &book{fail: func(int64) error { return errors.New("disk on fire") }}
		topic = s.NewTopic(TopicOptions{Source: k, Ring: 2, Skip: skip})
		for pos := int64(1); pos < 9; pos++ {
			s.Publish([]Item{{topic, k.write(pos)}})
		}
		c := s.dial()
		c.send(masked(0x81, "sub 0"))
		c.expect("text:subscribed")
		if skip {
			c.expect("text:gap 0 7", "text:pre", "text:m 7", "text:m 8")
		} else {
			c.expect("close:1011")
		}
	}
}

func TestHandlerThatPanics(t *testing.T) {
	s := serve(t, funcs{message: func(_ context.Context, _ Conn, _ bool, payload []byte, t *Turn) {
		if string(payload) == "panic" {
			panic("no")
		}
		t.Send(payload)
	}}, testOptions())
	other := s.dial()
	c := s.dial()
	c.send(masked(0x81, "panic"))
	c.expect("close:1011")
	other.send(masked(0x81, "fine"))
	other.expect("text:fine")
	if s.Stats().Panics != 1 {
		t.Error(s.Stats())
	}
}

// A source that panics ends the connections that wait for it, and no other.
func TestSourceThatPanics(t *testing.T) {
	var topic *Topic
	s := serve(t, following(func() *Topic { return topic }), testOptions())
	k := &book{fail: func(int64) error { panic("no") }}
	topic = s.NewTopic(TopicOptions{Source: k, Ring: 2})
	for pos := int64(1); pos < 9; pos++ {
		s.Publish([]Item{{topic, k.write(pos)}})
	}
	keepsUp, late := s.dial(), s.dial()
	keepsUp.send(masked(0x81, "sub newest"))
	keepsUp.expect("text:subscribed", "text:pre", "text:m 8")
	late.send(masked(0x81, "sub 0"))
	late.expect("text:subscribed", "close:1011")
	s.Publish([]Item{{topic, k.write(9)}})
	keepsUp.expect("text:m 9")
	if n := s.Stats().Panics; n != 1 {
		t.Errorf("%d panics are counted", n)
	}
}
