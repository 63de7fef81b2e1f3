package stream

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// newest returns the newest entry of a topic.
func (t *Topic) newest() *entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ring.entries[len(t.ring.entries)-1]
}

// A compressed frame is made once, when the first who needs it is there.
func TestVariantsAreMadeWhenNeeded(t *testing.T) {
	var topic *Topic
	s := serve(t, following(func() *Topic { return topic }), testOptions())
	topic = s.NewTopic(TopicOptions{})
	long := strings.Repeat("sample ", 100)
	pos := int64(0)
	publish := func(messages ...string) *entry {
		pos++
		e := Entry{Pos: pos}
		for _, m := range messages {
			e.Messages = append(e.Messages, []byte(m))
		}
		s.Publish([]Item{{topic, e}})
		return topic.newest()
	}
	made := func(en *entry) []byte {
		en.frame.mu.Lock()
		defer en.frame.mu.Unlock()
		if en.frame.others == nil {
			return nil
		}
		return en.frame.others[deflated]
	}
	simple := s.dial()
	simple.send(masked(0x81, "sub 0"))
	simple.expect("text:subscribed")
	en := publish(long)
	simple.expect("text:" + long)
	if made(en) != nil {
		t.Error("compressed for nobody")
	}
	before := s.Stats()

	var others []*client
	for range 4 {
		c := s.dialDeflate()
		c.send(masked(0x81, "sub newest"))
		c.expect("text:subscribed", "ztext:"+long)
		others = append(others, c)
	}
	first := made(en)
	if first == nil {
		t.Fatal("not kept")
	}
	if n, want := s.Stats().RingBytes-before.RingBytes, int64(len(first)); n != want {
		t.Errorf("the ring counts %d bytes more, %d have been made", n, want)
	}
	en = publish("short", long, "")
	for _, c := range others {
		c.expect("text:short", "ztext:"+long, "text:")
	}
	simple.expect("text:short", "text:"+long, "text:")
	frame := made(en)
	if again := topic.frame(s.Engine, en, deflated); &again[0] != &frame[0] {
		t.Error("made twice")
	}
	for _, c := range others {
		c.Close()
	}
	eventually(t, "nobody needs them", func() bool { return topic.Followers() == 1 })
	en = publish(long)
	simple.expect("text:" + long)
	s.Drop(topic)
	if n := s.Stats().RingBytes; n != 0 {
		t.Errorf("%d bytes counted after all", n)
	}
	if topic.frame(s.Engine, en, deflated); made(en) == nil || s.Stats().RingBytes != 0 {
		t.Error("counted for an entry that is gone")
	}
}

// What a connection has to itself is compressed too: answers, heads, pages, gaps.
func TestOwnMessagesAreCompressed(t *testing.T) {
	long := strings.Repeat("x", 1000)
	s := serve(t, funcs{}, testOptions())
	c := s.dialDeflate()
	c.send(masked(0xc1, packed(long)) + masked(0x82, long) + masked(0xc2, packed("short")))
	c.expect("ztext:"+long, "zbin:"+long, "bin:short")
}

// A page that a source keeps is rewritten once for each variant, within a bound.
func TestPagesAreRewrittenOnce(t *testing.T) {
	var r rewritten
	calls := 0
	encode := func(m []byte) []byte { calls++; return m }
	page := func(n int) [][]byte { return [][]byte{make([]byte, n), []byte("last")} }
	first := page(1000)
	for _, v := range []variant{bare, deflated, encoded, encoded | deflated} {
		f := form{v, encode}
		want := f.frames(first)
		a, b := r.frames(f, first), r.frames(f, first)
		if !bytes.Equal(a, want) || !bytes.Equal(b, want) || (&a[0] == &b[0]) != (v != bare) {
			t.Errorf("variant %d: %d, %d and %d bytes", v, len(a), len(b), len(want))
		}
	}
	if calls = 0; r.frames(form{encoded, encode}, page(1000)) == nil || calls != 2 {
		t.Errorf("another page: %d calls", calls)
	}
	for range 100 {
		if r.frames(form{encoded, encode}, page(100<<10)); r.bytes > maxRewritten {
			t.Fatalf("%d bytes are kept", r.bytes)
		}
	}
	r.frames(form{encoded, encode}, page(maxRewrittenPage))
	sum := 0
	for _, p := range r.pages {
		if len(p.frame) > maxRewrittenPage {
			t.Error("a page that is too long is kept")
		}
		sum += p.bytes
	}
	if sum != r.bytes || len(r.pages) < 10 {
		t.Errorf("%d bytes counted, there are %d in %d pages", r.bytes, sum, len(r.pages))
	}
	if got := r.frames(form{encoded, encode}, nil); got != nil {
		t.Errorf("of nothing: %q", got)
	}
}

