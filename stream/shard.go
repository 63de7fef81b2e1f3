package stream

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

// A shard is one poll loop and the connections that it owns. Everything in it
// but the mailbox belongs to the goroutine of run.
type shard struct {
	e       *Engine
	index   int
	poll    poller
	accepts listening // the same, nil if it cannot
	count   counters
	turns   atomic.Uint64

	conns   slab[conn]
	follows slab[follow]
	wires   map[uint32]*wire // of those that are secured, by slot; nil: none is
	plain   []byte           // scratch of theirs
	busy    []*busy          // those that are more than idle; 0 is nobody's
	idle    []uint32
	lastGen uint32

	locals   []local // 0 is nobody's
	noLocals []uint32
	byTopic  map[uint32]uint32

	walk  walk
	mark  []byte   // the newest that holds for what has been delivered
	owing bool     // some connection is owed one
	todo  []target // to go on with after the next look at the poller
	other []target // its memory, by turns

	knocking  int // how many have been accepted and not come in
	visitor   knock
	candidate Candidate // it, for Admit
	hosts     recent    // what visitors have said
	agents    recent
	queries   recent
	greetings greetings
	talk      talk
	resting   []*listener // not accepted from
	restUntil time.Time

	doomed []target // to be dropped as soon as nobody is looking at them

	buf     []byte // what has just been read
	scratch *parser
	parts   []part
	bufs    [][]byte
	spare   []note
	sent    tally // not yet in count
	limits  [variants]limits

	start    time.Time
	tick     time.Duration // how long one tick is
	now      uint32        // the tick of this turn
	swept    uint32        // the last tick that was swept
	pingEach uint32        // ticks between two pings of a connection
	pingHold uint32        // ticks that a ping waits for a message to leave with
	silence  uint32        // ticks after which a peer that was asked is gone
	lookEach uint32        // ticks between two looks at a peer's silence
	stirred  uint32        // this many ticks missed: the process was standing still
	pinging  []byte        // the ping frame of this turn; nil: not made yet
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
	mark   []byte // everything that it speaks of has moved before
	stop   bool
	shut   bool // the loop has ended: what comes is to be given back
	woken  atomic.Bool
	asleep atomic.Bool // the loop waits, or is about to: it must be woken
}

// note is one thing for one connection: that it is new, that it knocks, a
// handler's answer, a page; or a listener.
type note struct {
	to     target
	join   *join
	call   *call
	page   *pageDone
	listen *listener
	fd     int32
	from   uint32 // the listener at which fd knocks
}

func newShard(e *Engine, index int) (*shard, error) {
	p, err := e.o.poller()
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
	for v := range s.limits {
		s.limits[v] = newLimits(e.o.MaxMessage)
		s.limits[v].deflate = variant(v)&deflated != 0
		if e.o.OneType {
			s.limits[v].only = ws.OpText
			if variant(v)&encoded != 0 {
				s.limits[v].only = ws.OpBinary
			}
		}
	}
	s.accepts, _ = p.(listening)
	s.talk.init()
	s.mail.inMove = make(map[*Topic]struct{})
	s.setTimes(e.o.PingInterval, e.o.PongTimeout)
	return s, nil
}

// notify says that topics have new entries, and up to where all have got, which
// is not worth waking for by itself if nobody is told marks.
func (s *shard) notify(moved []*Topic, mark []byte) {
	m := &s.mail
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut {
		return
	}
	for _, t := range moved {
		if _, ok := m.inMove[t]; !ok {
			m.inMove[t] = struct{}{}
			m.moved = append(m.moved, t)
		}
	}
	if mark != nil {
		m.mark = mark
	}
	if len(moved) > 0 || s.e.events.Load() > 0 {
		s.wakeLocked()
	}
}

// send puts a note into the mailbox. It returns false when the shard has ended.
func (s *shard) send(n note) bool {
	m := &s.mail
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut {
		return false
	}
	m.notes = append(m.notes, n)
	s.wakeLocked()
	return true
}

func (s *shard) stop() {
	s.mail.mu.Lock()
	defer s.mail.mu.Unlock()
	s.mail.stop = true
	s.wakeLocked()
}

// wakeLocked ends the loop's waiting. The mailbox must be locked, or the poller
// might be given back meanwhile.
func (s *shard) wakeLocked() {
	if !s.mail.woken.Swap(true) && s.mail.asleep.Load() {
		s.poll.wake()
	}
}

// run is the loop. It ends some time after stop, when every connection has been
// told and closed, or with an error when the poller fails.
func (s *shard) run() error {
	var err error
	for !s.ended || s.conns.used > 0 {
		var evs []event
		if evs, err = s.look(); err != nil {
			err = fmt.Errorf("poll loop %d: %w", s.index, err)
			break
		}
		s.turns.Add(1)
		s.pinging = nil
		s.now = uint32(time.Since(s.start) / s.tick)
		for _, ev := range evs {
			s.event(ev)
		}
		s.open()
		s.again()
		s.step()
		s.greetLate()
		s.bury()
		s.reopen()
		if s.now != s.swept {
			s.sweep()
		}
		s.tell()
		if s.ended && time.Now().After(s.endBy) {
			break
		}
	}
	s.closeAll()
	return err
}

// look asks the poller what there is, and waits if there is nothing to do.
func (s *shard) look() ([]event, error) {
	evs, err := s.poll.wait(0)
	if len(evs) > 0 || err != nil || s.patience() == 0 {
		return evs, err
	}
	// Workers that this loop has given something to do go first: a thread that
	// waits in the kernel keeps its processor until the runtime takes it away.
	runtime.Gosched()
	s.mail.asleep.Store(true) // before looking whether there is mail
	defer s.mail.asleep.Store(false)
	return s.poll.wait(s.patience())
}

// tally is what a turn of the loop adds to the counters.
type tally struct {
	bytes, messages, gaps, pings uint64
	read, received               uint64
}

// tell adds what this turn has done to the counters that others read.
func (s *shard) tell() {
	if s.sent == (tally{}) {
		return
	}
	c := &s.count
	c.bytesOut.Add(s.sent.bytes)
	c.messagesOut.Add(s.sent.messages)
	c.gaps.Add(s.sent.gaps)
	c.pings.Add(s.sent.pings)
	c.bytesIn.Add(s.sent.read)
	c.messagesIn.Add(s.sent.received)
	s.sent = tally{}
}

// patience is how long the loop may wait for events, in milliseconds.
func (s *shard) patience() int {
	if s.walk.active || len(s.todo) > 0 || s.mail.woken.Load() {
		return 0
	}
	next := s.start.Add(time.Duration(s.swept+1) * s.tick)
	if s.ended && s.endBy.Before(next) {
		next = s.endBy
	}
	if len(s.greetings.waiting) > 0 && s.greetings.by.Before(next) {
		next = s.greetings.by
	}
	if len(s.resting) > 0 && s.restUntil.Before(next) {
		next = s.restUntil
		if next.Before(time.Now()) {
			next = time.Now().Add(respite) // there has been no room
		}
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
	m.notes = s.spare[:0]
	var moved []*Topic
	var mark []byte
	if !s.walk.active {
		moved, mark = m.moved, m.mark
		m.moved, m.mark = nil, nil
		clear(m.inMove)
	}
	m.mu.Unlock()
	for i := range notes {
		s.note(&notes[i])
	}
	clear(notes)
	if s.spare = notes; cap(notes) > 4*chunk {
		s.spare = nil
	}
	if len(moved) > 0 || mark != nil {
		s.begin(moved, mark)
	}
	if stop {
		s.end()
	}
}
