package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"monitord/stream/client"
	"monitord/stream/wire"
)

// Readers subscribe at random moments, from random times and numbers, leave and
// come again, some of them slowly, while the daemon is killed and started again:
// each sees every tick and every event once, or a gap that names what is missing;
// what one saw live another sees in its replay; and nothing that anybody saw is
// ever said not to have been taken.
func TestNothingIsLostAtRandom(t *testing.T) {
	t.Parallel()
	config := "[collectors.filesystem]\ninterval = \"1s\"\n[collectors.network]\nlink_interval = \"1s\"\n"
	for i := range 8 {
		config += fmt.Sprintf("[[alerts.rules]]\nname = \"Blinks%d\"\nexpr = \"vector(time()) %% %d < 1\"\n", i, 2+i%3)
	}
	dir := daemonDir(t, config)
	run, err := os.MkdirTemp("", "monitord") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	start := func() *testDaemon { return startDaemon(t, dir, "RUNTIME_DIRECTORY="+run) }
	d := start()

	ctx, cancel := context.WithCancel(t.Context())
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	seen := &witness{values: make(map[string]string), ticks: make(map[int64]bool)}
	var readers sync.WaitGroup
	for i := range 16 {
		f := &follower{
			t: t, seen: seen, r: rand.New(rand.NewPCG(seed, uint64(i))), slow: i%4 == 3,
			options: client.Options{URL: "unix:" + run + "/monitord.sock"},
		}
		readers.Go(func() { f.run(ctx) })
	}
	for n, began := 0, time.Now(); time.Since(began) < atRandom || !seen.enough() && time.Since(began) < atRandom+patience; n++ {
		<-time.After(5 * time.Second)
		if n%3 == 2 {
			d.signal(os.Interrupt)
			<-d.exited
		} else {
			d.kill()
		}
		d = start()
	}
	cancel()
	readers.Wait()
	seen.check(t)
}

// A follower is one client after the other.
type follower struct {
	t       *testing.T
	seen    *witness
	r       *rand.Rand
	slow    bool
	options client.Options
}

// followed always have something to say at a tick that is due.
var followed = []wire.Request{
	{Kind: wire.KindSamples, Expr: "up"},
	{Kind: wire.KindSamples, Expr: `{__name__=~"node_load1|node_memory_MemFree_bytes"}`, Every: 2 * time.Second},
	{Kind: wire.KindSamples, Expr: ""},
	{Kind: wire.KindQuery, Expr: "time()"},
	{Kind: wire.KindQuery, Expr: "sum by (mode) (node_cpu_seconds_total) or vector(0)"},
	{Kind: wire.KindQuery, Expr: "max_over_time(node_load1[5s]) + 0", Every: 3 * time.Second},
	{Kind: wire.KindQuery, Expr: "count(node_memory_MemFree_bytes) or vector(0)"},
}

// run connects, follows for a while, and comes again.
func (f *follower) run(ctx context.Context) {
	var c *course // goes on over connections now and then
	for ctx.Err() == nil && !f.t.Failed() {
		f.seen.mu.Lock()
		before := f.seen.newest
		f.seen.mu.Unlock()
		conn, err := client.Dial(ctx, f.options)
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond): // the daemon is down
			}
			continue
		}
		if c == nil || f.r.IntN(2) == 0 {
			c = f.begin()
		}
		stay, leave := context.WithTimeout(ctx, time.Duration(f.r.IntN(3000))*time.Millisecond)
		end := context.AfterFunc(stay, func() { conn.Close() })
		if err := f.follow(conn, c, before); err != nil {
			f.t.Errorf("%s: %v", c, err)
		}
		end()
		leave()
		conn.Close()
	}
}

