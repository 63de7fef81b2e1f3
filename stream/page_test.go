package stream

import (
	"fmt"
	"testing"
)

// forgetful is a book whose first page finds nothing, while the ring moves on.
type forgetful struct {
	*book
	meanwhile func()
}

func (k *forgetful) Page(ctx ctxt, after int64) (Page, error) {
	if f := k.meanwhile; f != nil {
		k.meanwhile = nil
		f()
		return Page{Next: after}, nil
	}
	return k.book.Page(ctx, after)
}

// A source that has lost its past costs the past only: what left the ring after
// it was asked is asked for again.
func TestHoleEndsWhereTheSourceWasAsked(t *testing.T) {
	var topic *Topic
	s := serve(t, following(func() *Topic { return topic }), testOptions())
	k := &forgetful{book: &book{}}
	topic = s.NewTopic(TopicOptions{Source: k, Ring: 2})
	publish := func(from, to int64) {
		for pos := from; pos <= to; pos++ {
			s.Publish([]Item{{topic, k.write(pos)}})
		}
	}
	publish(1, 7) // the ring holds 6 and 7
	k.meanwhile = func() { publish(8, 12) }
	c := s.dial()
	c.send(masked(0x81, "sub 2"))
	c.expect("text:subscribed", "text:gap 2 6")
	for pos := int64(6); pos <= 12; pos++ {
		if got := c.text(); got != fmt.Sprintf("m %d", pos) {
			t.Fatalf("%q for %d", got, pos)
		}
	}
	publish(13, 13)
	if got := c.text(); got != "m 13" {
		t.Error(got)
	}
	if n := s.Stats().Gaps; n != 1 {
		t.Errorf("%d gaps", n)
	}
}

// Whoever has seen the preamble in a page is not sent it again.
func TestAPreambleSeenInAPage(t *testing.T) {
	s := serve(t, funcs{}, testOptions())
	topic := s.NewTopic(TopicOptions{})
	pre, other := []byte("pre"), []byte("other")
	s.Publish([]Item{{topic, Entry{Pos: 1, Messages: [][]byte{pre, []byte("m 1")}, InForce: pre}}})
	check := func(pos int64, preamble []byte, want spot) {
		t.Helper()
		if got := topic.from(pos, preamble); got != want {
			t.Errorf("at %d with %q: %+v, want %+v", pos, preamble, got, want)
		}
	}
	check(1, pre, spot{ok: true, ord: 1, next: 2, seen: true})
	check(1, other, spot{ok: true, ord: 1, next: 2})
	check(1, nil, spot{ok: true, ord: 1, next: 2})
	check(0, other, spot{ok: true, next: 1, seen: true}) // it begins with its own
	check(4, pre, spot{ok: true, ord: 1, next: 5, seen: true})
	s.Publish([]Item{{topic, Entry{Pos: 2, Preamble: pre, Messages: [][]byte{[]byte("m 2")}}}})
	check(1, pre, spot{ok: true, ord: 1, next: 2, seen: true})
	check(1, other, spot{ok: true, ord: 1, next: 2})
	s.Publish([]Item{{topic, Entry{Pos: 3, Preamble: other, Messages: [][]byte{[]byte("m 3")}}}})
	check(2, pre, spot{ok: true, ord: 2, next: 3})
	check(2, other, spot{ok: true, ord: 2, next: 3, seen: true})
}
