package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	before := openFiles()
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if after := openFiles(); code == 0 && after > before+2 { // the runtime's own poller comes with the first socket
			fmt.Fprintf(os.Stderr, "descriptors: %d before, %d after\n", before, after)
			code = 1
		}
		os.Exit(code)
	}))
}

func openFiles() int {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(names)
}

const patience = 20 * time.Second // for what must happen; never a measure

// sent orders what a test does before it sends and what a handler does with what
// it gets: the race detector does not know that a socket lies between them.
var sent sync.Mutex

func order() {
	sent.Lock()
	defer sent.Unlock()
}

// funcs is a Handler made of functions.
type funcs struct {
	open    func(ctx context.Context, r *Request, t *Turn)
	message func(ctx context.Context, c Conn, text bool, payload []byte, t *Turn)
}

func (f funcs) Open(ctx context.Context, r *Request, t *Turn) {
	order()
	if f.open != nil {
		f.open(ctx, r, t)
	}
}

func (f funcs) Message(ctx context.Context, c Conn, text bool, payload []byte, t *Turn) {
	order()
	if f.message != nil {
		f.message(ctx, c, text, payload, t)
		return
	}
	t.Send(payload)
	t.Good()
}

// refusedWith answers a subscription that was refused.
func refusedWith(duplicate, tooMany string) func(Refused) []byte {
	return func(why Refused) []byte {
		if why == TooMany {
			return []byte(tooMany)
		}
		return []byte(duplicate)
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

const handshake = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// client is a plain client that does as it is told.
type client struct {
	net.Conn
	t      *testing.T
	r      *bufio.Reader
	pinged []byte // what the last ping brought
}

func (c *client) answered() *http.Response {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		c.t.Fatalf("handshake: %v", resp)
	}
	return resp
}

// masked returns a frame as a client sends it. b0 is the first byte.
func masked(b0 byte, payload string) string {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b := []byte{b0}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	default:
		b = append(b, 0x80|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i%4])
	}
	return string(b)
}

func (c *client) send(s string) {
	c.t.Helper()
	order()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatal(err)
	}
}

// frame reads the next frame; its verdict is "text:…", "bin:…", "ping:",
// "pong:…", "close:CODE" or "eof"; what a ping
// brought is in pinged; "ztext:…" and "zbin:…" came compressed.
func (c *client) frame() string {
	b0, err := c.r.ReadByte()
	if err != nil {
		return "eof"
	}
	b1, _ := c.r.ReadByte()
	n := int(b1)
	switch b1 {
	case 126:
		h, _ := c.r.ReadByte()
		l, _ := c.r.ReadByte()
		n = int(h)<<8 | int(l)
	case 127:
		n = 0
		for range 8 {
			b, _ := c.r.ReadByte()
			n = n<<8 | int(b)
		}
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		return "eof"
	}
	switch b0 {
	case 0x81:
		return "text:" + string(payload)
	case 0x82:
		return "bin:" + string(payload)
	case 0xc1:
		return "ztext:" + unpacked(payload)
	case 0xc2:
		return "zbin:" + unpacked(payload)
	case 0x88:
		if n == 0 {
			return "close:"
		}
		return fmt.Sprintf("close:%d", int(payload[0])<<8|int(payload[1]))
	case 0x89:
		c.pinged = payload
		return "ping:"
	case 0x8a:
		return "pong:" + string(payload)
	}
	return fmt.Sprintf("unknown:%x", b0)
}

func (c *client) expect(want ...string) {
	c.t.Helper()
	for i, w := range want {
		got := c.frame()
		for got == "ping:" && w != got {
			got = c.frame()
		}
		if got != w {
			c.t.Fatalf("frame %d: got %.100q, want %.100q", i, got, w)
		}
	}
}

func TestEchoAndClose(t *testing.T) { testEchoAndClose(t, testOptions()) }

func testEchoAndClose(t *testing.T, o Options) {
	s := serve(t, funcs{}, o)
	c := s.dial()
	c.send(masked(0x81, "hello"))
	c.expect("text:hello")
	big := strings.Repeat("z", 60000)
	c.send(masked(0x82, big))
	c.expect("bin:" + big)
	c.send(masked(0x88, "\x03\xe8bye"))
	c.expect("close:1000", "eof")
	eventually(t, "closed", func() bool { st := s.Stats(); return st.Connections == 0 && st.Closed["normal"] == 1 })
}

// What is sent together with the handshake is the first frame, half a frame
// included.
func TestFirstFrameTogetherWithHandshake(t *testing.T) {
	s := serve(t, funcs{}, testOptions())
	frame := masked(0x81, "early")
	for cut := range len(frame) + 1 {
		c := s.dialWith(frame[:cut])
		c.send(frame[cut:])
		c.expect("text:early")
		c.Close()
	}
}

func TestShutdownTellsEverybody(t *testing.T) { testShutdown(t, testOptions()) }

func testShutdown(t *testing.T, o Options) {
	s := serve(t, funcs{}, o)
	var clients []*client
	for range 20 {
		clients = append(clients, s.dial())
	}
	eventually(t, "open", func() bool { return s.Stats().Accepted == 20 })
	done := make(chan struct{})
	go func() { s.stop(); close(done) }()
	for _, c := range clients {
		c.expect("close:1001")
		c.send(masked(0x88, "\x03\xe9"))
		c.expect("eof")
	}
	<-done
	if st := s.Stats(); st.Connections != 0 || st.Closed["shutdown"] != 20 {
		t.Errorf("%+v", st)
	}
}

func (c *client) reader() *bufio.Reader {
	if c.r == nil {
		c.r = bufio.NewReader(c.Conn)
	}
	return c.r
}
