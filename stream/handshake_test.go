package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// knocks are requests of all kinds, good and bad. %HOST% is filled in.
func knocks() map[string]string {
	good := strings.TrimSuffix(strings.Replace(handshake, "GET /", "GET /s", 1), "\r\n")
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			panic(old)
		}
		return strings.Replace(good, old, new, 1) + "\r\n"
	}
	with := func(line string) string { return good + line + "\r\n\r\n" }
	const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	return map[string]string{
		"good":                        good + "\r\n",
		"with a query":                swap("/s ", "/s?a=b&c=%20d "),
		"with an empty query":         swap("/s ", "/s? "),
		"with an odd query":           swap("/s ", "/s?a=\"<>{}|^`\\ "),
		"with a fragment":             swap("/s ", "/s?a#b "),
		"with a broken escape":        swap("/s ", "/s?%zz "),
		"with a broken escaped path":  swap("/s ", "/%zz "),
		"with UTF-8 in the query":     swap("/s ", "/s?é "),
		"with a space in the query":   swap("/s ", "/s?a b "),
		"with a tab in the query":     swap("/s ", "/s?a\tb "),
		"with a NUL in the query":     swap("/s ", "/s?a\x00b "),
		"two blanks":                  swap("GET /s", "GET  /s"),
		"blank before the method":     swap("GET", " GET"),
		"empty line before":           "\r\n" + good + "\r\n",
		"other path":                  swap("/s ", "/other "),
		"longer path":                 swap("/s ", "/ss "),
		"path below":                  swap("/s ", "/s/ "),
		"escaped path":                swap("/s ", "/%73 "),
		"two slashes":                 swap("/s ", "//s "),
		"absolute form":               swap("/s ", "http://x/s "),
		"asterisk":                    swap("/s ", "* "),
		"no path":                     swap("/s ", ""),
		"post":                        swap("GET", "POST"),
		"head":                        swap("GET", "HEAD"),
		"lower case method":           swap("GET", "get"),
		"HTTP/1.0":                    swap("HTTP/1.1", "HTTP/1.0"),
		"HTTP/1.2":                    swap("HTTP/1.1", "HTTP/1.2"),
		"HTTP/2.0":                    swap("HTTP/1.1", "HTTP/2.0"),
		"HTTP/1.1 in lower case":      swap("HTTP/1.1", "http/1.1"),
		"no version":                  swap(" HTTP/1.1", ""),
		"version and more":            swap("HTTP/1.1", "HTTP/1.1 "),
		"no host":                     swap("Host: x\r\n", ""),
		"empty host":                  swap("Host: x", "Host:"),
		"two hosts":                   with("Host: x"),
		"odd host":                    swap("Host: x", "Host: a b"),
		"host with a comma":           swap("Host: x", "Host: x,y"),
		"host with port":              swap("Host: x", "Host: x:80"),
		"IPv6 host":                   swap("Host: x", "Host: [::1]:80"),
		"no upgrade":                  swap("Upgrade: websocket\r\n", ""),
		"other upgrade":               swap("websocket", "h2c"),
		"upgrade in capitals":         swap("websocket", "WebSocket"),
		"list of upgrades":            swap("websocket", "h2c, websocket"),
		"two upgrades":                with("Upgrade: websocket"),
		"no connection":               swap("Connection: Upgrade\r\n", ""),
		"connection close":            swap("Connection: Upgrade", "Connection: close"),
		"list of connections":         swap("Connection: Upgrade", "Connection: keep-alive,\tupgrade"),
		"connection with empty token": swap("Connection: Upgrade", "Connection: , Upgrade"),
		"connection in quotes":        swap("Connection: Upgrade", `Connection: "Upgrade"`),
		"two connections":             with("Connection: keep-alive"),
		"no version header":           swap("Sec-WebSocket-Version: 13\r\n", ""),
		"version 8":                   swap("Version: 13", "Version: 8"),
		"version 13 and 8":            swap("Version: 13", "Version: 13, 8"),
		"version 013":                 swap("Version: 13", "Version: 013"),
		"two versions":                with("Sec-WebSocket-Version: 13"),
		"no key":                      swap(key, ""),
		"two keys":                    with(strings.TrimSpace(key)),
		"short key":                   swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ=="),
		"key with trailing bits":      swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZR=="),
		"key that is no base64":       swap("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ!=="),
		"protocol":                    with("Sec-WebSocket-Protocol: a.v1"),
		"second protocol":             with("Sec-WebSocket-Protocol: c.v1 , b.v1,a.v1"),
		"unknown protocol":            with("Sec-WebSocket-Protocol: c.v1"),
		"empty protocol":              with("Sec-WebSocket-Protocol:"),
		"odd protocols":               with("Sec-WebSocket-Protocol: a.v1;q=1, (b)"),
		"two protocol headers":        with("Sec-WebSocket-Protocol: c.v1\r\nSec-WebSocket-Protocol: b.v1"),
		"extension":                   with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"),
		"extension with a window":     with("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=15"),
		"extension declined":          with("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10"),
		"second offer":                with("Sec-WebSocket-Extensions: permessage-deflate; unknown, permessage-deflate"),
		"unknown extension":           with("Sec-WebSocket-Extensions: x-bzip2"),
		"two extension headers":       with("Sec-WebSocket-Extensions: x-bzip2\r\nSec-WebSocket-Extensions: permessage-deflate"),
		"odd extension":               with("Sec-WebSocket-Extensions: ;;,"),
		"content length 0":            with("Content-Length: 0"),
		"content length":              with("Content-Length: 3"),
		"bad content length":          with("Content-Length: x"),
		"chunked":                     with("Transfer-Encoding: chunked"),
		"chunked and length":          with("Transfer-Encoding: chunked\r\nContent-Length: 3"),
		"unknown encoding":            with("Transfer-Encoding: gzip"),
		"expect":                      with("Expect: 100-continue"),
		"folded":                      with("X-A: b\r\n c"),
		"folded handshake":            swap("Connection: Upgrade", "Connection: keep-alive,\r\n Upgrade"),
		"bare line feeds":             strings.ReplaceAll(good, "\r", "") + "\n",
		"one bare line feed":          swap("Host: x\r\n", "Host: x\n"),
		"bare line feed at the end":   good + "\n",
		"carriage return in a value":  with("X-A: b\rc"),
		"NUL in a value":              with("X-A: b\x00c"),
		"DEL in a value":              with("X-A: b\x7fc"),
		"UTF-8 in a value":            with("X-A: é"),
		"NUL in a name":               with("X\x00A: b"),
		"blank before the colon":      with("X-A : b"),
		"blank before host's colon":   swap("Host: x", "Host : x"),
		"no colon":                    with("nonsense"),
		"empty name":                  with(": b"),
		"odd name":                    with("X(A): b"),
		"token name":                  with("X!#$%&'*+.^_`|~A: b"),
		"blank line in the beginning": swap("HTTP/1.1\r\n", "HTTP/1.1\r\n\r\n"),
		"browser's headers":           with("Origin: http://x\r\nUser-Agent: M\r\nCookie: a=b\r\nPragma: no-cache\r\nAccept-Encoding: gzip"),
		"refused origin":              with("Origin: http://evil"),
		"header of 10 KB":             with("X-A: " + strings.Repeat("a", 10000)),
		"header of 20 KB":             with("X-A: " + strings.Repeat("a", 20000)),
		"3,000 headers":               good + strings.Repeat("A: b\r\n", 3000) + "\r\n",
		"TLS":                         "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"HTTP/2 preface":              "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"nonsense":                    "\x00\x01\x02\r\n\r\n",
		"two requests":                "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n" + good + "\r\n",
	}
}

