package stream

import (
	"compress/gzip"
	"context"
	"net/http"
	"strconv"
	"time"
)

// A Poller is a [Handler] that also answers requests one by one, from the same
// topics. Poll is called in the goroutine of the request and may wait: until ctx
// ends, because the client has gone or the engine ends. Everything that takes
// processor time or reads storage is to be done by w.
type Poller interface {
	Handler
	Poll(ctx context.Context, r *Request, w Workers) Answer
}

// Workers call functions for who waits for them meanwhile. They say false if the
// engine has ended before, or the function panicked.
type Workers struct{ e *Engine }

// Do has a worker call f as it would call the handler.
func (w Workers) Do(f func(context.Context)) bool { return w.e.tryDo(w.e.pool.add, f) }

// Read has one call f as it would call a Source: what takes long keeps nobody
// waiting but others who read.
func (w Workers) Read(f func(context.Context)) bool { return w.e.tryDo(w.e.pool.addPage, f) }

// MaxWait is how long a poll may wait.
const MaxWait = 5 * time.Minute

// An Answer to a poll. The zero value is none: the client has gone, or the engine
// ends, which then says so.
type Answer struct {
	Status int // of HTTP
	Type   string
	Body   []byte
}

// servePoll lets the handler answer. A poll that waits is a goroutine of net/http,
// and counts as a connection.
func (e *Engine) servePoll(w http.ResponseWriter, r *http.Request, p Poller) {
	remote := remoteAddr(r.RemoteAddr)
	ticket, ok := e.admit(w, remote)
	if !ok {
		return
	}
	defer e.door.leave(ticket)
	e.polling.Add(1)
	defer e.polling.Add(-1)

	// The server's own time limits are for answers that come at once. Where they
	// cannot be set, they end the poll.
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{})
	_ = rc.SetWriteDeadline(time.Now().Add(MaxWait + writeTime))
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(e.life, cancel)()

	a := p.Poll(ctx, &Request{
		Conn: Conn{Client: e.door.address(ticket)}, Transport: Polling, Query: r.URL.RawQuery, LastEventID: r.Header.Get("Last-Event-ID"),
		Accept: r.Header["Accept"], AtOnce: r.Method == http.MethodHead,
		Remote: remote, UserAgent: cutUTF8(r.UserAgent(), 256),
	}, Workers{e})
	if r.Context().Err() != nil {
		return
	}
	if a.Status == 0 && e.life.Err() == nil {
		http.Error(w, "internal error", http.StatusInternalServerError) // logged where it arose
		return
	}
	if a.Status == 0 {
		e.comeBack(w)
		e.refuse(w, refusedClosing, http.StatusServiceUnavailable, "shutting down")
		return
	}
	_ = rc.SetWriteDeadline(time.Now().Add(writeTime))
	e.polls.Add(1)
	e.answerPoll(w, r, a)
}

// writeTime is how long a client may take to take an answer.
const writeTime = 30 * time.Second

// smallAnswer is up to how many bytes an answer is left as it is.
const smallAnswer = 1 << 10

func (e *Engine) answerPoll(w http.ResponseWriter, r *http.Request, a Answer) {
	h := w.Header()
	h.Set("Content-Type", a.Type)
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept, Accept-Encoding")
	if a.Status != http.StatusOK {
		e.refused[refusedRequest].Add(1)
	}
	if len(a.Body) <= smallAnswer || quality(r.Header["Accept-Encoding"], "gzip") == 0 {
		h.Set("Content-Length", strconv.Itoa(len(a.Body)))
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body) // a client that is gone needs no answer
		return
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(a.Status)
	if r.Method == http.MethodHead {
		return
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err == nil {
		_, _ = z.Write(a.Body)
		_ = z.Close()
	}
}

// tryDo is do for what may panic, which then came to nothing.
func (e *Engine) tryDo(add func(job), f func(context.Context)) bool {
	fine := false
	done := e.do(add, func(ctx context.Context) {
		e.guard(new(Turn), "poll", func() { f(ctx); fine = true })
	})
	return done && fine
}
