package main

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/stream/client"
	"monitord/stream/wire"
)

// A loopPicture is what a subscription without a position began with: the latest
// event of every active alert, by fingerprint, as of a number.
type loopPicture struct {
	seq    uint64
	active map[string]uint64
	whole  bool // something came behind it
}

// A loopPainter asks for what is active again and again, over daemons.
type loopPainter struct {
	socket   string
	pictures []loopPicture
}

func (l *loopPainter) run(ctx context.Context, t *testing.T) {
	for ctx.Err() == nil {
		conn, err := client.Dial(ctx, client.Options{URL: "unix:" + l.socket})
		if err == nil {
			end := context.AfterFunc(ctx, func() { conn.Close() })
			if err := l.paint(conn); err != nil {
				t.Errorf("what is active: %v", err)
			}
			end()
			conn.Close()
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond): // the daemon is down
		}
	}
}

// paint returns what must not be.
func (l *loopPainter) paint(conn *client.Conn) error {
	if conn.Send(wire.Request{Op: wire.OpSubscribe, ID: "a", Kind: wire.KindAlerts}) != nil {
		return nil
	}
	p := loopPicture{active: map[string]uint64{}}
	defer func() {
		if p.seq > 0 {
			l.pictures = append(l.pictures, p)
		}
	}()
	for {
		m, err := conn.Read()
		if err != nil {
			return nil // the daemon has gone
		}
		switch m := m.(type) {
		case *wire.Subscribed:
			p.seq = m.Seq
		case *wire.Error, *wire.Gap:
			return fmt.Errorf("%+v", m)
		case *wire.Event:
			switch {
			case m.NotDurable:
			case !m.Current && m.Seq != p.seq+1:
				return fmt.Errorf("the event %d after what is active at %d", m.Seq, p.seq)
			case !m.Current:
				p.whole = true
				return nil
			case m.Seq > p.seq || p.active[m.Alert.Fingerprint] != 0:
				return fmt.Errorf("%s %d, active at %d; of the same alert %d", m.Event, m.Seq, p.seq, p.active[m.Alert.Fingerprint])
			default:
				p.active[m.Alert.Fingerprint] = m.Seq
			}
		}
	}
}

// checkPictures: each is what the journal says, no more and, if it came to its end,
// no less.
func checkPictures(t *testing.T, events []alerts.Event, pictures []loopPicture) {
	t.Helper()
	whole := 0
	for _, p := range pictures {
		want := map[string]uint64{}
		for _, e := range events[:min(p.seq, uint64(len(events)))] {
			switch e.Kind {
			case alerts.KindPending, alerts.KindFiring:
				want[e.Alert.Fingerprint] = e.Seq
			case alerts.KindResolved, alerts.KindInactive:
				delete(want, e.Alert.Fingerprint)
			}
		}
		if p.whole {
			whole++
		} else {
			maps.DeleteFunc(want, func(fingerprint string, _ uint64) bool { return p.active[fingerprint] == 0 })
		}
		if !maps.Equal(p.active, want) {
			t.Errorf("active at %d is %v, the journal has %v", p.seq, p.active, want)
		}
	}
	t.Logf("%d pictures of what is active, %d of them whole", len(pictures), whole)
	if whole < 5 {
		t.Error("this test looks too seldom at what is active")
	}
}