// bothWays starts one server whose engine listens and one whose does not.
func bothWays(t *testing.T, listen func(name string) net.Listener) (addrs [2]net.Addr) {
	for i, name := range []string{"taken", "plain"} {
		o := testOptions()
		o.PingInterval = time.Hour
		o.Path, o.Protocols = "/s", []string{"a.v1", "b.v1"}
		refused := func(origin string) bool { return origin == "http://evil" }
		o.Admit = func(c *Candidate) error {
			if c.Method != "GET" || c.Path != "/s" || c.Host == "" {
				t.Errorf("asked about %+v", c)
			}
			if refused(c.Header.Get("Origin")) {
				return fmt.Errorf("no")
			}
			return nil
		}
		e, err := New(funcs{}, o)
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.Handle("/s", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refused(r.Header.Get("Origin")) {
				http.Error(w, "not from there", http.StatusForbidden)
				return
			}
			e.ServeHTTP(w, r)
		}))
		mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "plain") })
		ln := listen(name)
		if i == 0 {
			if ln, err = e.Listen(ln); err != nil {
				t.Fatal(err)
			}
		}
		addrs[i] = serveWith(t, e, ln, mux).address
	}
	return addrs
}

// outcome is all that a client sees that sends a request, a close frame and
// then no more.
func outcome(t *testing.T, addr net.Addr, request string, piece int) string {
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Error(err)
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	go func() {
		all := request + masked(0x88, "\x03\xe8")
		for len(all) > 0 {
			n := min(piece, len(all))
			if _, err := io.WriteString(c, all[:n]); err != nil {
				return
			}
			all = all[n:]
		}
		c.(interface{ CloseWrite() error }).CloseWrite()
	}()
	var out strings.Builder
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if !strings.HasPrefix(line, "Date: ") {
			out.WriteString(line)
		}
		if err != nil {
			if err != io.EOF && !strings.Contains(err.Error(), "reset") {
				t.Errorf("%.60q: %v after %q", request, err, out.String())
			}
			all := out.String()
			if i := strings.Index(all, "\x89\x08"); i >= 0 && len(all) >= i+10 {
				all = all[:i] + all[i+10:] // a ping has nothing to do with it
			}
			return all
		}
	}
}