// follow takes what comes until the connection ends; an error is what must not be.
// Somebody had seen an event with the number before when it was made.
func (f *follower) follow(conn *client.Conn, c *course, before uint64) error {
	c.sub, c.columns = 0, nil
	hello, err := conn.Read()
	if err != nil {
		return nil
	}
	greeting, ok := hello.(*wire.Hello)
	if !ok {
		return fmt.Errorf("greeted with %+v", hello)
	}
	if err := f.seen.journal(greeting, before); err != nil {
		return err
	}
	if greeting.T == 0 {
		return nil // before the first tick there is nothing to miss
	}
	c.aim(f.r, greeting)
	if conn.Send(c.request()) != nil {
		return nil
	}
	f.seen.mu.Lock()
	f.seen.resumed++
	f.seen.mu.Unlock()
	for {
		m, err := conn.Read()
		if err != nil {
			return nil // it ended: this or that way
		}
		if err := f.take(c, m); err != nil {
			return err
		}
		if f.slow && f.r.IntN(10) == 0 {
			<-time.After(time.Duration(f.r.IntN(200)) * time.Millisecond)
		}
		if c.sub != 0 && !c.leaving && f.r.IntN(20) == 0 {
			if conn.Send(wire.Request{Op: wire.OpUnsubscribe, ID: c.ask.ID}) != nil {
				return nil
			}
			c.leaving = true
		}
		if _, left := m.(*wire.Unsubscribed); left && conn.Send(c.request()) != nil {
			return nil
		}
	}
}

var errTwice = errors.New("answered twice")

func (f *follower) take(c *course, m wire.Message) error {
	switch m := m.(type) {
	case *wire.Subscribed:
		if c.sub != 0 {
			return errTwice
		}
		c.sub, c.columns, c.began = m.Sub, nil, true
	case *wire.Unsubscribed:
		if !c.leaving || m.Sub != c.sub {
			return fmt.Errorf("unexpected: %+v", m)
		}
		c.sub, c.leaving = 0, false
	case *wire.Error:
		if m.Sub == c.sub && m.T == c.next && tookTooLong(m) {
			c.next, c.began = m.T+c.every(), false
			return nil
		}
		return fmt.Errorf("error %s: %s", m.Code, m.Message)
	case *wire.Series:
		c.columns, c.rev = m.Series, m.Rev
	case *wire.Samples:
		return f.samples(c, m)
	case *wire.Gap:
		return f.gap(c, m)
	case *wire.Event:
		return f.event(c, m)
	}
	return nil
}

func (f *follower) samples(c *course, m *wire.Samples) error {
	switch {
	case m.Sub != c.sub:
		return fmt.Errorf("samples of %d", m.Sub)
	case m.Rev != c.rev || len(m.V) != len(c.columns):
		return fmt.Errorf("at %d: %d values of rev %d after %d columns of rev %d", m.T, len(m.V), m.Rev, len(c.columns), c.rev)
	case m.T != c.next:
		return fmt.Errorf("got %d, want %d", m.T, c.next)
	}
	c.next, c.began = m.T+c.every(), false
	values := make(map[string]string, len(m.V))
	for i, v := range m.V {
		if !wire.IsNone(v) {
			values[fmt.Sprint(c.columns[i])] = string(wire.AppendFloat(nil, v))
		}
	}
	f.seen.same(c.String(), m.T, fmt.Sprint(values)) // Sprint orders maps
	f.seen.mu.Lock()
	defer f.seen.mu.Unlock()
	f.seen.samples++
	f.seen.ticks[m.T] = true
	return nil
}

func (f *follower) gap(c *course, m *wire.Gap) error {
	if c.ask.Kind == wire.KindAlerts || m.Sub != c.sub {
		return fmt.Errorf("gap %+v", m)
	}
	// Live messages are the same for everybody: to who asked for a time that was
	// still to come, a gap may name times before it.
	begins := m.From == c.next || c.began && m.From < c.next && m.To >= c.next
	c.began = false
	if n := (m.To-m.From)/c.every() + 1; !begins || m.To < m.From || m.Missed != n {
		return fmt.Errorf("gap %+v, want one from %d", m, c.next)
	}
	c.next, c.columns = m.To+c.every(), nil
	switch {
	case m.Reason == wire.Down:
		f.seen.mu.Lock()
		f.seen.down = append(f.seen.down, *m)
		f.seen.mu.Unlock()
	case m.Reason != wire.Slow || !f.slow:
		return fmt.Errorf("gap %+v", m)
	}
	return nil
}

func (f *follower) event(c *course, m *wire.Event) error {
	if m.NotDurable {
		return nil
	}
	if m.Seq != c.after+1 {
		return fmt.Errorf("got the event %d after %d", m.Seq, c.after)
	}
	c.after = m.Seq
	f.seen.same("event", int64(m.Seq), fmt.Sprint(m.T, m.Event, m.Alert.Labels, m.Alert.StartsAt.UnixMilli()))
	f.seen.mu.Lock()
	defer f.seen.mu.Unlock()
	f.seen.events++
	f.seen.newest = max(f.seen.newest, m.Seq)
	return nil
}
