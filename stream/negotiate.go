package stream

import (
	"github.com/gobwas/httphead"
	"github.com/gobwas/ws/wsflate"
)

const extensionsHeader = "Sec-WebSocket-Extensions"

// negotiate chooses the first offer of permessage-deflate (RFC 7692, 7.1) that
// can be met and returns the value of the header that accepts it, empty if there
// is none. It says false for headers that break the grammar of extensions, with
// which a connection must not be opened (RFC 6455, 9.1).
//
// No context is taken over from message to message in either direction: one
// compressed frame is then right for everybody, and an idle connection has no
// window to keep.
func negotiate(headers []string) (accepted string, ok bool) {
	for _, h := range headers {
		offers, ok := httphead.ParseOptions([]byte(h), nil)
		if !ok || emptyParameter(h) {
			return "", false
		}
		for i := range offers {
			if accepted == "" {
				accepted = meet(&offers[i])
			}
		}
	}
	return accepted, true
}

// emptyParameter finds a semicolon with nothing behind it, which the parser lets
// pass.
func emptyParameter(header string) bool {
	after := false
	for i := range len(header) {
		switch c := header[i]; c {
		case ' ', '\t':
		case ';', ',':
			if after {
				return true
			}
			after = c == ';'
		default:
			after = false
		}
	}
	return after
}

// meet returns the answer to an offer, empty if it is declined: for parameters
// that are unknown, invalid or there twice, and for a window smaller than what
// Go's compressor has, which is always the largest.
func meet(offer *httphead.Option) string {
	if string(offer.Name) != wsflate.ExtensionName {
		return ""
	}
	var p wsflate.Parameters
	if p.Parse(*offer) != nil {
		return ""
	}
	windows, padded := 0, false // which Parse lets pass
	offer.Parameters.ForEach(func(key, value []byte) bool {
		if string(key) == "client_max_window_bits" {
			windows++
		}
		padded = padded || len(value) > 0 && value[0] == '0'
		return true
	})
	if windows > 1 || padded {
		return ""
	}
	answer := wsflate.ExtensionName + "; server_no_context_takeover; client_no_context_takeover"
	switch p.ServerMaxWindowBits {
	case 0:
	case 15: // to be repeated in the answer (RFC 7692, 7.1.2.1)
		answer += "; server_max_window_bits=15"
	default:
		return ""
	}
	return answer
}
