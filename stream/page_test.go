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
	c.expect("text:subscribed", "text:gap 2 6 0")
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
