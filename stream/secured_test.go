package stream

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// isSecured says that the servers of a test speak TLS: those below TestSecured do.
func isSecured(t *testing.T) bool { return strings.HasPrefix(t.Name(), "TestSecured") }

// identity is a certificate that signs itself, for localhost.
var identity = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	what := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, what, what, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

func serverTLS() *tls.Config { return &tls.Config{Certificates: []tls.Certificate{identity()}} }

func clientTLS() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(identity().Leaf)
	return &tls.Config{RootCAs: roots, ServerName: "localhost"}
}

// What holds for a plain connection holds for a secured one.
func TestSecured(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"echo and close":     TestEchoAndClose,
		"early frames":       TestFirstFrameTogetherWithHandshake,
		"conformance":        TestConformance,
		"deflate":            TestDeflateConformance,
		"seam":               TestSeamUnderLoad,
		"slow reader":        TestSlowReader,
		"answers not taken":  TestAnswersNotTaken,
		"half-open peer":     TestHalfOpenPeer,
		"stalled frame":      TestStalledFrame,
		"close not answered": TestCloseNotAnswered,
		"ping flood":         TestPingFlood,
		"heartbeat":          TestHeartbeat,
		"batch order":        TestBatchOrder,
		"shutdown":           TestShutdownTellsEverybody,
		"chaos":              TestChaos,
		"events":             TestEvents,
		"marks":              TestMarksClaimWhatWasSent,
	} {
		t.Run(name, test)
	}
	for name, test := range map[string]func(*testing.T, Options){
		"portable echo and close": testEchoAndClose,
		"portable seam":           testSeamUnderLoad,
		"portable shutdown":       testShutdown,
	} {
		t.Run(name, func(t *testing.T) {
			o := testOptions()
			o.poller = newPairs
			test(t, o)
		})
	}
}

// securely makes a handshake of TLS and of WebSocket with a client of one's own.
func (s *testServer) securely(below net.Conn, c *tls.Config) *client {
	s.t.Helper()
	conn := tls.Client(below, c)
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(2 * patience))
	order()
	if _, err := io.WriteString(conn, handshake); err != nil {
		s.t.Fatal(err)
	}
	k := &client{Conn: conn, t: s.t, r: bufio.NewReader(conn)}
	resp, err := http.ReadResponse(k.r, nil)
	if err != nil || resp.StatusCode != 101 {
		s.t.Fatalf("handshake: %v, %v", resp, err)
	}
	return k
}

func (s *testServer) raw() *net.TCPConn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// A dribble sends every byte by itself.
type dribble struct{ net.Conn }

func (d dribble) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

func TestSecuredByteByByte(t *testing.T) {
	s := serve(t, funcs{}, testOptions())
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		c := clientTLS()
		c.MaxVersion = version
		k := s.securely(dribble{s.raw()}, c)
		for _, text := range []string{"", "a", strings.Repeat("long", 5000)} {
			k.send(masked(0x81, text))
			k.expect("text:" + text)
		}
		k.send(masked(0x88, "\x03\xe8"))
		k.expect("close:1000")
		if _, err := k.r.ReadByte(); err != io.EOF {
			t.Errorf("%x: the connection ends with %v, want close_notify", version, err)
		}
	}
}

func TestSecuredVersions(t *testing.T) {
	s := serve(t, funcs{}, testOptions())
	c := clientTLS()
	c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if err := tls.Client(s.raw(), c).Handshake(); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	c = clientTLS()
	c.NextProtos = []string{"h2", "http/1.1"}
	conn := tls.Client(s.raw(), c)
	if err := conn.Handshake(); err != nil || conn.ConnectionState().NegotiatedProtocol != "http/1.1" {
		t.Errorf("%v, %q", err, conn.ConnectionState().NegotiatedProtocol)
	}
	raw := s.raw()
	raw.SetDeadline(time.Now().Add(patience))
	io.WriteString(raw, handshake)
	answer, _ := io.ReadAll(raw)
	if !strings.HasPrefix(string(answer), "HTTP/1.0 400 ") || !strings.Contains(string(answer), "HTTPS server") {
		t.Errorf("a request in the clear: %q", answer)
	}
}

