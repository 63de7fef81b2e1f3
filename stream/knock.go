package stream

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/gobwas/ws"
)

// A Candidate is a client that asks to be let in, as [Options.Admit] sees it.
type Candidate struct {
	Method string
	Path   string
	Host   string      // the Host header
	Header http.Header // all others but those of the handshake itself
	Remote netip.Addr  // the zero Addr for a Unix socket
}

// knock gives a connection that has just been accepted its place. Until it has
// asked to come in, it owns nothing but that and what it has sent.
func (s *shard) knock(fd int32, listener uint32) {
	if s.ended {
		s.poll.close(fd)
		s.e.callers.Add(-1)
		return
	}
	slot := s.conns.take()
	c := s.conns.at(slot)
	if s.lastGen++; s.lastGen == 0 {
		s.lastGen = 1
	}
	*c = conn{fd: fd, gen: s.lastGen, told: s.now, addr: listener, flags: inUse | knocking}
	s.knocking++
	if err := s.poll.add(c.fd, slot, c.gen); err != nil {
		s.e.o.Log.Error("connection not taken", "error", err)
		s.sendAway(slot, c)
	}
}

// hear reads what one that knocks has to say.
func (s *shard) hear(slot uint32, c *conn, bits uint8) {
	for {
		room := s.buf[:maxHead]
		if c.busy != 0 {
			room = room[:maxHead-len(s.busy[c.busy].pend)] // what is longer is refused: no more of it is read
		}
		n, err := s.poll.read(c.fd, room)
		if err == errAgain {
			return
		}
		if err != nil {
			s.sendAway(slot, c)
			return
		}
		data, seen := s.buf[:n], 0
		if c.busy != 0 {
			b := s.busy[c.busy]
			seen = len(b.pend)
			b.pend = append(b.pend, data...)
			data = b.pend
		}
		if n == 0 {
			if len(data) == 0 {
				s.sendAway(slot, c)
			} else {
				s.handOver(slot, c, data) // there is an answer to half a request
			}
			return
		}
		secure, end := s.e.listener(c.addr).secure, 0
		if !secure {
			end = headEnd(data, seen)
		}
		switch {
		case secure && !firstRecordIn(data):
		case secure:
			s.handOver(slot, c, data)
			return
		case end > 0 && end <= maxHead:
			var flags uint16
			if n == len(room) {
				flags |= readable
			}
			if bits&(peerDone|broken) != 0 {
				flags |= readable | toTheEnd
			}
			if !s.visitor.recognize(data[:end], s.e.o.Path) || !s.welcome(slot, c, flags, data[:end], data[end:]) {
				s.handOver(slot, c, data)
			}
			return
		case len(data) >= maxHead:
			s.e.refused[refusedHeader].Add(1)
			s.handOver(slot, c, data)
			return
		case !promising(data, seen, s.e.o.Path):
			s.handOver(slot, c, data)
			return
		}
		if c.busy == 0 {
			s.busyOf(slot, c).pend = slices.Clone(data)
		}
		if n < len(room) && bits&(peerDone|broken) == 0 {
			return
		}
	}
}

// welcome lets the visitor in whose request is head, and what came with it. It
// says false if that is not to be; who it was then has not been answered.
func (s *shard) welcome(slot uint32, c *conn, flags uint16, head, early []byte) bool {
	e, k := s.e, &s.visitor
	if e.closing.Load() {
		return false
	}
	number, ok := e.chooseFrom(k.protocols)
	if !ok {
		return false
	}
	remote, ok := s.accepts.peer(c.fd)
	if !ok || remote.IsValid() == e.listener(c.addr).unix {
		return false
	}
	if e.o.Admit != nil {
		who := &s.candidate
		*who = Candidate{Method: http.MethodGet, Path: e.o.Path, Host: s.hosts.of(k.host), Header: k.header(), Remote: remote}
		if e.o.Path == "" {
			who.Path = string(k.path)
		}
		if e.o.Admit(who) != nil {
			return false
		}
	}
	extensions := ""
	if k.extensions != nil {
		if extensions, ok = negotiate([]string{string(k.extensions)}); !ok {
			return false
		}
	}
	answer, ok := s.answer(head, number, extensions)
	if !ok {
		return false
	}
	ticket, _, ok := e.door.enter(remote)
	if !ok {
		return false
	}
	req := Request{Query: s.queries.of(k.query), Remote: remote, UserAgent: cutUTF8(s.agents.of(k.agent), 256)}
	early = slices.Clone(early)
	s.noLongerBusy(c)
	s.knocking--
	e.callers.Add(-1)
	e.open.Add(1)
	c.addr, c.told, c.heard, c.protocol = ticket, s.now, uint16(s.now), number
	c.flags = inUse | flags | e.variantFlags(number, extensions != "")
	s.greet(slot, c, answer)
	s.begun(slot, c, early, req, true)
	return true
}

// answer makes what is said to a handshake. The request must be known to be one:
// gobwas' reader is given nothing but bytes that are complete in memory.
func (s *shard) answer(head []byte, protocol uint8, extensions string) ([]byte, bool) {
	t := &s.talk
	t.in, t.out, t.protocol = head, t.out[:0], ""
	if protocol != 0 {
		t.protocol = s.e.o.Protocols[protocol-1]
	}
	t.upgrader.Header = nil
	if extensions != "" {
		t.upgrader.Header = ws.HandshakeHeaderString(extensionsHeader + ": " + extensions + "\r\n")
	}
	_, err := t.upgrader.Upgrade(t)
	t.in = nil
	return t.out, err == nil
}

// handOver gives a connection to who listens for those that are not the
// engine's, with what it has sent.
func (s *shard) handOver(slot uint32, c *conn, data []byte) {
	l, fd := s.e.listener(c.addr), c.fd
	early := slices.Clone(data)
	s.accepts.remove(fd)
	s.vacate(slot, c)
	l.push(arrival{fd: fd, early: early})
}

// sendAway closes a connection that has said nothing worth an answer.
func (s *shard) sendAway(slot uint32, c *conn) {
	s.poll.close(c.fd)
	s.vacate(slot, c)
	s.e.callers.Add(-1)
}

func (s *shard) vacate(slot uint32, c *conn) {
	s.noLongerBusy(c)
	s.knocking--
	*c = conn{}
	s.conns.put(slot)
}

// sweepKnocks closes those that have not asked to come in in time.
func (s *shard) sweepKnocks() {
	if s.knocking == 0 {
		return
	}
	limit := s.ticks(s.e.o.HandshakeTimeout)
	for slot := uint32(1); slot < s.conns.top; slot++ {
		c := s.conns.at(slot)
		if c.flags&knocking == 0 || s.now-c.told <= limit {
			continue
		}
		gen := c.gen
		s.hear(slot, c, 0) // what it sent in time may not have been looked at yet
		if c.gen == gen && c.flags&knocking != 0 {
			s.e.refused[refusedTimeout].Add(1)
			s.sendAway(slot, c)
		}
	}
}
