package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const eventsRequest = "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"

// asking answers a request as feeds do: "pre" and topics after the positions in
// Last-Event-ID, or in the query; it refuses "bad".
func asking(topics func() []*Topic) funcs {
	return funcs{open: func(_ context.Context, r *Request, t *Turn) {
		if r.Query == "bad" {
			t.Refuse([]byte("refused"))
			t.Refuse([]byte("once more"))
		}
		at := r.Query
		if r.LastEventID != "" {
			at = r.LastEventID
		}
		t.Send([]byte("hello"))
		var after [2]int64
		if n, _ := fmt.Sscanf(at, "%d.%d", &after[0], &after[1]); n == 0 {
			after[0], after[1] = Newest, Newest
		}
		for i, topic := range topics() {
			t.Subscribe(Subscription{Topic: topic, Tag: uint64(i), After: after[i], Head: [][]byte{[]byte("head")}})
		}
	}}
}

// An eventReader is a client that reads a stream of events.
type eventReader struct {
	net.Conn
	t    *testing.T
	r    *bufio.Reader
	head *http.Response
}

func (s *testServer) events(query, id string) *eventReader {
	s.t.Helper()
	c := s.connect()
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(2 * patience))
	socket(c).SetReadBuffer(16 << 10)
	order()
	request := strings.Replace(eventsRequest, "GET /", "GET /?"+url.QueryEscape(query), 1)
	if id != "" {
		request += "Last-Event-ID: " + id + "\r\n"
	}
	io.WriteString(c, request+"\r\n")
	k := &eventReader{Conn: c, t: s.t, r: bufio.NewReader(c)}
	var err error
	if k.head, err = http.ReadResponse(k.r, nil); err != nil {
		s.t.Fatal(err)
	}
	return k
}

