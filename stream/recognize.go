package stream

import (
	"bytes"
	"net/http"
	"net/textproto"
	"strings"
)

// maxHead is how long the head of a request may be before somebody else has to
// look at it.
const maxHead = 16 << 10

// A knock is a request that is exactly what the engine knows: a handshake as
// clients send it, with nothing in it that could be read in two ways. What is
// odd is not wrong, only not for the engine to judge. Its slices are those of
// the request.
type knock struct {
	path, query, host, key []byte
	protocols, extensions  []byte
	agent                  []byte
	lines                  []byte // the header
	more                   bool   // there are headers that are not the handshake's own
}

// headEnd returns where the head of a request ends, 0 if that has not come yet.
// Up to seen it has been looked for already.
func headEnd(b []byte, seen int) int {
	for i := max(0, seen-3); ; i++ {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0
		}
		i += n
		rest := b[i+1:]
		if len(rest) > 0 && rest[0] == '\n' {
			return i + 2
		}
		if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
			return i + 3
		}
	}
}

// promising says that an incomplete head may still become a knock: every line of
// it that is complete is well-formed, so that whoever sent something else is
// answered without waiting for the rest. Up to seen that has been found out.
func promising(b []byte, seen int, path string) bool {
	const method, version = "GET ", " HTTP/1.1"
	start := method + path
	if n := min(len(b), len(start)); string(b[:n]) != start[:n] {
		return false
	}
	if bytes.IndexByte(b[seen:], '\n') < 0 {
		return true
	}
	for b = b[bytes.LastIndexByte(b[:seen], '\n')+1:]; ; {
		n := bytes.IndexByte(b, '\n')
		if n < 0 {
			return true
		}
		line, ok := bytes.CutSuffix(b[:n], []byte("\r"))
		if !ok {
			return false
		}
		if bytes.HasPrefix(line, []byte(method)) {
			if !bytes.HasSuffix(line, []byte(version)) {
				return false
			}
		} else if _, _, ok := field(line); !ok {
			return false
		}
		b = b[n+1:]
	}
}

// recognize reads the complete head of a request. It says false unless all of it
// is known. With path empty any plain path will do.
func (k *knock) recognize(head []byte, path string) bool {
	*k = knock{}
	line, rest, ok := bytes.Cut(head, []byte("\r\n"))
	if !ok || !bytes.HasPrefix(line, []byte("GET ")) || !bytes.HasSuffix(line, []byte(" HTTP/1.1")) || len(line) < 14 {
		return false
	}
	k.path, k.query, _ = bytes.Cut(line[4:len(line)-9], []byte("?"))
	if path != "" && string(k.path) != path || path == "" && !plainPath(k.path) {
		return false
	}
	for _, c := range k.query {
		if c <= ' ' || c > '~' || c == '#' {
			return false
		}
	}
	k.lines = rest
	return k.readHeader()
}

// The headers of a handshake, each of which must come once.
const (
	hasHost = 1 << iota
	hasUpgrade
	hasConnection
	hasVersion
	hasKey
	hasAll = 1<<iota - 1

	hasProtocols = 1 << iota
	hasExtensions
)

func (k *knock) readHeader() bool {
	has := 0
	rest := k.lines
	for {
		line, after, ok := bytes.Cut(rest, []byte("\r\n"))
		if !ok {
			return false
		}
		rest = after
		if len(line) == 0 {
			return has&hasAll == hasAll && len(rest) == 0
		}
		name, value, ok := field(line)
		if !ok {
			return false
		}
		what, fine := 0, true
		var room [32]byte
		switch string(lower(room[:0], name)) {
		case "host":
			what, k.host, fine = hasHost, value, plainHost(value)
		case "upgrade":
			what, fine = hasUpgrade, bytes.EqualFold(value, []byte("websocket"))
		case "connection":
			what, fine = hasConnection, plainList(value, "upgrade")
		case "sec-websocket-version":
			what, fine = hasVersion, string(value) == "13"
		case "sec-websocket-key":
			what, k.key, fine = hasKey, value, len(value) == 24 && isKey(value)
		case "sec-websocket-protocol":
			what, k.protocols, fine = hasProtocols, value, plainList(value, "")
		case "sec-websocket-extensions":
			what, k.extensions, fine = hasExtensions, value, len(value) > 0
		case "content-length", "transfer-encoding", "trailer", "te", "expect":
			return false
		case "user-agent":
			if k.agent == nil {
				k.agent = value
			}
			k.more = true
		default:
			k.more = true
		}
		if !fine || has&what != 0 {
			return false
		}
		has |= what
	}
}

// header returns the headers that are not the handshake's own; nil: none.
func (k *knock) header() http.Header {
	if !k.more {
		return nil
	}
	h := make(http.Header)
	for line := range bytes.SplitSeq(k.lines, []byte("\r\n")) {
		name, value, ok := field(line)
		if !ok {
			continue
		}
		var room [32]byte
		switch string(lower(room[:0], name)) {
		case "host", "upgrade", "connection", "sec-websocket-version", "sec-websocket-key", "sec-websocket-protocol", "sec-websocket-extensions":
		default:
			key := textproto.CanonicalMIMEHeaderKey(string(name))
			h[key] = append(h[key], string(value))
		}
	}
	return h
}

// field splits a line of a header; false if it is anything but a plain name, a
// colon and printable ASCII.
func field(line []byte) (name, value []byte, ok bool) {
	name, value, ok = bytes.Cut(line, []byte(":"))
	if !ok || !plainToken(name) {
		return nil, nil, false
	}
	for _, c := range value {
		if c != '\t' && (c < ' ' || c > '~') {
			return nil, nil, false
		}
	}
	return name, bytes.Trim(value, " \t"), true
}

// lower appends the lower case of a name, which is shorter than 32 bytes if it
// is one to be looked at.
func lower(b, name []byte) []byte {
	if len(name) >= 32 {
		return b
	}
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}

// plainList says whether a list has nothing but plain tokens in it, and among
// them want, in any case, if that is not empty.
func plainList(list []byte, want string) bool {
	found := want == ""
	for t := range bytes.SplitSeq(list, []byte(",")) {
		t = bytes.Trim(t, " ") // a tab is one that gobwas does not know here
		if !plainToken(t) {
			return false
		}
		found = found || len(t) == len(want) && strings.EqualFold(string(t), want)
	}
	return found
}

func plainToken(b []byte) bool { return plain(b, "-_.") }

func plainPath(b []byte) bool {
	return len(b) > 0 && b[0] == '/' && plain(b, "/-_") && !bytes.Contains(b, []byte("//"))
}

func plainHost(b []byte) bool { return plain(b, ".:-_[]") }

// plain says whether b is not empty and made of letters, digits and others.
func plain(b []byte, others string) bool {
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(others, c) >= 0:
		default:
			return false
		}
	}
	return len(b) > 0
}
