package stream

import (
	"net/http"
	"net/netip"
	"strconv"
)

// admit counts one more from an address, or refuses the request. The ticket must
// be given back to the door.
func (e *Engine) admit(w http.ResponseWriter, remote netip.Addr) (ticket uint32, ok bool) {
	if e.closing.Load() || !e.running.Load() {
		e.comeBack(w)
		e.refuse(w, refusedClosing, http.StatusServiceUnavailable, "starting or shutting down")
		return 0, false
	}
	ticket, why, ok := e.door.enter(remote)
	switch {
	case ok:
		return ticket, true
	case why == refusedFull:
		w.Header().Set("Retry-After", "5")
		e.refuse(w, why, http.StatusServiceUnavailable, "as many connections as there may be (stream.max_connections)")
	default:
		w.Header().Set("Retry-After", "5")
		e.refuse(w, why, http.StatusTooManyRequests, "too many connections from this address (stream.max_connections_per_address)")
	}
	return 0, false
}

// comeBack says in a header after how many seconds the client should try again.
func (e *Engine) comeBack(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa((e.retry()+999)/1000))
}

func (e *Engine) refuse(w http.ResponseWriter, why refusal, status int, text string) {
	e.refused[why].Add(1)
	http.Error(w, text, status)
}
