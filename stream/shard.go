package stream

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A shard is one poll loop and the connections that it owns. Everything in it
// but the mailbox belongs to the goroutine of run.
type shard struct {
	e     *Engine
	index int
	poll  poller
	count counters
	turns atomic.Uint64

	conns   slab[conn]
	follows slab[follow]
	busy    []*busy // those that are more than idle; 0 is nobody's
	idle    []uint32
	lastGen uint32

	locals   []local // 0 is nobody's
	noLocals []uint32
	byTopic  map[uint32]uint32

	walk walk
	todo []target // to go on with after the next look at the poller

	buf     []byte // what has just been read
	scratch *parser
	parts   []part
	bufs    [][]byte

	start    time.Time
	tick     time.Duration // how long one tick is
	now      uint32        // the tick of this turn
	swept    uint32        // the last tick that was swept
	pingEach uint32        // ticks
	pongIn   uint32        // ticks
	ended    bool
	endBy    time.Time

	mail mailbox
}

type target struct{ slot, gen uint32 }

// mailbox is what others have for a shard.
type mailbox struct {
	mu     sync.Mutex // guards the fields below
	notes  []note
	moved  []*Topic
	inMove map[*Topic]struct{}
	stop   bool
	shut   bool // the loop has ended: what comes is to be given back
	woken  atomic.Bool
}

// note is one thing for one connection: that it is new, a turn, a page.
type note struct {
	to   target
	join *join
	turn *Turn
	page *pageDone
}

func newShard(e *Engine, index int) (*shard, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	s := &shard{
		e: e, index: index, poll: p,
		busy:    make([]*busy, 1),
		locals:  make([]local, 1),
		byTopic: make(map[uint32]uint32),
		buf:     make([]byte, readBuffer),
		scratch: new(parser),
		start:   time.Now(),
	}
	s.mail.inMove = make(map[*Topic]struct{})
	s.tick = min(time.Second, max(min(e.o.PingInterval, e.o.PongTimeout)/8, 5*time.Millisecond))
	s.pingEach = max(1, uint32(e.o.PingInterval/s.tick))
	s.pongIn = max(1, uint32(e.o.PongTimeout/s.tick))
	return s, nil
}

// notify says that topics have new entries.
func (s *shard) notify(moved []*Topic) {
	m := &s.mail
	m.mu.Lock()
	for _, t := range moved {
		if _, ok := m.inMove[t]; !ok {
			m.inMove[t] = struct{}{}
			m.moved = append(m.moved, t)
		}
	}
	m.mu.Unlock()
	s.wake()
}

// send puts a note into the mailbox. It returns false when the shard has ended.
func (s *shard) send(n note) bool {
	m := &s.mail
	m.mu.Lock()
	ok := !m.shut
	if ok {
		m.notes = append(m.notes, n)
	}
	m.mu.Unlock()
	if ok {
		s.wake()
	}
	return ok
}

func (s *shard) stop() {
	s.mail.mu.Lock()
	s.mail.stop = true
	s.mail.mu.Unlock()
	s.wake()
}

func (s *shard) wake() {
	if !s.mail.woken.Swap(true) {
		s.poll.wake()
	}
}

// run is the loop. It ends some time after stop, when every connection has been
// told and closed, or with an error when the poller fails.
func (s *shard) run() error {
	var err error
	for !s.ended || s.conns.used > 0 {
		ms := s.patience()
		var evs []event
		if evs, err = s.poll.wait(ms); err != nil {
			err = fmt.Errorf("poll loop %d: %w", s.index, err)
			break
		}
		s.turns.Add(1)
		s.now = uint32(time.Since(s.start) / s.tick)
		for _, ev := range evs {
			s.event(ev)
		}
		s.open()
		s.again()
		s.step()
		if s.now != s.swept {
			s.sweep()
		}
		if s.ended && time.Now().After(s.endBy) {
			break
		}
	}
	s.closeAll()
	return err
}

// patience is how long the loop may wait for events, in milliseconds.
func (s *shard) patience() int {
	if s.walk.active || len(s.todo) > 0 {
		return 0
	}
	next := s.start.Add(time.Duration(s.swept+1) * s.tick)
	if s.ended && s.endBy.Before(next) {
		next = s.endBy
	}
	return int(max(0, time.Until(next)+time.Millisecond-1) / time.Millisecond)
}

// open reads the mailbox.
func (s *shard) open() {
	m := &s.mail
	if !m.woken.Load() {
		return
	}
	m.woken.Store(false) // before reading: what comes after this wakes again
	m.mu.Lock()
	notes, stop := m.notes, m.stop && !s.ended
	m.notes = nil
	var moved []*Topic
	if !s.walk.active {
		moved = m.moved
		m.moved = nil
		clear(m.inMove)
	}
	m.mu.Unlock()
	for i := range notes {
		s.note(&notes[i])
	}
	if len(moved) > 0 {
		s.begin(moved)
	}
	if stop {
		s.end()
	}
}
