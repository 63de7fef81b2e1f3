package stream

import (
	"net/http"
	"strconv"
	"strings"
)

// transportOf says which way a request asks for. Whoever says anything of
// WebSocket means that, even when a proxy has taken half of it away.
func transportOf(r *http.Request) Transport {
	h := r.Header
	switch {
	case hasToken(h["Upgrade"], "websocket") || len(h["Sec-Websocket-Key"]) > 0 || len(h["Sec-Websocket-Version"]) > 0:
		return WebSocket
	case Accepts(h["Accept"], eventType, "application/json", "application/cbor") == eventType:
		return Events
	}
	return Polling
}

const eventType = "text/event-stream"

// Accepts returns which of the media types a client likes best, by its headers
// Accept (RFC 9110, 12.5.1): one that it names, else the empty string; of equals
// the first.
func Accepts(headers []string, types ...string) string {
	best, most := "", 0.0
	for _, t := range types {
		if q := quality(headers, t); q > most {
			best, most = t, q
		}
	}
	return best
}

// quality returns the weight that the headers give a media type or a coding by its
// name, 0 if they do not name it.
func quality(headers []string, name string) float64 {
	for _, h := range headers {
		for part := range strings.SplitSeq(h, ",") {
			named, parameters, _ := strings.Cut(part, ";")
			if strings.EqualFold(strings.TrimSpace(named), name) {
				return weight(parameters)
			}
		}
	}
	return 0
}

// weight returns the parameter q, 1 if there is none.
func weight(parameters string) float64 {
	for p := range strings.SplitSeq(parameters, ";") {
		key, val, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(key), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(val), 64)
			if err != nil || q < 0 || q > 1 {
				return 0
			}
			return q
		}
	}
	return 1
}
