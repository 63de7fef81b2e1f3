package stream

import "sync"

// rewritten keeps pages of replays in the variants that were asked for, so that
// many who resume together in one of them cost one. A page is known by the memory
// of its messages: a [Source] that keeps pages gives the same ones again. What was
// made first goes first, when the pages and what they were made of exceed the
// bound. The zero value is empty; it is safe for concurrent use.
type rewritten struct {
	mu    sync.Mutex // guards the fields below
	pages []rewrittenPage
	bytes int
}

type rewrittenPage struct {
	messages [][]byte
	variant  variant
	frame    []byte
	bytes    int
}

const (
	maxRewritten     = 4 << 20
	maxRewrittenPage = 1 << 20
)

// frames returns the messages of a page, framed. Plain ones are not kept: they
// take no more than copying.
func (r *rewritten) frames(f form, messages [][]byte) []byte {
	if f.variant == bare || len(messages) == 0 {
		return f.frames(messages)
	}
	r.mu.Lock()
	for i := range r.pages {
		p := &r.pages[i]
		if p.variant == f.variant && len(p.messages) == len(messages) && &p.messages[0] == &messages[0] {
			defer r.mu.Unlock()
			return p.frame
		}
	}
	r.mu.Unlock()
	p := rewrittenPage{messages: messages, variant: f.variant, frame: f.frames(messages)}
	p.bytes = cap(p.frame)
	for _, m := range messages {
		p.bytes += cap(m)
	}
	if p.bytes <= maxRewrittenPage {
		r.keep(p)
	}
	return p.frame
}

func (r *rewritten) keep(p rewrittenPage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes += p.bytes
	n := 0
	for r.bytes > maxRewritten {
		r.bytes -= r.pages[n].bytes
		n++
	}
	kept := copy(r.pages, r.pages[n:])
	clear(r.pages[kept:])
	r.pages = append(r.pages[:kept], p)
}
