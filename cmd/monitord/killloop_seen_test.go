package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"monitord/stream/client"
	"monitord/stream/wire"
)

// A loopDelivery is what a hook was told, by its key.
type loopDelivery struct {
	hook, key, status, alert string
	seq                      uint64 // the highest
	repeat                   int
	parts                    string // "seq event alert;" of each
	body                     string
	times                    int
}

// A loopReceiver is the other end of webhooks: it takes the key down before it
// decides whether it takes the delivery.
type loopReceiver struct {
	*httptest.Server

	mu     sync.Mutex // guards the fields below
	r      *rand.Rand // nil: it takes everything
	calls  map[string]*loopDelivery
	taken  map[string]bool
	last   map[string]uint64 // the number that came last, by hook and alert
	faults []string
}

func newLoopReceiver(t *testing.T) *loopReceiver {
	h := &loopReceiver{calls: map[string]*loopDelivery{}, taken: map[string]bool{}, last: map[string]uint64{}}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

// failing makes it refuse, hang and answer late by chance; 0: no more.
func (h *loopReceiver) failing(seed uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.r = nil
	if seed != 0 {
		h.r = rand.New(rand.NewPCG(seed, 1))
	}
}

func (h *loopReceiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // killed while it sent
	}
	var body struct {
		Status string
		Alerts []struct {
			Labels map[string]string
		}
		Monitord struct {
			Repeat int
			Alerts []struct {
				Seq   uint64
				Event string
			}
		}
	}
	hook, key := strings.TrimPrefix(r.URL.Path, "/"), r.Header.Get("Idempotency-Key")
	if err := json.Unmarshal(raw, &body); err != nil || len(body.Alerts) == 0 || len(body.Alerts) != len(body.Monitord.Alerts) || len(body.Alerts) > 1 && hook != "grouped" {
		h.fault("%s: %v: %s", key, err, raw)
		return
	}
	got := loopDelivery{
		hook: hook, key: key, status: body.Status, alert: body.Alerts[0].Labels["alertname"], repeat: body.Monitord.Repeat, body: string(raw),
	}
	var of []string
	for i, a := range body.Monitord.Alerts {
		of = append(of, fmt.Sprint(hook, " ", body.Alerts[i].Labels)) // Sprint orders maps
		got.seq = max(got.seq, a.Seq)
		got.parts += fmt.Sprintf("%d %s %s;", a.Seq, a.Event, body.Alerts[i].Labels["alertname"])
	}
	switch h.note(got, of) {
	case refuse:
		w.WriteHeader(http.StatusServiceUnavailable)
	case hang:
		select {
		case <-r.Context().Done():
		case <-time.After(2 * time.Second):
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	case late: // it has been done, and whoever asked may be gone
		<-time.After(200 * time.Millisecond)
	}
}

type answer int

const (
	take answer = iota
	refuse
	hang
	late
)

// note takes down what is told of which alerts, in this order.
func (h *loopReceiver) note(d loopDelivery, of []string) answer {
	h.mu.Lock()
	defer h.mu.Unlock()
	if before := h.calls[d.key]; before != nil {
		before.times++
		d.times = before.times
		if *before != d {
			h.faults = append(h.faults, fmt.Sprintf("under one key %+v, then %+v", *before, d))
		}
	} else {
		d.times = 1
		h.calls[d.key] = &d
		h.inOrder(d, of)
	}
	if h.r != nil {
		if n := h.r.IntN(20); d.hook == "flaky" && n < 5 {
			return []answer{refuse, refuse, refuse, refuse, hang}[n]
		} else if (d.hook == "grouped" || d.hook == "again") && n < 2 {
			return refuse
		} else if n == 19 {
			h.taken[d.key] = true
			return late
		}
	}
	h.taken[d.key] = true
	return take
}

// inOrder: what is told for the first time is behind what was told of the same alert
// before, or says it again.
func (h *loopReceiver) inOrder(d loopDelivery, of []string) {
	for i, part := range strings.Split(strings.TrimSuffix(d.parts, ";"), ";") {
		seq, err := strconv.ParseUint(strings.Fields(part)[0], 10, 64)
		if before := h.last[of[i]]; err != nil || seq < before || seq == before && d.repeat == 0 {
			h.faults = append(h.faults, fmt.Sprintf("%s: %q comes after %d, %s", d.key, part, before, of[i]))
		}
		h.last[of[i]] = seq
	}
}

func (h *loopReceiver) fault(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, fmt.Sprintf(format, args...))
}

