package stream

import (
	"bytes"
	"strconv"
)

// The frames of a stream of events (HTML, 9.2.5).

// appendEvent appends a message as an event without a name.
func appendEvent(b, message []byte) []byte {
	const start = "data: "
	if b == nil {
		b = make([]byte, 0, len(start)+len(message)+2)
	}
	for {
		n := bytes.IndexAny(message, "\r\n")
		if n < 0 {
			break
		}
		b = append(append(append(b, start...), message[:n]...), '\n')
		message = message[n+1:]
	}
	b = append(append(b, start...), message...)
	return append(b, "\n\n"...)
}

// appendMark appends what sets the id that a client sends back as Last-Event-ID,
// and is no event: it has no data.
func appendMark(b []byte, id string) []byte {
	return append(append(append(b, "id: "...), id...), "\n\n"...)
}

// appendRetry appends after how many milliseconds the client is to come back.
func appendRetry(b []byte, ms int) []byte {
	return append(strconv.AppendInt(append(b, "retry: "...), int64(ms), 10), "\n\n"...)
}
