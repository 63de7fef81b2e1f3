package stream

import "context"

// A call is a handler's call for one connection on its way through a worker and
// back. Calls are used again, so that a handshake or a message leaves nothing
// behind for the garbage collector but what the handler makes.
type call struct {
	shard   *shard
	to      target
	opens   bool    // Open, else Message
	greets  bool    // the answer to the handshake waits for it
	req     Request // what to open
	conn    Conn    // whose message it is
	payload []byte
	packed  bool // payload is compressed
	turn    Turn
}

// maxKept is how many steps of a turn are kept room for.
const maxKept = 8

func (s *shard) newCall(slot uint32, c *conn) *call {
	k, _ := s.e.calls.Get().(*call)
	if k == nil {
		k = new(call)
	}
	k.shard, k.to = s, target{slot, c.gen}
	return k
}

func (k *call) run(ctx context.Context) {
	e := k.shard.e
	var f *fault
	if k.packed {
		k.payload, f = inflate(k.payload, k.turn.text, e.o.MaxMessage)
	}
	switch {
	case f != nil:
		k.turn.fail(f)
	case k.opens:
		e.guard(&k.turn, "open", func() { e.handler.Open(ctx, &k.req, &k.turn) })
	default:
		e.guard(&k.turn, "message", func() { e.handler.Message(ctx, k.conn, k.turn.text, k.payload, &k.turn) })
	}
	k.shard.give(note{to: k.to, call: k})
}

// done makes the call free for another connection.
func (k *call) done() {
	e, ops := k.shard.e, k.turn.ops
	clear(ops)
	if cap(ops) > maxKept {
		ops = nil
	}
	*k = call{turn: Turn{ops: ops[:0]}}
	e.calls.Put(k)
}
