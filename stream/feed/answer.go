package feed

import (
	"net/http"

	"monitord/stream"
	"monitord/stream/wire"
)

const (
	jsonType = "application/json"
	cborType = "application/cbor"
)

// found says that there is something to answer with.
func (p *poll) found() bool {
	for _, r := range p.followers {
		if len(r.head) > 1 || len(r.pieces) > 0 && r.pieces[0].pos <= p.end(r) {
			return true
		}
	}
	return false
}

// end returns up to where a topic has been read as far as all others of its sort.
func (p *poll) end(r *follower) int64 {
	if r.alerts() {
		return p.alerts
	}
	return p.times
}

// messages returns what was found, after what each subscription begins with;
// nothing if nothing was.
func (p *poll) messages() [][]byte {
	if !p.found() {
		return nil
	}
	var messages [][]byte
	for _, r := range p.followers {
		messages = append(messages, r.head...)
		for _, piece := range r.pieces {
			if piece.pos > p.end(r) {
				break
			}
			messages = append(messages, piece.message)
		}
	}
	return messages
}

func (p *poll) answer(messages [][]byte, at *cursor) stream.Answer {
	size := 64
	for _, m := range messages {
		size += len(m) + 1
	}
	if !p.cbor {
		return stream.Answer{Status: http.StatusOK, Type: jsonType, Body: wire.AppendAnswer(make([]byte, 0, size), at.String(), messages)}
	}
	binary := make([][]byte, 0, len(messages))
	for _, m := range messages {
		if b := p.feed.Encode(m); b != nil {
			binary = append(binary, b)
		}
	}
	return stream.Answer{Status: http.StatusOK, Type: cborType, Body: wire.AppendAnswerCBOR(make([]byte, 0, size), at.String(), binary)}
}

func (p *poll) refusal(status int, fault *wire.Error) stream.Answer {
	a := stream.Answer{Status: status, Type: jsonType, Body: fault.AppendJSON(nil)}
	if p.cbor {
		a.Type, a.Body = cborType, p.feed.Encode(a.Body)
	}
	return a
}
