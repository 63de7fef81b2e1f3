package stream

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// One client stops reading. Others get everything meanwhile, the rings hold no
// more than they may, and the slow one goes on where the topic says: with a gap
// and the newest, or with all that it missed.
func TestSlowReader(t *testing.T) { testSlowReader(t, testOptions()) }

func testSlowReader(t *testing.T, o Options) {
	const size, count = 32 << 10, 250
	for _, skip := range []bool{false, true} {
		t.Run(fmt.Sprintf("skip %v", skip), func(t *testing.T) {
			var topic *Topic
			o := o
			o.MaxRing = 20 * size
			s := serve(t, following(func() *Topic { return topic }), o)
			k := &fat{book: &book{}, size: size}
			topic = s.NewTopic(TopicOptions{Source: k, Ring: 50, Skip: skip})
			slow, quick := s.dial(), s.dial()
			for _, c := range []*client{slow, quick} {
				c.send(masked(0x81, "sub 0"))
				c.expect("text:subscribed")
			}
			for pos := int64(1); pos <= count; pos++ {
				s.Publish([]Item{{topic, k.entry(pos)}})
				if got := quick.text(); got != k.text(pos) {
					t.Fatalf("quick: %.40q at %d", got, pos)
				}
				if n := s.Stats().RingBytes; n > o.MaxRing+size {
					t.Fatalf("rings hold %d bytes", n)
				}
			}
			at, gaps := int64(0), 0
			for at < count {
				got := slow.text()
				var from, next, pos int64
				if scan(got, "gap %d %d", &from, &next) {
					gaps++
					if from != at || next <= from+1 {
						t.Fatalf("%q after %d", got, at)
					}
					at = next - 1
					continue
				}
				fmt.Sscanf(got, "m %d", &pos)
				if pos != at+1 || got != k.text(pos) {
					t.Fatalf("%.40q after %d", got, at)
				}
				at = pos
			}
			if skip != (gaps > 0) {
				t.Errorf("%d gaps", gaps)
			}
			s.Publish([]Item{{topic, k.entry(count + 1)}})
			for _, c := range []*client{slow, quick} {
				if got := c.text(); got != k.text(count+1) {
					t.Errorf("in the end: %.40q", got)
				}
			}
		})
	}
}

// fat is a book with long messages.
type fat struct {
	*book
	size int
}

func (k *fat) text(pos int64) string {
	head := fmt.Sprintf("m %d ", pos)
	return head + strings.Repeat("x", k.size-len(head))
}

func (k *fat) entry(pos int64) Entry {
	e := k.book.write(pos)
	e.Messages = [][]byte{[]byte(k.text(pos))}
	return e
}

func (k *fat) Page(ctx ctxt, after int64) (Page, error) {
	p, err := k.book.Page(ctx, after)
	for i, m := range p.Messages {
		var pos int64
		fmt.Fscan(bytes.NewReader(m[2:]), &pos)
		p.Messages[i] = []byte(k.text(pos))
	}
	return p, err
}

// A client that sends and never takes its answers is not read from for ever.
func TestAnswersNotTaken(t *testing.T) { testAnswersNotTaken(t, testOptions()) }

func testAnswersNotTaken(t *testing.T, o Options) {
	s := serve(t, funcs{}, o)
	c := s.dial()
	socket(c.Conn).SetReadBuffer(64 << 10)
	const count = 100 // 6 MB
	payload := strings.Repeat("a", 60000)
	frame := masked(0x81, payload)
	go func() {
		for range count {
			if _, err := c.Write([]byte(frame)); err != nil {
				return // the reader sees that something is missing
			}
		}
	}()
	eventually(t, "the engine stops reading", func() bool {
		before := s.Stats().BytesReceived
		return before > 100000 && stands(func() uint64 { return s.Stats().BytesReceived })
	})
	if n := s.Stats().BytesReceived; n > 4<<20 {
		t.Errorf("took %d bytes", n)
	}
	for got := 0; got < count; {
		if f := c.frame(); f == "text:"+payload {
			got++
		} else if f != "ping:" {
			t.Fatalf("%.40q after %d", f, got)
		}
	}
}

// stands says that a count does not change while a few dozen looks are taken.
func stands(n func() uint64) bool {
	first := n()
	for range 200 {
		if n() != first {
			return false
		}
	}
	return true
}

// Several topics in one batch come in the order of the batch, in one write each
// connection, also with different sets of subscriptions.
func TestBatchOrder(t *testing.T) {
	var topics []*Topic
	s := serve(t, funcs{message: func(_ ctxt, _ Conn, _ bool, payload []byte, t *Turn) {
		for i, b := range payload {
			n := int(b - '0')
			t.Subscribe(Subscription{Topic: topics[n], Tag: uint64(n + 1), After: 0, Refused: refusedWith("", "too many")})
			if i == len(payload)-1 {
				t.Send([]byte("done"))
			}
		}
	}}, testOptions())
	for range 10 {
		topics = append(topics, s.NewTopic(TopicOptions{}))
	}
	sets := []string{"0123456789", "9876543210", "5", "07", "70", "3", "0123456789"}
	var clients []*client
	for _, set := range sets {
		c := s.dial()
		clients = append(clients, c)
		c.send(masked(0x81, set))
		c.expect("text:done")
	}
	for round := int64(1); round < 5; round++ {
		var items []Item
		for i, topic := range topics {
			if i == int(round) {
				continue
			}
			items = append(items, Item{topic, Entry{Pos: round, Messages: [][]byte{fmt.Appendf(nil, "%d/%d", round, i)}}})
		}
		s.Publish(items)
		for i, c := range clients {
			for n := range 10 {
				if n != int(round) && strings.ContainsRune(sets[i], rune('0'+n)) {
					c.expect(fmt.Sprintf("text:%d/%d", round, n))
				}
			}
		}
	}
}
