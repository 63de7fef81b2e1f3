package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"monitord/stream/wire"
)

// run runs a client until it has seen the wanted lines, and returns all lines.
func run(t *testing.T, o Options, enough int, requests ...wire.Request) ([]string, error) {
	t.Helper()
	c, err := New(o, requests...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var lines []string
	err = c.Run(ctx, func(i Item) error {
		if l := line(i); l != "" {
			lines = append(lines, l)
		}
		if len(lines) == enough {
			return ErrStop
		}
		return nil
	})
	return lines, err
}

// line is an item in a few words; empty for what frames the data.
func line(i Item) string {
	switch m := i.Message.(type) {
	case nil:
		return "lost"
	case *wire.Samples:
		return fmt.Sprintf("%s %d %v %s", i.ID, m.T, m.V, i.Columns[0].Get("__name__"))
	case *wire.Event:
		if m.Current {
			return fmt.Sprintf("%s current %d", i.ID, m.Seq)
		}
		return fmt.Sprintf("%s %s %d", i.ID, m.Event, m.Seq)
	case *wire.Gap:
		return fmt.Sprintf("%s gap %s", i.ID, m.Reason)
	case *wire.Error:
		return fmt.Sprintf("%s error %s", i.ID, m.Code)
	}
	return ""
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

var (
	loadRequest  = wire.Request{ID: "load", Kind: wire.KindSamples, Expr: "node_load1"}
	alertRequest = wire.Request{ID: "a", Kind: wire.KindAlerts}
)

func TestSamplesResumeAfterTheLastTime(t *testing.T) {
	var asked []string
	url := serve(t, func(p *peer) {
		a, _ := p.subscriptions()
		asked = append(asked, a...)
		p.send(hello(0), &wire.Subscribed{ID: "load", Sub: 3, T: 5000}, load(3), value(3, 5000, 1), value(3, 6000, 2))
		p.conn.Close()
	}, func(p *peer) {
		a, ping := p.subscriptions()
		asked = append(asked, a...)
		// Another number, and one message too many.
		p.send(hello(0), &wire.Subscribed{ID: "load", Sub: 9, T: 8000}, load(9),
			value(9, 6000, 2), value(9, 7000, 3), &wire.Gap{Sub: 9, From: 8000, To: 9000, Missed: 2, Reason: wire.Slow})
		p.pong(ping)
		p.close(ws.StatusGoingAway, "restarting, retry=1")
	}, func(p *peer) {
		a, _ := p.subscriptions()
		asked = append(asked, a...)
		p.send(hello(0), &wire.Subscribed{ID: "load", Sub: 1, T: 10000}, load(1), value(1, 10000, 5))
		p.drain()
	})
	got, err := run(t, Options{URL: url}, 7, loadRequest)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "load 5000 [1] node_load1", "load 6000 [2] node_load1", "lost", "load 7000 [3] node_load1",
		"load gap slow", "lost", "load 10000 [5] node_load1")
	expect(t, asked, `{"op":"subscribe","id":"load","samples":"node_load1"}`,
		`{"op":"subscribe","id":"load","samples":"node_load1","from":6001}`,
		`{"op":"subscribe","id":"load","samples":"node_load1","from":9001}`)
}

// A server whose clock was set back while nobody was connected would send nothing
// before the old time has come again.
func TestSamplesResumeBehindAClockThatWasSetBack(t *testing.T) {
	var asked []string
	url := serve(t, func(p *peer) {
		p.subscriptions()
		p.send(hello(0), &wire.Subscribed{ID: "load", Sub: 3, T: 8000}, load(3), value(3, 9000, 1))
		p.conn.Close()
	}, func(p *peer) {
		_, ping := p.subscriptions()
		p.send(hello(0), &wire.Subscribed{ID: "load", Sub: 3, T: 6000})
		p.pong(ping)
		p.drain()
	}, func(p *peer) {
		asked, _ = p.subscriptions()
		p.send(hello(0), &wire.Subscribed{ID: "load", Sub: 3, T: 7000}, load(3), value(3, 7000, 2))
		p.drain()
	})
	got, err := run(t, Options{URL: url}, 4, loadRequest)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "load 9000 [1] node_load1", "lost", "lost", "load 7000 [2] node_load1")
	expect(t, asked, `{"op":"subscribe","id":"load","samples":"node_load1","from":6001}`)
}

func TestAlertsResumeAfterTheLastNumber(t *testing.T) {
	var asked []string
	url := serve(t, func(p *peer) {
		// The picture is cut short: nothing of it may be handed over.
		a, _ := p.subscriptions()
		asked = append(asked, a...)
		p.send(hello(10), &wire.Subscribed{ID: "a", Sub: 5, Alerts: true, Seq: 10}, current(5, 4))
		p.conn.Close()
	}, func(p *peer) {
		a, ping := p.subscriptions()
		asked = append(asked, a...)
		p.send(hello(11), &wire.Subscribed{ID: "a", Sub: 5, Alerts: true, Seq: 11}, current(5, 4), current(5, 9))
		p.pong(ping)
		p.conn.Close()
	}, func(p *peer) {
		a, _ := p.subscriptions()
		asked = append(asked, a...)
		p.send(hello(13), &wire.Subscribed{ID: "a", Sub: 5, Alerts: true, Seq: 13}, event(5, 12, "firing"), event(5, 13, "resolved"),
			&wire.Heartbeat{Sub: 5, T: 1, Seq: 20})
		p.conn.Close()
	}, func(p *peer) {
		// Another journal, whose numbers begin anew.
		a, _ := p.subscriptions()
		asked = append(asked, a...)
		h := hello(2)
		h.Epoch = "e2"
		p.send(h, &wire.Subscribed{ID: "a", Sub: 5, Alerts: true, Seq: 2},
			&wire.Gap{Sub: 5, After: 20, Next: 1, Reason: wire.Lost}, event(5, 1, "firing"), event(5, 2, "resolved"))
		p.conn.Close()
	}, func(p *peer) {
		a, _ := p.subscriptions()
		asked = append(asked, a...)
		p.send(hello(3), &wire.Subscribed{ID: "a", Sub: 5, Alerts: true, Seq: 3}, event(5, 3, "firing"))
		p.drain()
	})
	got, err := run(t, Options{URL: url}, 12, alertRequest)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "lost", "a current 4", "a current 9", "lost", "a firing 12", "a resolved 13", "lost",
		"a gap lost", "a firing 1", "a resolved 2", "lost", "a firing 3")
	expect(t, asked, `{"op":"subscribe","id":"a","alerts":""}`, `{"op":"subscribe","id":"a","alerts":""}`,
		`{"op":"subscribe","id":"a","alerts":"","after":11,"epoch":"e1"}`,
		`{"op":"subscribe","id":"a","alerts":"","after":20,"epoch":"e1"}`,
		`{"op":"subscribe","id":"a","alerts":"","after":2,"epoch":"e2"}`)
}

