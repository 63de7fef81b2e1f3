package feed

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// eventStream is a client of Server-Sent Events.
type eventStream struct {
	conn net.Conn
	r    *bufio.Reader
}

// openEvents returns nil if nobody answers, or not with events.
func openEvents(w *world, query, id string) *eventStream {
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		return nil
	}
	e := &eventStream{conn, bufio.NewReader(conn)}
	head := ""
	if id != "" {
		head = "Last-Event-ID: " + id + "\r\n"
	}
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /api/v1/stream?%s HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n%s\r\n", query, head)
	res, err := http.ReadResponse(e.r, nil)
	if err != nil || res.StatusCode != 200 {
		conn.Close()
		return nil
	}
	return e
}

func (e *eventStream) close() { e.conn.Close() }

// next returns the next event's data, or the id that stands alone.
func (e *eventStream) next(d time.Duration) (data, id string, err error) {
	e.conn.SetReadDeadline(time.Now().Add(d))
	for {
		line, err := e.r.ReadString('\n')
		if err != nil {
			return "", "", err
		}
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" && (data != "" || id != ""):
			return data, id, nil
		case strings.HasPrefix(line, "data: "):
			data += line[6:]
		case strings.HasPrefix(line, "id: "):
			id = line[4:]
		}
	}
}

// eventually waits for what must come true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// A browser's whole conversation: what comes, the cursor behind each tick, and
// going on after it.
func TestEventStream(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "m 1")
	w.poll("samples=m")
	e := openEvents(w, "samples=m&alerts=", "")
	defer e.close()
	// A cursor may come more than once, and an older one before that of now.
	want := func(prefixes ...string) (last string) {
		t.Helper()
		for _, p := range prefixes {
			data, id, err := e.next(patience)
			for err == nil && id != "" && data == "" && p != "id: " {
				data, id, err = e.next(patience)
			}
			if id != "" {
				data = "id: " + id
			}
			if err != nil || !strings.HasPrefix(data, p) {
				t.Fatalf("got %s, %v, want %s", data, err, p)
			}
			last = id
		}
		return last
	}
	want(`{"op":"hello"`, `{"op":"subscribed"`, `{"op":"subscribed"`, `{"op":"heartbeat","sub":2`, `{"op":"series"`, `{"op":"samples"`)
	w.tick(begin+1000, "m 2")
	for {
		data, id, err := e.next(patience)
		if err != nil {
			t.Fatal(err)
		}
		if id != "" && data != "" {
			t.Fatalf("a cursor with data: %s", data)
		}
		if strings.HasPrefix(data, `{"op":"samples"`) {
			break
		}
	}
	id := want("id: ")
	w.fire("A", "page", "firing")
	want(`{"op":"alert"`)
	after := want("id: ")
	e.close()
	e = openEvents(w, "samples=m&alerts=", id)
	want(`{"op":"hello"`, `{"op":"subscribed"`, `{"op":"subscribed"`, `{"op":"alert","sub":2,"seq":1`, "id: ")
	e.close()
	e = openEvents(w, "samples=m&alerts=&cursor="+id, after)
	w.tick(begin+2000, "m 3")
	want(`{"op":"hello"`, `{"op":"subscribed"`, `{"op":"subscribed"`, `{"op":"series"`)

	s := w.connect("samples=m&cursor=" + after) // a WebSocket goes on there as well
	s.next()
	s.next()
	if got := s.next(); got != sampleAt(begin+2000, 3) {
		t.Error(got)
	}
}
