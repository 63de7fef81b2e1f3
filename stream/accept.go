package stream

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/gobwas/ws"
)

// A join is a connection on its way into its shard.
type join struct {
	fd     int32
	addr   uint32 // the door's ticket
	early  []byte // sent together with the handshake
	req    Request
	wire   *wire // nil: it is not secured
	number uint8 // of the protocol

	deflates bool // permessage-deflate was negotiated

	turn *Turn // what opening a stream of events came to; nil: a WebSocket
}

// ServeHTTP answers a request for the stream over any of the transports: an
// upgrade to a WebSocket and Server-Sent Events become connections of the engine,
// everything else is a poll if the Handler is a [Poller]. The server behind w must
// speak HTTP/1.1 and have ReadHeaderTimeout and MaxHeaderBytes set: a request that
// never ends is its affair. Who may connect is decided before ServeHTTP is called.
//
// Refusals: 405 for another method than GET, HEAD and OPTIONS; 426 without
// complete upgrade headers or for another version than 13; 400 for a key that is
// none, for subprotocols of which none is spoken and for what the Handler refuses;
// 503 when the engine is full or ending, 429 when the address has too many
// connections.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		// Or the server would wait for the body before it answers.
		w.Header().Set("Connection", "close")
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", allowed)
		e.refuse(w, refusedMethod, http.StatusMethodNotAllowed, "use GET")
		return
	}
	p, polls := e.handler.(Poller)
	switch t := transportOf(r); {
	case t == Events:
		e.serveEvents(w, r)
	case t == Polling && polls:
		e.servePoll(w, r, p)
	case r.Method == http.MethodHead:
		w.Header().Set("Allow", allowed)
		e.refuse(w, refusedMethod, http.StatusMethodNotAllowed, "use GET")
	default:
		e.serveWebSocket(w, r)
	}
}

const allowed = "GET, HEAD, OPTIONS"

// serveWebSocket upgrades a request.
func (e *Engine) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if !hasToken(r.Header["Upgrade"], "websocket") || !hasToken(r.Header["Connection"], "upgrade") {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Add("Connection", "Upgrade")
		text := "this is a WebSocket endpoint, and the headers Upgrade: websocket and Connection: Upgrade are missing: connect with a WebSocket client"
		if r.Header.Get("Sec-WebSocket-Key") != "" {
			text = "Sec-WebSocket-Key came without the headers Upgrade: websocket and Connection: Upgrade: " +
				"a proxy on the way has taken them; it must be configured to pass upgrades on " +
				"(nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";)"
		}
		e.refuse(w, refusedUpgrade, http.StatusUpgradeRequired, text)
		return
	}
	if v := r.Header["Sec-Websocket-Version"]; len(v) != 1 || strings.TrimSpace(v[0]) != "13" {
		w.Header().Set("Upgrade", "websocket") // RFC 9110, 15.5.22
		w.Header().Add("Connection", "Upgrade")
		w.Header().Set("Sec-WebSocket-Version", "13")
		e.refuse(w, refusedUpgrade, http.StatusUpgradeRequired, "the version of WebSocket must be 13")
		return
	}
	if !r.ProtoAtLeast(1, 1) || r.ProtoMajor != 1 || r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		e.refuse(w, refusedUpgrade, http.StatusBadRequest, "a handshake is an HTTP/1.1 request without a body")
		return
	}
	if r.URL.Scheme != "" && r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		e.refuse(w, refusedUpgrade, http.StatusBadRequest, "a handshake asks for a path, or for a URL with http or https")
		return
	}
	if k := r.Header["Sec-Websocket-Key"]; len(k) != 1 || !isKey(k[0]) {
		e.refuse(w, refusedUpgrade, http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64")
		return
	}
	number, ok := e.choose(r.Header["Sec-Websocket-Protocol"])
	if !ok {
		e.refuse(w, refusedProtocol, http.StatusBadRequest, "no such subprotocol; there is "+strings.Join(e.o.Protocols, ", "))
		return
	}
	extensions, ok := negotiate(r.Header["Sec-Websocket-Extensions"])
	if !ok {
		e.refuse(w, refusedUpgrade, http.StatusBadRequest, "Sec-WebSocket-Extensions is not as RFC 6455, 9.1 has it")
		return
	}
	remote := remoteAddr(r.RemoteAddr)
	ticket, ok := e.admit(w, remote)
	if !ok {
		return
	}
	j := &join{addr: ticket, number: number, deflates: extensions != "", req: Request{
		Query: r.URL.RawQuery, Remote: remote, UserAgent: cutUTF8(r.UserAgent(), 256),
	}}
	e.enlist(r, j, func(s *shard) error { return e.takeOver(w, r, s, j, extensions) })
}

// takeOver answers the handshake and takes the descriptor.
func (e *Engine) takeOver(w http.ResponseWriter, r *http.Request, s *shard, j *join, extensions string) error {
	u := ws.HTTPUpgrader{
		Timeout: e.o.HandshakeTimeout,
		Protocol: func(p string) bool {
			return j.number != 0 && p == e.o.Protocols[j.number-1]
		},
	}
	if extensions != "" {
		u.Header = http.Header{extensionsHeader: {extensions}}
	}
	c, rw, _, err := u.Upgrade(r, w)
	if err != nil {
		if c != nil {
			c.Close()
		}
		return err
	}
	// What came right behind the request is in the buffer of the HTTP server
	// and will never be reported by the poller.
	if n := rw.Reader.Buffered(); n > 0 {
		early, err := rw.Reader.Peek(n)
		if err != nil {
			c.Close()
			return err
		}
		j.early = slices.Clone(early)
	}
	return s.adopt(c, j)
}

// choose returns the number of the client's first subprotocol that is spoken, 0
// when none was asked for, and false when none of those asked for is.
func (e *Engine) choose(headers []string) (uint8, bool) {
	if len(headers) == 0 || len(e.o.Protocols) == 0 {
		return 0, true
	}
	for _, h := range headers {
		for p := range strings.SplitSeq(h, ",") {
			if i := slices.Index(e.o.Protocols, strings.TrimSpace(p)); i >= 0 {
				return uint8(i + 1), true
			}
		}
	}
	return 0, false
}

// chooseFrom is choose for one header; nil: there is none.
func (e *Engine) chooseFrom(header []byte) (uint8, bool) {
	if header == nil {
		return 0, true
	}
	return e.choose([]string{string(header)})
}

func hasToken(headers []string, token string) bool {
	for _, h := range headers {
		for t := range strings.SplitSeq(h, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

var keyEncoding = base64.StdEncoding.Strict() // which makes a new one each time

func isKey[K ~string | ~[]byte](k K) bool {
	var room [32]byte
	if keyEncoding.DecodedLen(len(k)) > len(room) {
		return false
	}
	n, err := keyEncoding.Decode(room[:], []byte(k))
	return err == nil && n == 16
}

// remoteAddr returns the zero Addr for what is no IP address: a Unix socket.
func remoteAddr(s string) netip.Addr {
	if host, _, err := net.SplitHostPort(s); err == nil {
		if a, err := netip.ParseAddr(host); err == nil {
			return a.Unmap()
		}
	}
	return netip.Addr{}
}