// next returns a block of lines, "eof" at the end.
func (k *eventReader) next() string {
	var lines []string
	for {
		line, err := k.r.ReadString('\n')
		if err != nil {
			return "eof"
		}
		if line == "\n" {
			return strings.Join(lines, "|")
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
}

func (k *eventReader) expect(want ...string) {
	k.t.Helper()
	for i, w := range want {
		if got := k.next(); got != w && !(strings.HasSuffix(w, "…") && strings.HasPrefix(got, strings.TrimSuffix(w, "…"))) {
			k.t.Fatalf("block %d: got %.100q, want %.100q", i, got, w)
		}
	}
}

// past reads a block that is wanted, behind marks up to an older one, which may come at
// any time.
func (k *eventReader) past(older int, want string) {
	k.t.Helper()
	for {
		got, n := k.next(), 0
		if got == want {
			return
		}
		if !scan(got, "id: %d.0", &n) || n > older {
			k.t.Fatalf("got %.100q, want %.100q", got, want)
		}
	}
}

func TestAppendEvent(t *testing.T) {
	for message, want := range map[string]string{
		"":       "data: \n\n",
		"a":      "data: a\n\n",
		"a\nb\r": "data: a\ndata: b\ndata: \n\n",
	} {
		if got := string(appendEvent(nil, []byte(message))); got != want {
			t.Errorf("%q: %q", message, got)
		}
	}
}

func TestEvents(t *testing.T) { testEvents(t, testOptions()) }

func testEvents(t *testing.T, o Options) {
	var topics []*Topic
	s := serve(t, asking(func() []*Topic { return topics }), o)
	k := &book{}
	topics = []*Topic{s.NewTopic(TopicOptions{Source: k})}
	s.PublishMarked([]Item{{topics[0], k.write(1)}}, "1.0")
	order()
	c := s.events("", "")
	if h := c.head.Header; c.head.StatusCode != 200 || h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" ||
		h.Get("X-Accel-Buffering") != "no" || !c.head.Close {
		t.Fatalf("%v", c.head)
	}
	c.expect("retry: …", "data: hello", "data: head", "data: pre", "data: m 1")
	s.PublishMarked([]Item{{topics[0], k.write(2)}}, "2.0")
	c.past(1, "data: m 2")
	c.past(1, "id: 2.0")
	s.Publish([]Item{{topics[0], k.write(3)}})
	c.past(2, "data: m 3")
	s.PublishMarked(nil, "3.0")
	c.past(2, "id: 3.0")
	again := s.events("", "2.0")
	again.expect("retry: …", "data: hello", "data: head", "data: pre", "data: m 3")
	again.past(2, "id: 3.0")
	if st := s.Stats(); st.Events != 2 || st.Connections != 2 || st.Accepted != 2 {
		t.Errorf("%+v", st)
	}
	again.Close()
	eventually(t, "one is gone", func() bool { return s.Stats().Events == 1 && topics[0].Followers() == 1 })
	io.WriteString(c, "GET / HTTP/1.1\r\n") // pipelined, and ignored
	s.PublishMarked([]Item{{topics[0], k.write(4)}}, "4.0")
	c.past(3, "data: m 4")
	c.past(3, "id: 4.0")
	done := make(chan struct{})
	go func() { s.stop(); close(done) }()
	c.expect("retry: …", "eof")
	c.Close()
	<-done
	if st := s.Stats(); st.Events != 0 || st.Connections != 0 || st.Closed["shutdown"] != 1 {
		t.Errorf("%+v", st)
	}
}

// What the handler refuses is a status, and leaves nothing behind.
func TestEventsRefused(t *testing.T) {
	var topics []*Topic
	o := testOptions()
	o.MaxConnections = 1
	s := serve(t, asking(func() []*Topic { return topics }), o)
	topics = []*Topic{s.NewTopic(TopicOptions{})}
	order()
	c := s.events("bad", "")
	body, _ := io.ReadAll(c.head.Body)
	if c.head.StatusCode != 400 || string(body) != "refused" || topics[0].Followers() != 0 {
		t.Errorf("%d %q, %d followers", c.head.StatusCode, body, topics[0].Followers())
	}
	first := s.events("", "")
	if c := s.events("", ""); first.head.StatusCode != 200 || c.head.StatusCode != 503 || c.head.Header.Get("Retry-After") == "" {
		t.Errorf("%d, then %d", first.head.StatusCode, c.head.StatusCode)
	}
	if st := s.Stats(); st.Refused["request"] != 1 || st.Refused["full"] != 1 {
		t.Errorf("%v", st.Refused)
	}
	// Whoever goes on talking is not listened to for ever.
	for range 8 {
		if _, err := first.Write(make([]byte, maxOverheard/4)); err != nil {
			break
		}
	}
	eventually(t, "closed", func() bool { return s.Stats().Closed["policy"] == 1 })
}

// One that is sent nothing gets heartbeats, with the newest mark behind them, and
// no pings.
func TestEventsHeartbeat(t *testing.T) {
	o := shortOptions()
	o.Heartbeat = func(int64) []byte { return []byte("beat") }
	o.heartbeatAfter = 100 * time.Millisecond
	s := serve(t, asking(func() []*Topic { return nil }), o)
	c := s.events("", "")
	c.expect("retry: …", "data: hello")
	s.PublishMarked(nil, "5")
	for seen := ""; seen != "id: 5"; seen = c.next() {
		if seen != "" && seen != "data: beat" {
			t.Fatal(seen)
		}
	}
	c.expect("data: beat", "id: 5", "data: beat", "id: 5")
	if st := s.Stats(); st.Pings != 0 || st.Closed["timeout"] != 0 {
		t.Errorf("%+v", st)
	}
}

// Whoever comes back with a mark gets everything after it, and nothing that was
// before it: with readers that lag, topics that move in part before the mark, and
// connections that end at any byte.
func TestMarksClaimWhatWasSent(t *testing.T) { testMarks(t, testOptions()) }

func testMarks(t *testing.T, o Options) {
	var topics []*Topic
	s := serve(t, asking(func() []*Topic { return topics }), o)
	books := []*book{{long: true}, {name: "n"}}
	for i, k := range books {
		topics = append(topics, s.NewTopic(TopicOptions{Source: k, Ring: 3 + 5*i}))
	}
	order()
	var readers sync.WaitGroup
	var mu sync.Mutex // guards the mark
	var mark [2]int64
	for i := range topics {
		defer eachMillisecond(func(pos int64) {
			items := []Item{{topics[i], books[i].write(pos)}}
			if rand.IntN(3) == 0 { // in two parts
				s.Publish(items)
				items = nil
			}
			mu.Lock()
			mark[i] = pos
			s.PublishMarked(items, fmt.Sprintf("%d.%d", mark[0], mark[1]))
			mu.Unlock()
		})()
	}
	for range 12 {
		readers.Go(func() {
			id := "0.0"
			for range 8 {
				if !markedReader(s, &id, func() int64 { mu.Lock(); defer mu.Unlock(); return mark[0] }) {
					return
				}
			}
		})
	}
	readers.Wait()
}

func markedReader(s *testServer, id *string, last func() int64) bool {
	k := s.events("", *id)
	defer k.Close()
	var at [2]int64
	fmt.Sscanf(*id, "%d.%d", &at[0], &at[1])
	fine := true
	next := func(i int, pos int64) {
		if pos != at[i]+1 {
			s.t.Errorf("topic %d: %d after %d", i, pos, at[i])
			fine = false
		}
		at[i] = pos
	}
	for n := rand.IntN(150); fine && n > 0; n-- {
		block := k.next()
		var pos int64
		var mark [2]int64
		switch {
		case scan(block, "id: %d.%d", &mark[0], &mark[1]):
			for i := range mark {
				if mark[i] > at[i] {
					s.t.Errorf("topic %d: mark %d after %d", i, mark[i], at[i])
					return false
				}
			}
			*id = strings.TrimPrefix(block, "id: ")
		case scan(block, "data: m %d", &pos):
			next(0, pos)
		case scan(block, "data: n %d", &pos):
			next(1, pos)
		case block == "eof":
			s.t.Error("ended")
			return false
		}
		if rand.IntN(40) == 0 { // slower than what is published
			was := at[0]
			eventually(s.t, "the topic goes on", func() bool { return last() > was+40 })
		}
	}
	return fine
}