func TestAFaultyRequestIsHandedOver(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.subscriptions()
		p.send(hello(0), &wire.Error{ID: "load", Code: wire.BadSelector, Message: "no"})
		p.drain()
	})
	got, err := run(t, Options{URL: url}, 1, loadRequest)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "load error bad_selector")
}

func TestRunEndsWhenComingBackIsOfNoUse(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.subscriptions()
		p.close(ws.StatusPolicyViolation, "ten bad messages in a row")
	})
	_, err := run(t, Options{URL: url}, -1, loadRequest)
	var closed *ClosedError
	if !errors.As(err, &closed) || closed.Code != 1008 || closed.Reason != "ten bad messages in a row" {
		t.Errorf("error %v", err)
	}
}

func TestASilentServerIsNoticed(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.send(hello(0))
		p.drain()
	})
	got, err := run(t, Options{URL: url, Silence: 50 * time.Millisecond}, 1, loadRequest)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "lost")
}

func TestAServerThatGoesSilentWithinAMessageIsNoticed(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.send(hello(0))
		_, _ = p.conn.Write([]byte("\x81\x7e\x01\x00{\"op\":"))
		p.drain()
	})
	got, err := run(t, Options{URL: url, Silence: 50 * time.Millisecond}, 1, loadRequest)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "lost")
}

// A living server says something every 15 s, a relay may delay that by 2 s, and a
// dead one is to be noticed within 20 s.
func TestTheSilenceAllowedAsShipped(t *testing.T) {
	if d := (Options{}).withDefaults().Silence; d <= 17*time.Second || d >= 20*time.Second {
		t.Errorf("is %v", d)
	}
}

func TestPingsAreAnsweredAndAreLife(t *testing.T) {
	url := serve(t, func(p *peer) {
		p.subscriptions()
		for range 5 {
			p.write(ws.OpPing, []byte("are you there"))
			if op, payload, _ := p.frame(); op != ws.OpPong || string(payload) != "are you there" {
				p.t.Errorf("answer to a ping: %v %q", op, payload)
			}
		}
		p.send(hello(0), &wire.Subscribed{ID: "load", Sub: 3, T: 5000}, load(3), value(3, 5000, 1))
		if code := p.drain(); code != ws.StatusNormalClosure {
			p.t.Errorf("the client left with code %d", code)
		}
	})
	got, err := run(t, Options{URL: url}, 1, loadRequest)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, "load 5000 [1] node_load1")
}

func TestTheFirstAttemptIsNotRepeated(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, `{"op":"error","code":"too_many","message":"too many connections"}`, http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	_, err := run(t, Options{URL: srv.URL}, -1, loadRequest)
	var connect *ConnectError
	var refused *RefusedError
	if !errors.As(err, &connect) || !errors.As(err, &refused) || refused.Status != 503 || refused.Retry != 7*time.Second ||
		refused.Message != "too many connections" {
		t.Errorf("error %v, %+v", err, refused)
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var host string
	srv := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host = r.Host
		http.Error(w, "no", http.StatusForbidden)
	})}}
	srv.Start()
	defer srv.Close()
	_, err = Dial(t.Context(), Options{URL: "unix:" + path})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Status != 403 || host != "localhost" {
		t.Errorf("error %v, host %q", err, host)
	}
}

func TestTheEndOfTheContextEndsRun(t *testing.T) {
	subscribed := make(chan struct{})
	url := serve(t, func(p *peer) {
		p.subscriptions()
		close(subscribed)
		if code := p.drain(); code != ws.StatusNormalClosure {
			p.t.Errorf("the client left with code %d", code)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	c, err := New(Options{URL: url}, loadRequest)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-subscribed
		cancel()
	}()
	if err := c.Run(ctx, func(Item) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		url      string
		requests []wire.Request
	}{
		"no id":         {DefaultURL, []wire.Request{{Kind: wire.KindSamples}}},
		"an id twice":   {DefaultURL, []wire.Request{loadRequest, loadRequest}},
		"a long id":     {DefaultURL, []wire.Request{{ID: strings.Repeat("x", wire.MaxID+1)}}},
		"a long query":  {DefaultURL, []wire.Request{{ID: "x", Expr: strings.Repeat("x", wire.MaxExpr+1)}}},
		"a bad scheme":  {"ftp://x", nil},
		"no socket":     {"unix:", nil},
		"a query":       {"http://x/?y", nil},
		"a user":        {"http://me@x/", nil},
		"control bytes": {"http://x\r\ny/", nil},
	} {
		if _, err := New(Options{URL: c.url}, c.requests...); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
