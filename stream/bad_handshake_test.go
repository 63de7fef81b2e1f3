package stream

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A badKnock is a request that must come to nothing: answered with one of the
// statuses, or closed without an answer if 0 is among them.
type badKnock struct {
	name, request string
	statuses      []int
}

// badKnocks makes every way there is of getting a handshake wrong.
func badKnocks() (all []badKnock) {
	lines := []string{"Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}
	request := func(first string, lines ...string) string {
		return first + "\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	add := func(name, request string, statuses ...int) {
		all = append(all, badKnock{name, request, statuses})
	}
	const first = "GET /s HTTP/1.1"
	with := func(extra ...string) string {
		return request(first, append(lines[:len(lines):len(lines)], extra...)...)
	}

	// RFC 9112, 3: the request line.
	for _, m := range []string{"POST", "PUT", "DELETE", "HEAD", "PATCH", "TRACE", "PROPFIND", "BREW", "get", "Get", "GETT", "GE", "M-SEARCH", "$"} {
		add("method "+m, request(m+" /s HTTP/1.1", lines...), 405)
	}
	for _, m := range []string{"", " ", "G ET", "GET\t", "GET\x00", "G(ET", "\"GET\"", "GÉT", "GET,", "GET:"} {
		add(fmt.Sprintf("method %q", m), request(m+" /s HTTP/1.1", lines...), 400, 404, 405)
	}
	add("CONNECT", request("CONNECT /s HTTP/1.1", lines...), 400, 404, 405)
	for _, v := range []string{"HTTP/1.0", "HTTP/0.9"} {
		add("version "+v, request("GET /s "+v, lines...), 400, 505)
	}
	for _, v := range []string{"HTTP/2", "HTTP/2.0", "HTTP/3", "HTTP/11", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/1.1.1", "HTTP/1.10", "HTTP/01.1", "HTTP/-1.1",
		"HTTP/1,1", "HTTP/x.y", "http/1.1", "HTTPS/1.1", "HTCPCP/1.0", "WS/1.1", "HTTP 1.1", "HTTP/1.1 x", "HTTP/1.1\x00", "HTTP\\1.1", ""} {
		add(fmt.Sprintf("version %q", v), request("GET /s "+v, lines...), 400, 505)
	}
	add("no blank before the version", request("GET /sHTTP/1.1", lines...), 400)
	add("no target", request("GET HTTP/1.1", lines...), 400)
	add("only a method", request("GET", lines...), 400)
	add("HTTP/0.9", "GET /s\r\n", 400)
	add("HTTP/0.9 with a bare line feed", "GET /s\n", 400)
	add("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", 400, 505, 404)
	add("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400)
	add("SSH", "SSH-2.0-OpenSSH_9.6\r\n\r\n", 400)
	add("SOCKS", "\x05\x01\x00\r\n\r\n", 400)
	for _, target := range []string{"/", "/S", "/s/", "/ss", "/s/x", "/%53", "/s%00", "/s%2f", "/s%20", "/s;a", "/s,", "/s.", "/x/%2e%2e/s", "/s%3fa", "/favicon.ico"} {
		add("target "+target, request("GET "+target+" HTTP/1.1", lines...), 404, 301, 307)
	}
	for _, target := range []string{"//s", "/./s", "/x/../s", "/s/../s", "/s/.", "*", "s", "x:80", "ftp://x/s", "://", "http://", "/%", "/%2", "/%zz", "/s\x00", "/s\x7f", "/s\x01", "/ s", "/s s"} {
		add(fmt.Sprintf("target %q", target), request("GET "+target+" HTTP/1.1", lines...), 400, 404, 301, 307)
	}

	// RFC 6455, 4.2.1: each header of the handshake.
	for i, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		without := append(append([]string{}, lines[:i]...), lines[i+1:]...)
		status := []int{400, 426, 400, 400, 426}[i]
		if i == 2 {
			status = 426
		}
		put := func(what, line string, statuses ...int) {
			add(name+" "+what, request(first, append([]string{line}, without...)...), statuses...)
		}
		add(name+" missing", request(first, without...), status)
		put("empty", name+":", 400, 426)
		put("blank", name+":  \t ", 400, 426)
		put("wrong", name+": some thing", 400, 426)
		put("with a blank before the colon", name+" : "+value, 400)
		put("with a tab before the colon", name+"\t: "+value, 400)
		put("with a blank in the name", name[:2]+" "+name[2:]+": "+value, 400)
		put("with a NUL in the name", name+"\x00: "+value, 400)
		put("with a NUL in the value", name+": "+value+"\x00", 400)
		put("with a control character", name+": \x01"+value, 400)
		put("with DEL", name+": "+value+"\x7f", 400)
		put("with a carriage return in the value", name+": "+value+"\rx", 400)
		put("without a colon", name+" "+value, 400)
		put("with another colon", name+":: "+value, 400, 426)
		put("with an equals sign", name+"= "+value, 400)
		put("with a blank first", " "+name+": "+value, 400)
		put("in quotes", name+`: "`+value+`"`, 400, 426)
		put("in UTF-8", name+": "+value+"é", 400, 426)
		put("twice in one", name+": "+value+","+value+",", 400, 426, 101)
		if i == 0 || i >= 3 {
			add(name+" doubled", with(line), 400, 426)
			add(name+" doubled with another value", with(name+": 8"), 400, 426)
			add(name+" doubled in lower case", with(strings.ToLower(line)), 400, 426)
		}
	}
	for _, v := range []string{"0", "1", "4", "5", "6", "7", "8", "9", "10", "11", "12", "14", "21", "255", "256", "-13", "+13", "013", "13.0", "0x0d", "13,8", "8,13", "13 ", "13;", "１３"} {
		if strings.TrimSpace(v) != "13" {
			lines := append(lines[:4:4], "Sec-WebSocket-Version: "+v)
			add("Sec-WebSocket-Version "+v, request(first, lines...), 426, 400)
		}
	}
	for _, k := range []string{"AA==", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZSE=",
		"dGhl IHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ-==", strings.Repeat("A", 24), strings.Repeat("A", 64), strings.Repeat("=", 24)} {
		lines := append(lines[:3:3], "Sec-WebSocket-Key: "+k, lines[4])
		add("Sec-WebSocket-Key "+k, request(first, lines...), 400)
	}
	for _, p := range []string{"c.v1", "", "a.v1;q=1", "A.V1", "a.v1 b.v1", "a.v2, b.v2", `"a.v1"`, ",", "a .v1"} {
		add("Sec-WebSocket-Protocol "+p, with("Sec-WebSocket-Protocol: "+p), 400)
	}
	for _, x := range []string{"=", ";", ";;,", "permessage-deflate; =", "permessage-deflate; a=\"", "permessage-deflate;", "permessage-deflate; , x", "permessage-deflate; ;a", "(x)"} {
		add("Sec-WebSocket-Extensions "+x, with("Sec-WebSocket-Extensions: "+x), 400)
	}

	// RFC 9112, 5 and 6: folding, line ends, bodies.
	for i := range lines {
		name, value, _ := strings.Cut(lines[i], ": ")
		cut := append(append([]string{}, lines[:i]...), name+": "+value[:1], " "+value[1:])
		add(name+" folded", request(first, append(cut, lines[i+1:]...)...), 400, 426, 101) // the host is then another one
	}
	add("folded first line", first+"\r\n Host: x\r\n\r\n", 400)
	for name, body := range map[string]string{
		"Content-Length": "Content-Length: 3", "empty Content-Length": "Content-Length:", "bad Content-Length": "Content-Length: x", "negative": "Content-Length: -1",
		"signed": "Content-Length: +3", "huge": "Content-Length: 99999999999999999999", "hexadecimal": "Content-Length: 0x3", "two different": "Content-Length: 3\r\nContent-Length: 4",
		"a list of lengths": "Content-Length: 3, 4", "both": "Content-Length: 3\r\nTransfer-Encoding: chunked", "both, the other way": "Transfer-Encoding: chunked\r\nContent-Length: 3",
		"chunked": "Transfer-Encoding: chunked", "identity": "Transfer-Encoding: identity", "chunked twice": "Transfer-Encoding: chunked, chunked", "gzip": "Transfer-Encoding: gzip, chunked",
		"xchunked": "Transfer-Encoding: xchunked", "chunked after a tab": "Transfer-Encoding:\tchunked", "two encodings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
	} {
		add("body: "+name, with(body)+"0\r\n\r\n", 400, 501)
	}
	add("no colon", with("nonsense"), 400)
	add("empty name", with(": b"), 400)
	add("name in brackets", with("X(A): b"), 400)
	add("name in UTF-8", with("Ä: b"), 400)

	// Sizes.
	add("line of 64 KiB", with("X-A: "+strings.Repeat("a", 64<<10)), 431)
	add("name of 64 KiB", with(strings.Repeat("a", 64<<10)+": b"), 431, 400)
	add("target of 64 KiB", request("GET /s?"+strings.Repeat("a", 64<<10)+" HTTP/1.1", lines...), 431, 414)
	add("method of 64 KiB", request(strings.Repeat("A", 64<<10)+" /s HTTP/1.1", lines...), 431, 400)
	add("10,000 headers", with(strings.Repeat("A: b\r\n", 9999)+"A: b"), 431)
	add("10,000 empty headers", with(strings.Repeat("A:\r\n", 9999)+"A:"), 431)
	add("10,000 cookies", with(strings.Repeat("Cookie: a=b\r\n", 9999)+"Cookie: a"), 431)
	add("64 KiB of line ends", strings.Repeat("\r\n", 32<<10), 400, 431)
	add("64 KiB of NUL", strings.Repeat("\x00", 64<<10), 400, 431)
	add("64 KiB of line feeds", first+strings.Repeat("\n", 64<<10), 400, 426, 431)
	return all
}

// ends says what a client sees that sends a request and then keeps its connection
// open: the status, or 0 if it is closed without one.
func ends(addr net.Addr, request string) (status int, took time.Duration, err error) {
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	began := time.Now()
	c.SetDeadline(began.Add(patience))
	go io.WriteString(c, request) // the server may not read all of it
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	took = time.Since(began)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		return 0, took, err
	}
	if err != nil {
		return 0, took, nil
	}
	if resp.StatusCode == http.StatusUpgradeRequired && resp.Header.Get("Upgrade") != "websocket" {
		return 0, took, fmt.Errorf("426 names no protocol: %v", resp.Header) // RFC 9110, 15.5.22
	}
	return resp.StatusCode, took, nil // closing the body would wait for one after HEAD
}

// Every bad handshake gets the right refusal, or is closed when it has had its time,
// and it makes no difference whether a poll loop or net/http has looked at it first.
func TestBadHandshakes(t *testing.T) {
	all := badKnocks()
	if len(all) < 200 {
		t.Errorf("%d bad handshakes", len(all))
	}
	addrs := bothWays(t, func(string) net.Listener {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return ln
	})
	var work sync.WaitGroup
	slots := make(chan struct{}, 16)
	for _, k := range all {
		work.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			var got [2]int
			for i, addr := range addrs {
				status, took, err := ends(addr, k.request)
				got[i] = status
				if err != nil || took > patience*3/4 || !slices.Contains(k.statuses, status) {
					t.Errorf("%s: %d after %v (%v), want %v; way %d", k.name, status, took, err, k.statuses, i)
				}
			}
			if got[0] != got[1] {
				t.Errorf("%s: a poll loop says %d, net/http %d", k.name, got[0], got[1])
			}
		})
	}
	work.Wait()
	t.Logf("%d bad handshakes", len(all))
}
