package stream

import (
	"bytes"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"
	"unsafe"
)

// A trickle is a poller whose one descriptor takes a few bytes now and then.
type trickle struct {
	poller
	room int
	sent []byte
	in   []byte
	fail error
}

func (p *trickle) write(_ int32, b []byte) (int, error) {
	if p.fail != nil {
		return 0, p.fail
	}
	n := min(len(b), p.room)
	p.room -= n
	p.sent = append(p.sent, b[:n]...)
	if n == 0 {
		return 0, errAgain
	}
	return n, nil
}

func (p *trickle) read(_ int32, b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, errAgain
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

// secureTrickle is a wire over a trickle, and its peer, which reads and writes
// what it is given.
func secureTrickle(t *testing.T) (*wire, *trickle, *tls.Conn, *line) {
	t.Helper()
	here, there := net.Pipe()
	below := &line{here}
	server, far := tls.Server(below, serverTLS()), &line{there}
	client := tls.Client(far, clientTLS())
	done := make(chan error)
	go func() { done <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	go func() { // the server's tickets
		io.Copy(io.Discard, there)
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	here.Close()
	there.Close()
	p := &trickle{}
	w := &wire{tls: server, poll: p}
	below.Conn = w
	return w, p, client, far
}

// tape is a net.Conn that reads what is on it and keeps what is written.
type tape struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (p *tape) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p *tape) Write(b []byte) (int, error) { return p.out.Write(b) }

func (p *tape) SetWriteDeadline(time.Time) error { return nil }

// Whatever the kernel takes of it, all arrives once and in order, and no more than
// one record waits.
func TestWireHoldsOneRecord(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	for range 20 {
		w, p, client, far := secureTrickle(t)
		want := make([]byte, 100_000)
		for i := range want {
			want[i] = byte(r.Uint32())
		}
		scratch := make([]byte, 0, maxRecord)
		for left := want; len(left) > 0 || len(w.rest) > 0; {
			p.room = r.IntN(3000)
			var n int
			var err error
			if r.IntN(2) == 0 || len(left) < 10 {
				n, err = w.write(left)
			} else {
				a := 1 + r.IntN(min(len(left)-2, 6000))
				b := a + 1 + r.IntN(min(len(left)-a-1, 50))
				n, err = w.writev([][]byte{left[:a], left[a:b], left[b:]}, scratch)
			}
			if err != nil && err != errAgain {
				t.Fatal(err)
			}
			left = left[n:]
			if len(w.rest) > maxRecord+100 {
				t.Fatalf("%d bytes of ciphertext wait", len(w.rest))
			}
		}
		p.room = 100
		w.goodbye()
		far.Conn = &tape{in: bytes.NewReader(p.sent)}
		got, err := io.ReadAll(client)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes of %d arrived, %v", len(got), len(want), err)
		}
	}
}

// Reading goes on wherever the bytes were cut, and a fault in them ends it.
func TestWireReadsEverySplit(t *testing.T) {
	w, p, client, far := secureTrickle(t)
	out := &tape{}
	far.Conn = out
	client.Write([]byte("one"))
	client.Write(bytes.Repeat([]byte("x"), 20000))
	client.CloseWrite()
	buf, got := make([]byte, 5000), 0
	for _, b := range out.out.Bytes() {
		p.in = []byte{b}
		for {
			n, err := w.read(buf)
			if err == errAgain || n == 0 {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got += n
		}
	}
	if n, err := w.read(buf); got != 20003 || n != 0 || err != nil {
		t.Errorf("%d bytes, then %d, %v", got, n, err)
	}

	w, p, _, _ = secureTrickle(t)
	p.in = []byte{23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}
	if _, err := w.read(buf); err == nil || err == errAgain {
		t.Errorf("forged bytes: %v", err)
	}
	if len(w.rest) == 0 {
		t.Error("the peer gets no alert")
	}
}

// An error of the descriptor is final, and shows at the next write.
func TestWireFails(t *testing.T) {
	w, p, _, _ := secureTrickle(t)
	p.room = 10
	if n, err := w.write(make([]byte, 100)); n != 100 || err != nil {
		t.Fatal(n, err)
	}
	p.fail = io.ErrClosedPipe
	for range 2 {
		if _, err := w.write([]byte("more")); err == nil || err == errAgain {
			t.Errorf("%v", err)
		}
	}
	w.goodbye()
}

// What crypto/tls keeps of its buffers is found in this version of Go, and goes
// when there is nothing to read.
func TestWireForgetsSpentBuffers(t *testing.T) {
	w, p, client, far := secureTrickle(t)
	size := func() (n int) {
		for _, at := range spentBuffers {
			n += (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(w.tls), at)).Cap()
		}
		return n
	}
	if len(spentBuffers) != 2 || size() < 2*spentSize {
		t.Fatalf("%d buffers found, of %d bytes: has crypto/tls changed?", len(spentBuffers), size())
	}
	out := &tape{}
	far.Conn = out
	text := bytes.Repeat([]byte("x"), 16000)
	client.Write(text)
	buf, got := make([]byte, 7000), 0
	for _, in := range [][]byte{nil, out.out.Bytes()[:9000], out.out.Bytes()[9000:]} {
		p.in = in
		for {
			n, err := w.read(buf)
			if err == errAgain {
				break
			}
			if err != nil || string(buf[:n]) != string(text[:n]) {
				t.Fatal(n, err)
			}
			got += n
		}
		if in == nil && size() != 0 {
			t.Errorf("%d bytes are left of the handshake", size())
		}
	}
	if got != len(text) || size() != 0 {
		t.Errorf("%d bytes read, %d kept", got, size())
	}
}

// A peer that has its keys changed again and again, and does not take the answers,
// is not read from any more until it does.
func TestWireDoesNotReadAhead(t *testing.T) {
	w, p, client, far := secureTrickle(t)
	out := &tape{}
	far.Conn = out
	client.Write([]byte("hello"))
	p.in = out.out.Bytes()
	w.rest = make([]byte, maxCiphertext+1)
	buf := make([]byte, 100)
	if _, err := w.read(buf); err != errAgain || len(p.in) == 0 {
		t.Errorf("%v, %d bytes unread", err, len(p.in))
	}
	p.room = 1 << 20
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	if n, err := w.read(buf); string(buf[:n]) != "hello" {
		t.Error(n, err)
	}
}
