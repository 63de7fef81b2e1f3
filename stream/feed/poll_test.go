package feed

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"monitord/alerts"
	"monitord/stream"
	"monitord/stream/wire"
)

type answer struct {
	status   int
	header   http.Header
	body     []byte
	cursor   string
	messages []string
}

// poll asks once. What is not "at once" is asked again while the engine starts.
func (w *world) poll(query string, header ...string) answer {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		a, err := w.ask(query, header...)
		if err != nil {
			w.t.Fatal(err)
		}
		if a.status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			return a
		}
	}
}

func (w *world) ask(query string, header ...string) (answer, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+w.addr+"/api/v1/stream?"+query, nil)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		return a, err
	}
	var m struct {
		Cursor   string
		Messages []json.RawMessage
	}
	if res.Header.Get("Content-Type") == jsonType && res.Header.Get("Content-Encoding") == "" {
		if err := json.Unmarshal(a.body, &m); err != nil {
			return a, fmt.Errorf("%s: %w", a.body, err)
		}
	}
	a.cursor = m.Cursor
	for _, text := range m.Messages {
		a.messages = append(a.messages, string(text))
	}
	return a, nil
}

func (a *answer) want(t *testing.T, messages ...string) {
	t.Helper()
	if a.status != 200 || a.cursor == "" || len(a.messages) != len(messages) {
		t.Fatalf("%d %s, want %d messages", a.status, a.body, len(messages))
	}
	for i, want := range messages {
		if a.messages[i] != want {
			t.Fatalf("%d: got  %s\nwant %s", i, a.messages[i], want)
		}
	}
}

func sampleAt(t int64, v int) string {
	return fmt.Sprintf(`{"op":"samples","sub":1,"rev":1,"t":%d,"v":[%d]}`, t, v)
}

func TestPoll(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "m 1")
	subscribed := func(t int64) string {
		return fmt.Sprintf(`{"op":"subscribed","id":"samples=m","sub":1,"t":%d}`, t)
	}
	const series = `{"op":"series","sub":1,"rev":1,"series":[{"__name__":"m"}]}`

	t.Log("without a position: the cursor of now, at once")
	a := w.poll("samples=m&wait=5m")
	a.want(t)
	if got := string(a.body); !strings.HasSuffix(got, `,"messages":[]}`) {
		t.Error(got)
	}
	if h := a.header; h.Get("Content-Type") != jsonType || h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Vary"), "Accept") {
		t.Errorf("%v", h)
	}
	b := w.poll("samples=m&cursor=" + a.cursor)
	b.want(t)

	t.Log("what came since, from the ring")
	w.tick(begin+1000, "m 2")
	w.tick(begin+2000, "m 3")
	b = w.poll("samples=m&cursor=" + a.cursor)
	b.want(t, subscribed(begin+2000), series, sampleAt(begin+1000, 2), sampleAt(begin+2000, 3))

	t.Log("and from the history, after the ring has moved on")
	for n := int64(3); n < 50; n++ {
		w.tick(begin+n*1000, "m 1")
	}
	c := w.poll("samples=m&wait=30s&from=1&cursor=" + a.cursor) // a cursor goes before from
	if len(c.messages) != 2+49 || c.messages[1] != series || c.messages[2] != sampleAt(begin+1000, 2) || c.messages[50] != sampleAt(begin+49000, 1) {
		t.Fatalf("%s", c.body)
	}

	t.Log("the header goes before the URL")
	d := w.poll("samples=m&cursor="+a.cursor, "Last-Event-ID", c.cursor)
	d.want(t)

	t.Log("waiting ends with the first message")
	var waited sync.WaitGroup
	waited.Go(func() { d = w.poll("samples=m&wait=5m&cursor=" + c.cursor) })
	eventually(t, "it waits", func() bool { return w.feed.marks.waiting() == 1 })
	w.fire("A", "page", alerts.KindFiring) // not its affair
	w.tick(begin+50000, "other 1")
	w.tick(begin+51000, "m 5")
	waited.Wait()
	d.want(t, subscribed(begin+49000), series, sampleAt(begin+51000, 5)) // begun then
	eventually(t, "it has left", func() bool { return w.feed.marks.waiting() == 0 })

	t.Log("or with the time")
	d = w.poll("samples=m&wait=10ms&cursor=" + d.cursor)
	d.want(t)

	t.Log("from")
	d = w.poll("samples=m&from=-1s")
	d.want(t, subscribed(begin+51000), series, sampleAt(begin+51000, 5))
}