func TestSecuredResumes(t *testing.T) {
	s := serve(t, funcs{}, testOptions())
	c := clientTLS()
	c.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	for i := range 3 {
		k := s.securely(s.raw(), c)
		k.send(masked(0x81, "hello"))
		k.expect("text:hello")
		if got := k.Conn.(*tls.Conn).ConnectionState().DidResume; got != (i > 0) {
			t.Errorf("connection %d: resumed is %v", i, got)
		}
	}
}

// Once it is open a secured connection has no goroutine, and its handshake's is
// over.
func TestSecuredHasNoGoroutine(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // the portable poller has two
	}
	s := serve(t, funcs{}, testOptions())
	// One that has been here shows that all the engine's own goroutines are there.
	first := s.securely(s.raw(), clientTLS())
	first.send(masked(0x88, "\x03\xe8"))
	first.expect("close:1000")
	eventually(t, "the first is gone", func() bool { return s.Stats().Connections == 0 && s.callers.Load() == 0 })
	before := runtime.NumGoroutine()
	var all []*client
	for range 200 {
		all = append(all, s.securely(s.raw(), clientTLS()))
	}
	eventually(t, fmt.Sprintf("no more than %d goroutines", before), func() bool { return runtime.NumGoroutine() <= before })
	for i, c := range all {
		text := fmt.Sprintf("hello %d", i)
		c.send(masked(0x81, text))
		c.expect("text:" + text)
	}
	if n := s.callers.Load(); n != 0 {
		t.Errorf("%d callers", n)
	}
	for _, c := range all {
		c.Close()
	}
	eventually(t, "all are gone", func() bool { return s.Stats().Connections == 0 })
}

// Handshakes that do not go on keep nobody out, and end in time.
func TestSecuredHandshakeFlood(t *testing.T) {
	o := testOptions()
	o.HandshakeTimeout = 2 * time.Second
	e, err := New(funcs{}, o)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, e, ln)
	hello := clientHello(t)
	var flood []net.Conn
	for i := range 500 {
		c := s.raw()
		c.SetDeadline(time.Now().Add(patience))
		switch i % 3 {
		case 0: // answered, and never goes on
			c.Write(hello)
		case 1: // half a message
			c.Write(hello[:len(hello)/2])
		case 2: // two of its records
			c.Write(append([]byte{22, 3, 1, 0, 1, 1}, 22, 3))
		}
		flood = append(flood, c)
	}
	for range 5 {
		k := s.securely(s.raw(), clientTLS())
		k.send(masked(0x81, "honest"))
		k.expect("text:honest")
	}
	for i, c := range flood {
		if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("connection %d is not closed: %v", i, err)
		}
	}
	eventually(t, "nobody is left", func() bool { return s.callers.Load() == 0 })
	if st := s.Stats(); st.Refused["tls"]+st.Refused["timeout"] != 500 {
		t.Errorf("refused: %v", st.Refused)
	}
}

// clientHello is the first flight of a handshake.
func clientHello(t *testing.T) []byte {
	here, there := net.Pipe()
	go func() {
		_ = tls.Client(here, clientTLS()).Handshake() // ends when the pipe does
	}()
	buf := make([]byte, 8<<10)
	n, err := there.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	there.Close()
	here.Close()
	return buf[:n]
}

// The end of a connection is said in both languages: 1001, then close_notify.
func TestSecuredShutdown(t *testing.T) {
	s := serve(t, funcs{}, testOptions())
	k := s.securely(s.raw(), clientTLS())
	eventually(t, "open", func() bool { return s.Stats().Accepted == 1 })
	done := make(chan struct{})
	go func() { s.stop(); close(done) }()
	k.expect("close:1001")
	k.send(masked(0x88, "\x03\xe9"))
	if _, err := k.r.ReadByte(); err != io.EOF {
		t.Errorf("the connection ends with %v, want close_notify", err)
	}
	<-done

	s = serve(t, funcs{}, testOptions())
	k = s.securely(s.raw(), clientTLS())
	eventually(t, "open", func() bool { return s.Stats().Accepted == 1 })
	s.stop() // the peer does not answer
	k.expect("close:1001")
	if _, err := k.r.ReadByte(); err != io.EOF {
		t.Errorf("the connection ends with %v, want close_notify", err)
	}
}