// A handshake comes to the same whether a poll loop answers it or net/http does,
// and however it was split.
func TestHandshakeBothWays(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		dir := t.TempDir()
		addrs := bothWays(t, func(name string) net.Listener {
			at := "127.0.0.1:0"
			if network == "unix" {
				at = filepath.Join(dir, name)
			}
			ln, err := net.Listen(network, at)
			if err != nil {
				t.Fatal(err)
			}
			return ln
		})
		var work sync.WaitGroup
		slots := make(chan struct{}, 8)
		for name, request := range knocks() {
			work.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				want := outcome(t, addrs[1], request, 1<<20)
				for _, piece := range []int{1 << 20, 1, 7} {
					if len(request) > 4000 && piece < 100 {
						piece *= 500
					}
					if got := outcome(t, addrs[0], request, piece); got != want {
						t.Errorf("%s over %s in pieces of %d: got\n%.400s\nwant\n%.400s", name, network, piece, got, want)
					}
				}
			})
		}
		work.Wait()
	}
}

// A handler that takes its time does not keep the answer to the handshake back.
func TestHandshakeDoesNotWaitForTheHandler(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, funcs{open: func(_ context.Context, _ *Request, turn *Turn) {
		<-release
		turn.Send([]byte("hello"))
	}}, testOptions())
	var clients []*client
	for range 3 { // fewer than there are workers
		clients = append(clients, s.dial())
	}
	close(release)
	for _, c := range clients {
		c.expect("text:hello")
	}
}

// A ping that is due while the handler is at work stands behind the answer.
func TestNothingOvertakesTheHandshake(t *testing.T) {
	o := testOptions()
	o.PingInterval, o.PongTimeout = 20*time.Millisecond, time.Minute
	release := make(chan struct{})
	s := serve(t, funcs{open: func(context.Context, *Request, *Turn) { <-release }}, o)
	c := s.dial()
	c.expect("ping:")
	close(release)
}