// comparable says whether it was told again of what goes on, and of several in one.
func (h *loopReceiver) comparable() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	repeated, grouped := false, false
	for _, d := range h.calls {
		repeated, grouped = repeated || d.repeat > 0, grouped || strings.Count(d.parts, ";") > 1
	}
	return repeated && grouped
}

// told returns every delivery that was tried, and whether it was taken.
func (h *loopReceiver) told() *loopBook {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &loopBook{calls: h.calls, taken: h.taken, faults: h.faults}
}

// A loopBook is what hooks were told.
type loopBook struct {
	calls  map[string]*loopDelivery
	taken  map[string]bool
	faults []string
}

// scriptTold reads what the script wrote down: number, status, alert. What comes for
// the first time comes in order, for each alert; of a group there are several.
func scriptTold(t *testing.T, path string) map[uint64]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, last := map[uint64]string{}, map[string]uint64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var seq uint64
		var status, name string
		if _, err := fmt.Sscan(lines.Text(), &seq, &status, &name); err != nil {
			t.Errorf("the script was told %q: %v", lines.Text(), err)
			continue
		}
		what := status + " " + name
		before, again := all[seq]
		if again && before != what {
			t.Errorf("the script was told %q for %d, and %q before", what, seq, before)
		}
		if !again && seq < last[name] && !strings.HasPrefix(name, "Group") {
			t.Errorf("the script was told of %d, %s, after %d", seq, what, last[name])
		}
		all[seq], last[name] = what, max(last[name], seq)
	}
	return all
}

// A loopReader follows the alerts over connections and daemons.
type loopReader struct {
	socket string
	after  uint64
	epoch  string
	seen   map[uint64]string
	live   int // connections
	loose  int // events without a number
}

func (l *loopReader) run(ctx context.Context, t *testing.T) {
	for ctx.Err() == nil {
		conn, err := client.Dial(ctx, client.Options{URL: "unix:" + l.socket})
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond): // the daemon is down
			}
			continue
		}
		end := context.AfterFunc(ctx, func() { conn.Close() })
		l.live++
		if err := l.follow(conn); err != nil {
			t.Errorf("the client: %v", err)
		}
		end()
		conn.Close()
	}
}

// follow returns what must not be.
func (l *loopReader) follow(conn *client.Conn) error {
	if err := conn.Send(wire.Request{
		Op: wire.OpSubscribe, ID: "a", Kind: wire.KindAlerts, HasAfter: true, After: l.after, Epoch: l.epoch,
	}); err != nil {
		return nil
	}
	for {
		m, err := conn.Read()
		if err != nil {
			return nil // the daemon has gone
		}
		switch m := m.(type) {
		case *wire.Hello:
			if l.epoch != "" && m.Epoch != l.epoch {
				return fmt.Errorf("the epoch was %s, is %s", l.epoch, m.Epoch)
			}
			if m.Seq < l.after {
				return fmt.Errorf("the journal ends at %d, and %d was seen", m.Seq, l.after)
			}
			l.epoch = m.Epoch
		case *wire.Gap:
			return fmt.Errorf("gap %+v", m)
		case *wire.Error:
			return fmt.Errorf("error %+v", m)
		case *wire.Event:
			if m.NotDurable {
				l.loose++
				continue
			}
			if m.Seq != l.after+1 {
				return fmt.Errorf("the event %d after %d", m.Seq, l.after)
			}
			l.after = m.Seq
			l.seen[m.Seq] = fmt.Sprint(m.Event, " ", m.T, " ", m.Alert.Fingerprint, " ", m.Alert.ActiveAt.UnixMilli(), " ", millis(m.Alert.StartsAt))
		}
	}
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
