package feed

import (
	"context"
	"net/http"
	"time"

	"monitord/stream"
	"monitord/stream/wire"
)

// A poll is one request that is answered with the messages after a cursor, up to
// the end of a tick. It belongs to the goroutine of the request.
type poll struct {
	feed      *Feed
	followers []*follower
	limit     int // alerts in an answer
	cbor      bool
	budget    int  // bytes of messages
	far       bool // a page may be read, and not only rings

	mark   mark
	clock  clock
	times  int64 // up to where everything has been read
	alerts int64
	size   int
}

var _ stream.Poller = (*Feed)(nil)

const (
	// answerBytes is from when on an answer ends with the tick that it has got to.
	answerBytes = 1 << 20
	// answerAlerts is how many alerts an answer has if the client does not say.
	answerAlerts = 1000
)

// Poll answers a poll: with what there is after the cursor, as soon as there is
// anything, or after the time that the URL says.
func (f *Feed) Poll(ctx context.Context, r *stream.Request, work stream.Workers) stream.Answer {
	u, from, faults := f.asked(r)
	p := &poll{feed: f, limit: u.Limit, budget: answerBytes, cbor: stream.Accepts(r.Accept, "application/json", cborType) == cborType}
	if p.limit == 0 {
		p.limit = answerAlerts
	}
	if len(faults) > 0 {
		return p.refusal(http.StatusBadRequest, faults[0])
	}
	defer p.close()
	var fault *wire.Error
	if !work.Do(func(ctx context.Context) { fault = p.open(ctx, f.visit(r.Conn), &u, from) }) {
		return stream.Answer{}
	}
	if fault != nil {
		return p.refusal(http.StatusBadRequest, fault)
	}
	if from == nil && !u.Positioned() {
		now := f.marks.now()
		c, times := now.times(p.topics())
		return p.answer(nil, now.cursor(c, times, now.alerts))
	}
	wait := u.Wait
	if r.AtOnce {
		wait = 0
	}
	return p.wait(ctx, wait, work)
}

// wait reads until there is something, or the time is over.
func (p *poll) wait(ctx context.Context, d time.Duration, work stream.Workers) stream.Answer {
	w := p.feed.marks.wait(p.topics()) // before reading, so that nothing is missed
	defer p.feed.marks.leave(w)
	timer := time.NewTimer(d)
	defer timer.Stop()
	for last := d <= 0; ; {
		var answer stream.Answer
		var err error
		found := false
		read := func(ctx context.Context) {
			if err = p.read(ctx); err == nil {
				if found = p.found(); found || last {
					answer = p.answer(p.messages(), p.mark.cursor(p.clock, p.times, p.alerts))
				}
			}
		}
		p.far = false
		done := work.Do(read)
		for done && err == errFar && ctx.Err() == nil {
			p.far = true
			done = work.Read(read)
		}
		if !done || err != nil && ctx.Err() != nil {
			return stream.Answer{}
		}
		switch {
		case err != nil:
			p.feed.log.Error("reading back for a poll failed", "err", err)
			return p.refusal(http.StatusInternalServerError, &wire.Error{Code: wire.QueryFailed, Message: "reading back failed"})
		case found || last:
			return answer
		}
		select {
		case <-ctx.Done():
			return stream.Answer{}
		case <-w.woken:
		case <-timer.C:
			last = true
		}
	}
}

// open finds the topics and where they are read from.
func (p *poll) open(ctx context.Context, v visit, u *wire.URL, from *cursor) *wire.Error {
	o := opening{visit: v}
	for i := range u.Subscriptions {
		r := &u.Subscriptions[i]
		tp, fault := p.feed.find(ctx, o.visit, r)
		if fault == nil {
			p.followers = append(p.followers, &follower{tp: tp})
			fault = o.take(tp, p.feed.o.MaxSubscriptions)
		}
		if fault != nil {
			p.feed.count.refuse(r.Kind, fault.Code)
			e := *fault // shared by all who waited for the same topic
			e.ID = r.ID
			return &e
		}
		p.followers[i].head, p.followers[i].pos = p.feed.begin(ctx, tp, r, from)
	}
	return nil
}

// close lets go of the topics.
func (p *poll) close() {
	for _, r := range p.followers {
		p.feed.unpin(r.tp)
	}
}

// topics returns their numbers, never nil.
func (p *poll) topics() []uint32 {
	ids := make([]uint32, len(p.followers))
	for i, r := range p.followers {
		ids[i] = r.tp.topic.ID()
	}
	return ids
}

// read reads up to the mark, or as much as goes into an answer. Those that are
// behind the others are read first, so that all get equally far.
func (p *poll) read(ctx context.Context) error {
	p.mark = p.feed.marks.now()
	c, whole := p.mark.times(p.topics())
	p.clock = c
	for {
		var err error
		if p.times, err = p.advance(ctx, false, whole); err != nil {
			return err
		}
		if p.alerts, err = p.advance(ctx, true, p.mark.alerts); err != nil {
			return err
		}
		if p.found() || p.times == whole && p.alerts == p.mark.alerts || ctx.Err() != nil {
			return ctx.Err()
		}
		p.budget += answerBytes // what has been read comes later than the cursor
	}
}

// advance reads the topics of one sort up to a position, and returns up to where
// all of them have been read.
func (p *poll) advance(ctx context.Context, alerts bool, to int64) (int64, error) {
	limit := p.limit
	for {
		var least *follower
		for _, r := range p.followers {
			if r.alerts() == alerts && (least == nil || r.pos < least.pos) {
				least = r
			}
		}
		switch {
		case least == nil || least.pos >= to:
			return to, nil
		case least.moved && p.size >= p.budget:
			return least.pos, nil
		}
		n, err := least.step(ctx, to, p.far)
		if err != nil {
			return 0, err
		}
		p.far = false // it is others' turn: those who read pages are few, and one may take long
		p.size += n
		if alerts {
			if end, full := p.full(limit); full {
				return end, nil
			}
		}
	}
}

// full says that the limit of alerts is reached at a position, up to which every
// topic has been read.
func (p *poll) full(limit int) (end int64, full bool) {
	low := int64(1<<63 - 1)
	var at []int64
	for _, r := range p.followers {
		if !r.alerts() {
			continue
		}
		low = min(low, r.pos)
		for _, piece := range r.pieces {
			at = append(at, piece.pos)
		}
	}
	return nth(at, limit, low)
}
