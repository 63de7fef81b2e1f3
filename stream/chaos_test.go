package stream

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Clients that come, subscribe, send rubbish, stop reading, and go in every way
// there is, while publishing goes on: in the end nothing is left of them.
func TestChaos(t *testing.T) {
	t.Parallel()
	var topics []*Topic
	o := shortOptions()
	o.HandshakeTimeout = 200 * time.Millisecond
	o.MaxSubscriptions = 6
	o.Heartbeat = func(int64) []byte { return []byte("beat") }
	o.heartbeatAfter = 30 * time.Millisecond
	o.MaxRing = 200 << 10
	s := serve(t, funcs{open: func(_ ctxt, r *Request, t *Turn) {
		if r.Transport != Events {
			return
		}
		for i := range r.Query {
			topic := topics[int(r.Query[i])%len(topics)]
			t.Subscribe(Subscription{Topic: topic, Tag: uint64(i), After: int64(i) * 10, Head: [][]byte{[]byte("head")}})
		}
		if strings.HasSuffix(r.Query, "x") {
			t.Refuse([]byte("no"))
		}
	}, message: func(_ ctxt, _ Conn, _ bool, payload []byte, t *Turn) {
		for _, b := range payload {
			topic := topics[int(b)%len(topics)]
			switch b >> 5 {
			case 0, 1:
				t.Subscribe(Subscription{Topic: topic, Tag: uint64(topic.ID()), After: int64(b) - 3,
					Head: [][]byte{[]byte("head")}, Refused: refusedWith("dup", "many")})
				t.Good()
			case 2:
				t.Subscribe(Subscription{Topic: topic, Tag: uint64(b), After: Newest})
			case 3:
				t.Unsubscribe(uint64(topic.ID()), func(*Topic) []byte { return []byte("un") }, []byte("unknown"))
			default:
				t.Send(payload)
			}
		}
	}}, o)
	k := &fat{book: &book{}, size: 4000}
	for i := range 8 {
		topics = append(topics, s.NewTopic(TopicOptions{Source: k, Ring: 1 + i, Skip: i%2 == 0}))
	}
	order()
	stop := eachMillisecond(func(pos int64) {
		e := k.entry(pos)
		var items []Item
		for i, topic := range topics {
			if (pos+int64(i))%3 != 0 {
				items = append(items, Item{topic, e})
			}
		}
		s.PublishMarked(items, strconv.FormatInt(pos, 10))
	})
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for range 4 {
				chaotic(s)
			}
		})
	}
	clients.Wait()
	eventually(t, "all gone", func() bool { return s.Stats().Connections == 0 })
	eventually(t, "nothing followed", func() bool {
		for _, topic := range topics {
			if topic.Followers() != 0 {
				return false
			}
		}
		return s.Stats().Subscriptions == 0
	})
	stop()
	for _, topic := range topics {
		s.Drop(topic)
		s.Drop(topic)
	}
	if st := s.Stats(); st.RingBytes != 0 || st.Topics != 0 || st.Panics != 0 {
		t.Errorf("%+v", st)
	}
	s.stop()
	for _, sh := range s.shards {
		if sh.conns.used != 0 || sh.follows.used != 0 || len(sh.byTopic) != 0 || len(sh.idle) != len(sh.busy)-1 {
			t.Errorf("shard %d: %d connections, %d follows, %d topics, %d busy", sh.index, sh.conns.used, sh.follows.used, len(sh.byTopic), len(sh.busy)-1-len(sh.idle))
		}
	}
}

func chaotic(s *testServer) {
	var err error
	conn := s.connect()
	defer conn.Close()
	tcp := socket(conn)
	tcp.SetReadBuffer(8 << 10)
	conn.SetDeadline(time.Now().Add(patience))
	if rand.IntN(3) == 0 {
		chaoticEvents(conn, tcp)
		return
	}
	fmt.Fprint(conn, handshake)
	buf := make([]byte, 20000)
	for range rand.IntN(12) {
		switch rand.IntN(9) {
		case 0, 1, 2, 3, 4:
			b := make([]byte, 1+rand.IntN(4))
			for i := range b {
				b[i] = byte(rand.Uint32() & 0x7f)
			}
			fmt.Fprint(conn, masked(0x82, string(b)))
		case 5:
			fmt.Fprint(conn, masked(0x89, "p"))
		case 6:
			fmt.Fprint(conn, masked(0x81, strings.Repeat("long", rand.IntN(3000))))
		case 7:
			for range rand.IntN(8) {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
		case 8:
			fmt.Fprint(conn, masked(0x01, "half")[:rand.IntN(10)])
		}
	}
	switch rand.IntN(5) {
	case 0:
		tcp.SetLinger(0) // a reset
	case 1:
		fmt.Fprint(conn, masked(0x88, "\x03\xe8"))
		fallthrough
	case 2:
		tcp.CloseWrite()
		for err == nil {
			_, err = conn.Read(buf)
		}
	case 3: // silent until it is closed
		for range 200 {
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}
}

// chaoticEvents asks for events and is no better than the others.
func chaoticEvents(conn net.Conn, tcp *net.TCPConn) {
	query := []string{"ab", "cdef", "a", "ghx"}[rand.IntN(4)]
	request := strings.Replace(eventsRequest, "GET /", "GET /?"+query, 1) + "\r\n"
	if rand.IntN(5) == 0 {
		request = request[:rand.IntN(len(request))]
	}
	conn.SetDeadline(time.Now().Add(time.Second)) // who is refused may ask again, and is waited for
	fmt.Fprint(conn, request)
	buf := make([]byte, 20000)
	for range rand.IntN(12) {
		switch rand.IntN(6) {
		case 0:
			fmt.Fprint(conn, strings.Repeat("talk", rand.IntN(3000)))
		default:
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}
	switch rand.IntN(3) {
	case 0:
		tcp.SetLinger(0) // a reset
	case 1:
		tcp.CloseWrite()
		for {
			if _, err := conn.Read(buf); err != nil {
				return
			}
		}
	}
}