func TestPollEncodings(t *testing.T) {
	w := newWorld(t)
	for n := int64(0); n < 40; n++ {
		w.tick(begin+n*1000, "m 1")
	}
	plain := w.poll("samples=m&from=-1h")
	if plain.status != 200 || len(plain.messages) < 41 {
		t.Fatalf("%d %s", plain.status, plain.body)
	}
	a := w.poll("samples=m&from=-1h", "Accept", "application/cbor")
	var m struct {
		Cursor   string           `cbor:"cursor"`
		Messages []map[string]any `cbor:"messages"`
	}
	if err := cbor.Unmarshal(a.body, &m); err != nil || a.header.Get("Content-Type") != cborType || m.Cursor != plain.cursor || len(m.Messages) != len(plain.messages) {
		t.Fatalf("%v: %v %+v", err, a.header, m)
	}
	for accept, want := range map[string]string{
		"": jsonType, "*/*": jsonType, "application/json": jsonType, "text/html,*/*;q=0.8": jsonType,
		"application/json;q=0.5, application/cbor": cborType, "application/cbor;q=0": jsonType,
		"application/cbor;q=0.9,application/json": jsonType, "Application/CBOR": cborType,
	} {
		if a := w.poll("samples=m", "Accept", accept); a.header.Get("Content-Type") != want {
			t.Errorf("%q: %s", accept, a.header.Get("Content-Type"))
		}
	}
	if a = w.poll("samples=m&from=-1h", "Accept-Encoding", "gzip"); a.header.Get("Content-Encoding") != "gzip" || len(a.body) > len(plain.body)/2 {
		t.Errorf("%v, %d bytes of %d", a.header, len(a.body), len(plain.body))
	}
}

func TestPollRefused(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "m 1")
	good := w.poll("samples=m").cursor
	forged := []byte(good)
	forged[8]++
	for query, want := range map[string]string{
		"samples=m{":                       `"id":"samples=m{","code":"bad_selector"`,
		"query=sum(":                       `"code":"bad_query"`,
		"samples=m&every=1ms":              `"code":"bad_time"`,
		"samples=m&wait=6m":                `"code":"bad_time"`,
		"samples=m&limit=x":                `"code":"bad_message"`,
		"samples=m&smaples=a":              `"code":"bad_message"`,
		"samples=m&samples={__name__='m'}": `"code":"duplicate"`,
		"samples=a&samples=b&samples=c&samples=d&samples=e": `"id":"samples=e","code":"too_many"`,
		"samples=m&cursor=x":                 `"code":"bad_message","message":"the cursor`,
		"samples=m&cursor=" + string(forged): `"code":"bad_message","message":"the cursor`,
	} {
		query, _, _ = strings.Cut(strings.ReplaceAll(query, "{", "%7B"), "\x00")
		for _, accept := range []string{"application/json", "text/event-stream"} {
			a := w.poll(query, "Accept", accept)
			if a.status != 400 || a.header.Get("Content-Type") != jsonType || !strings.HasPrefix(string(a.body), `{"op":"error",`) || !strings.Contains(string(a.body), want) {
				t.Errorf("%s as %s: %d %s", query, accept, a.status, a.body)
			}
		}
	}
	if a := w.poll("query=", "Accept", cborType); a.status != 400 || a.header.Get("Content-Type") != cborType {
		t.Errorf("%d %v", a.status, a.header)
	}
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	for k, tp := range w.feed.topics {
		if tp.pins != 0 || tp.topic.Followers() != 0 {
			t.Errorf("%v is held", k)
		}
	}
}