// A connection of the binary subprotocol gets everything as Encode makes it,
// compressed if that was negotiated too.
func TestEncodedVariant(t *testing.T) {
	var topic *Topic
	o := testOptions()
	o.Protocols, o.Binary = []string{"t", "b"}, "b"
	o.Encode = func(m []byte) []byte {
		if string(m) == "secret" {
			return nil
		}
		return append([]byte("enc "), m...)
	}
	o.heartbeatAfter = 20 * time.Millisecond
	o.PongTimeout = 160 * time.Millisecond // short ticks
	o.PingInterval = time.Hour
	var beat atomic.Bool
	o.Heartbeat = func(int64) []byte {
		if beat.Load() {
			return []byte("beat")
		}
		return []byte("secret")
	}
	long := strings.Repeat("sample ", 100)
	h := following(func() *Topic { return topic })
	message := h.message
	h.message = func(ctx ctxt, c Conn, text bool, payload []byte, t *Turn) {
		if string(payload) == "raw" {
			t.SendAs(true, []byte("raw"))
			t.Send([]byte("secret"))
			return
		}
		message(ctx, c, text, payload, t)
	}
	s := serve(t, h, o)
	k := &book{}
	topic = s.NewTopic(TopicOptions{Source: k, Ring: 2, Skip: true})
	connect := func(more string) *client {
		c, _ := s.handshake(strings.TrimSuffix(handshake, "\r\n") + "Sec-WebSocket-Protocol: b\r\n" + more + "\r\n")
		return c
	}
	publish := func(pos int64, messages ...string) {
		k.write(pos)
		e := Entry{Pos: pos, Preamble: []byte("pre")}
		for _, m := range messages {
			e.Messages = append(e.Messages, []byte(m))
		}
		s.Publish([]Item{{topic, e}})
	}
	for pos := int64(1); pos < 5; pos++ {
		publish(pos, "old")
	}
	for name, v := range map[string]struct{ more, long string }{
		"plain":      {"", "bin:enc " + long},
		"compressed": {"Sec-WebSocket-Extensions: permessage-deflate\r\n", "zbin:enc " + long},
	} {
		t.Log(name)
		c := connect(v.more)
		until := func(want string) { // pages and entries come between
			t.Helper()
			for f := c.frame(); f != want; f = c.frame() {
				if f != v.long && !strings.HasPrefix(f, "bin:enc ") || strings.Contains(f, "secret") {
					t.Fatalf("got %q, waiting for %q", f, want)
				}
			}
		}
		c.send(masked(0x82, "raw") + masked(0x82, "unsub") + masked(0x82, "sub 1") + masked(0x82, "sub 1"))
		c.expect("text:raw", "bin:enc unknown", "bin:enc subscribed")
		until("bin:enc duplicate")
		c.send(masked(0x82, "unsub"))
		until("bin:enc unsubscribed 1")
		c.send(masked(0x82, "sub newest"))
		c.expect("bin:enc subscribed", "bin:enc pre")
		if f := c.frame(); f != "bin:enc old" && f != v.long {
			t.Fatalf("newest: %q", f)
		}
		pos := topic.newest().pos
		publish(pos+1, "secret")
		publish(pos+2, "secret", long, "short")
		until(v.long)
		c.expect("bin:enc short")
		beat.Store(true)
		c.expect("bin:enc beat")
		beat.Store(false)
		c.Close()
	}
	o.Binary = "x"
	if _, err := New(h, o); err == nil {
		t.Error("a binary subprotocol that is not spoken")
	}
}

// Several topics at once, to readers that keep up, compressed and not.
func TestVariantsJoined(t *testing.T) {
	var topics []*Topic
	s := serve(t, funcs{open: func(_ ctxt, _ *Request, t *Turn) {
		for i, topic := range topics {
			t.Subscribe(Subscription{Topic: topic, Tag: uint64(i), After: 0})
		}
		t.Send([]byte("open"))
	}}, testOptions())
	for range 3 {
		topics = append(topics, s.NewTopic(TopicOptions{}))
	}
	var clients []*client
	for i := range 10 {
		c := []func() *client{s.dial, s.dialDeflate}[i%2]()
		c.expect("text:open")
		clients = append(clients, c)
	}
	for pos := int64(1); pos < 20; pos++ {
		var items []Item
		var want []string
		for i, topic := range topics {
			m := strings.Repeat(string(rune('a'+i)), int(pos)*40)
			if i == 1 && pos%4 == 0 {
				items = append(items, Item{topic, Entry{Pos: pos}})
				continue
			}
			items = append(items, Item{topic, Entry{Pos: pos, Messages: [][]byte{[]byte(m)}}})
			want = append(want, "text:"+m)
		}
		s.Publish(items)
		for i, c := range clients {
			for _, w := range want {
				if i%2 == 1 && len(w)-len("text:") >= minDeflated {
					w = "z" + w
				}
				c.expect(w)
			}
		}
	}
}