// Who reads far back leaves the workers to others after each page.
func TestPollReadsOnePageAtATime(t *testing.T) {
	const ticks = 600
	w := newWorld(t)
	for n := int64(0); n < ticks; n++ {
		w.tick(begin+n*1000, "m 1")
	}
	ctx := t.Context()
	u, _ := wire.ParseURL("samples=m&from=-1h")
	p := &poll{feed: w.feed, limit: answerAlerts, budget: answerBytes}
	defer p.close()
	if fault := p.open(ctx, w.feed.visit(stream.Conn{}), &u, nil); fault != nil {
		t.Fatal(fault)
	}
	pages := 0
	for p.read(ctx) == errFar {
		p.far = true
		pages++
	}
	if made := w.feed.Stats().PagesMade; pages < ticks/maxPageTicks || made != uint64(pages) || !p.found() {
		t.Errorf("%d pages in %d turns", made, pages)
	}
}

func TestPollPagesThroughTheJournal(t *testing.T) {
	const events = 1234
	w := newWorld(t)
	for range events / 2 {
		w.fire("A", "page", alerts.KindFiring)
		w.fire("B", "info", alerts.KindFiring)
	}
	eventually(t, "told", func() bool { return eventNumber(w.feed.marks.now().alerts) == events })
	for query, c := range map[string]struct{ limit, step int }{
		"alerts=": {500, 1}, `alerts=%7Bseverity="page"%7D`: {7, 2}, "alerts=&alerts=%7Bseverity=~%22.*%22%7D": {1000, 1},
	} {
		want, cursor, sub := uint64(1), "", uint32(0) // the other is the same
		for pages := 0; ; pages++ {
			a := w.poll(fmt.Sprintf("%s&after=0&wait=0&limit=%d%s", query, c.limit, cursor))
			n := 0
			for _, text := range a.messages {
				m, err := wire.Decode([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				if s, ok := m.(*wire.Subscribed); ok && sub == 0 {
					sub = s.Sub
				}
				if e, ok := m.(*wire.Event); ok && e.Sub == sub {
					n++
					if e.Seq != want {
						t.Fatalf("%s: %d, want %d", query, e.Seq, want)
					}
					want += uint64(c.step)
				}
			}
			if n > c.limit {
				t.Errorf("%s: %d at once", query, n)
			}
			if len(a.messages) == 0 {
				break
			}
			cursor = "&cursor=" + a.cursor
		}
		if want <= events {
			t.Errorf("%s: ended before %d", query, want)
		}
	}
}

// Pollers and streams of events that come and go, with restarts between: nothing
// is missing, and nothing comes again but what came since the last cursor, and the
// one tick that may come again after a resume.
func TestNoSeamInCursors(t *testing.T) {
	const (
		ticks = 240
		each  = 6
	)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newWorld(t)
	w.tick(begin, "m{1} 0", "m{2} 1")
	end := begin + ticks*1000
	var addr sync.Map
	addr.Store(0, w.addr)
	var done sync.WaitGroup
	for i := range each {
		query := followed[i%4]
		for k, step := range []func(*world, *sequel, int64, *rand.Rand) error{pollOnce, eventsOnce, either} {
			at := &sequel{query: query, every: 1000}
			if query == "samples=m&every=3s" {
				at.every = 3000
			}
			start := w.poll(query)
			at.cursor, at.next, at.sure = start.cursor, begin+at.every-begin%at.every, begin
			done.Go(func() {
				r := rand.New(rand.NewPCG(seed, uint64(3*i+k)))
				for at.next <= end-3000 {
					a, _ := addr.Load(0)
					here := &world{t: t, addr: a.(string)}
					if err := step(here, at, end, r); err != nil {
						t.Errorf("%s: %v", query, err)
						return
					}
				}
			})
		}
	}
	r := rand.New(rand.NewPCG(seed, each))
	pace := w.connect("")
	for n := int64(1); n <= ticks; n++ {
		pace.quiet()
		w.tick(begin+n*1000, "m{1} "+strconv.FormatInt(n, 10), "m{2} 1")
		if n%80 == 0 {
			w.start()
			pace = w.connect("")
			addr.Store(0, w.addr)
		}
		if r.IntN(3) == 0 {
			w.poll("samples=m&from=-5s")
		}
	}
	done.Wait()
}

// A sequel is what a client knows between two requests.
type sequel struct {
	query  string
	every  int64
	cursor string
	next   int64 // the time that comes next
	sure   int64 // the last time before the cursor
	fresh  bool  // nothing has come since the resume
}

// take looks at what came since the cursor.
func (q *sequel) take(text string) error {
	m, err := wire.Decode([]byte(text))
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	switch m := m.(type) {
	case *wire.Samples:
		again := q.fresh && m.T == q.sure
		q.fresh = false
		if again {
			return nil
		}
		if m.T != q.next {
			return fmt.Errorf("got %d, want %d, after %d", m.T-begin, q.next-begin, q.sure-begin)
		}
		q.next = m.T + q.every
	case *wire.Gap:
		if m.From != q.next || m.Reason != wire.Slow {
			return fmt.Errorf("got %+v, want %d", m, q.next-begin)
		}
		q.next = m.To + q.every
	case *wire.Error:
		return m
	}
	return nil
}

// keep notes a cursor. Under load it may be of a tick before the newest that was
// sent, since it waits for the latest query of all; what it says of the past must
// have been sent, and only what is behind it comes again.
func (q *sequel) keep(cursor string) error {
	k, err := parseCursor(cursor)
	if err != nil {
		return err
	}
	whole := k.t - k.t%q.every
	if whole >= q.next {
		return fmt.Errorf("a cursor at %d, though %d has not come", k.t-begin, q.next-begin)
	}
	q.cursor, q.sure = cursor, max(min(q.next-q.every, whole), q.sure)
	return nil
}

func pollOnce(w *world, q *sequel, _ int64, r *rand.Rand) error {
	a, err := w.ask(q.query + "&wait=" + []string{"0", "20ms", "1s"}[r.IntN(3)] + "&cursor=" + q.cursor)
	if err != nil || a.status == http.StatusServiceUnavailable {
		return nil // it starts again
	}
	if a.status != 200 {
		return fmt.Errorf("%d %s", a.status, a.body)
	}
	q.next, q.fresh = q.sure+q.every, true
	for i, text := range a.messages {
		if i == 0 && !strings.HasPrefix(text, `{"op":"subscribed"`) || i == 1 && strings.HasPrefix(text, `{"op":"samples"`) {
			return fmt.Errorf("an answer begins with %s", a.body)
		}
		if err := q.take(text); err != nil {
			return err
		}
	}
	return q.keep(a.cursor)
}

func eventsOnce(w *world, q *sequel, end int64, r *rand.Rand) error {
	e := openEvents(w, q.query, q.cursor)
	if e == nil {
		return nil
	}
	defer e.close()
	q.next, q.fresh = q.sure+q.every, true
	n := r.IntN(40)
	if r.IntN(2) == 0 {
		n = 1000 // up to where there is a cursor again
	}
	for ; n > 0 && q.next <= end-3000; n-- {
		data, id, err := e.next(time.Second)
		switch {
		case err != nil:
			return nil
		case id != "":
			if err := q.keep(id); err != nil {
				return err
			}
		case data != "":
			if err := q.take(data); err != nil {
				return err
			}
		}
	}
	return nil
}

func either(w *world, q *sequel, end int64, r *rand.Rand) error {
	if r.IntN(2) == 0 {
		return pollOnce(w, q, end, r)
	}
	return eventsOnce(w, q, end, r)
}

func TestBoundsAgree(t *testing.T) {
	if wire.MaxWait != stream.MaxWait {
		t.Error("the URL allows another wait than the engine")
	}
	if u := (&url.URL{RawQuery: "cursor=" + (&cursor{epoch: strings.Repeat("x", 64), seq: maxCursorSeq - 1, t: maxCursorTime - 1}).String()}); u.Query().Get("cursor") != u.RawQuery[7:] {
		t.Error("a cursor needs encoding")
	}
}
