package feed

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"monitord/stream/wire"
)

func TestErrors(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "a 1")
	s := w.connect("")
	for _, c := range []struct {
		in, id string
		code   wire.Code
		says   string
	}{
		{`{"op":"subscribe","id":"x","samples":"{a="}`, "x", wire.BadSelector, "parse error"},
		{`{"op":"subscribe","id":"x","alerts":"{a="}`, "x", wire.BadSelector, "parse error"},
		{`{"op":"subscribe","id":"x","alerts":"DiskFull"}`, "x", wire.BadSelector, "alertname"},
		{`{"op":"subscribe","id":"x","query":"sum("}`, "x", wire.BadQuery, "parse error"},
		{`{"op":"subscribe","id":"x","query":"\"text\""}`, "x", wire.BadQuery, "string"},
		{`{"op":"subscribe","id":"x","query":"a[5m]"}`, "x", wire.BadQuery, "range"},
		{`{"op":"subscribe","id":"x","query":"a","every":"1500ms"}`, "x", wire.BadTime, "multiple"},
		{`{"op":"ping","t":1}`, "", "", ""}, // a good one: ten bad in a row would be the end
		{`{"op":"subscribe","id":"x","samples":"a","every":"2d"}`, "x", wire.BadTime, "at most 1d"},
		{`{"op":"subscribe","id":"x","samples":"a","from":"soon"}`, "x", wire.BadTime, "RFC 3339"},
		{`{"op":"unsubscribe","id":"x"}`, "x", wire.UnknownID, "no such"},
		{`{"op":"sing","id":"x"}`, "x", wire.UnknownOp, "sing"},
		{`{`, "", wire.BadMessage, "JSON"},
	} {
		s.send(c.in)
		switch m := s.decoded().(type) {
		case *wire.Pong:
		case *wire.Error:
			if m.ID != c.id || m.Code != c.code || !strings.Contains(m.Message, c.says) {
				t.Errorf("%s: got %+v", c.in, m)
			}
		default:
			t.Errorf("%s: got %+v", c.in, m)
		}
	}
	s.quiet()

	t.Log("a topic once, an id once, and no more than max_subscriptions")
	s = w.connect("samples=c")
	s.next()
	for _, c := range []struct {
		in   string
		code wire.Code
	}{
		{`{"op":"subscribe","id":"x","samples":"{__name__=\"c\"}"}`, wire.Duplicate},
		{`{"op":"subscribe","id":"samples=c","samples":"d"}`, wire.Duplicate},
		{`{"op":"subscribe","id":"2","samples":"c","every":"2s"}`, ""},
		{`{"op":"subscribe","id":"3","samples":"d"}`, ""},
		{`{"op":"subscribe","id":"4","alerts":"","after":0}`, ""},
		{`{"op":"subscribe","id":"5","samples":"e"}`, wire.TooMany},
	} {
		s.send(c.in)
		m := s.decoded()
		if e, ok := m.(*wire.Error); ok != (c.code != "") || ok && e.Code != c.code {
			t.Errorf("%s: got %+v, want %q", c.in, m, c.code)
		}
	}
	s.send(`{"op":"unsubscribe","id":"3"}`)
	s.next()
	s.send(`{"op":"subscribe","id":"5","samples":"e"}`)
	if m, ok := s.decoded().(*wire.Subscribed); !ok || m.ID != "5" {
		t.Errorf("got %+v", m)
	}
}

func TestFaultsInTheURL(t *testing.T) {
	w := newWorld(t)
	s := w.connect("query=sum%28&samples=%7B%3D&form=-5m&alerts=&after=0")
	for _, want := range []string{`"code":"bad_message"`, `"id":"query=sum(","code":"bad_query"`, `"id":"samples={=","code":"bad_selector"`, `"id":"alerts=","sub":1`} {
		if got := s.next(); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	s.quiet()
}

func TestClosing(t *testing.T) {
	w := newWorld(t)
	s := w.connect("")
	s.frame(2, []byte{0xa0})
	if code := s.closed(); code != 1003 {
		t.Errorf("binary: closed with %d", code)
	}
	s = w.connect("")
	for range 10 {
		s.send(`{"op":"subscribe","id":"x","query":"("}`)
	}
	if code := s.closed(); code != 1008 {
		t.Errorf("ten bad ones: closed with %d", code)
	}
}

func TestTopicsAreBounded(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxQueries = 2 })
	for _, kind := range []string{"samples=%s", "query=%s", "alerts=%%7Ba%%3D%%22%s%%22%%7D&after=0"} {
		first := w.connect(fmt.Sprintf(kind, "a"))
		first.next()
		second := w.connect(fmt.Sprintf(kind, "b"))
		second.next()
		third := w.connect(fmt.Sprintf(kind, "c"))
		if m, ok := third.decoded().(*wire.Error); !ok || m.Code != wire.TooMany || !strings.Contains(m.Message, "max_queries") {
			t.Errorf("%s: got %+v", kind, m)
		}
		second.send(`{"op":"unsubscribe","id":"` + idOf(kind, "b") + `"}`)
		if m, ok := second.decoded().(*wire.Unsubscribed); !ok {
			t.Fatalf("%s: got %+v", kind, m)
		}
		fourth := w.connect(fmt.Sprintf(kind, "d"))
		if m, ok := fourth.decoded().(*wire.Subscribed); !ok {
			t.Errorf("%s: got %+v", kind, m)
		}
	}
}

func idOf(kind, expr string) string {
	if strings.HasPrefix(kind, "alerts") {
		return `alerts={a=\"` + expr + `\"}`
	}
	return fmt.Sprintf(kind, expr)
}

func TestATopicLivesAMinuteLonger(t *testing.T) {
	w := newWorld(t)
	s := w.connect("samples=a&query=a&alerts=&after=0")
	for range 3 {
		s.next()
	}
	kinds := []wire.Kind{wire.KindSamples, wire.KindQuery, wire.KindAlerts}
	sweep := func(at time.Time) {
		for _, k := range kinds {
			w.feed.sweep(k, at, linger)
		}
	}
	sweep(time.Now())
	sweep(time.Now().Add(2 * linger))
	if st := w.feed.Stats(); st.Samples != 1 || st.Queries != 1 || st.Alerts != 1 {
		t.Fatalf("followed topics were dropped: %+v", st)
	}
	followed := time.Now() // the feed itself sweeps each second, and may find them idle from here on
	for _, id := range []string{"samples=a", "query=a", "alerts="} {
		s.send(`{"op":"unsubscribe","id":"` + id + `"}`)
		s.next()
	}
	idle := time.Now()
	sweep(idle)
	sweep(followed.Add(linger - time.Second))
	if st := w.feed.Stats(); st.Samples != 1 || st.Queries != 1 || st.Alerts != 1 {
		t.Fatalf("topics were dropped too early: %+v", st)
	}
	sweep(idle.Add(linger))
	if st := w.feed.Stats(); st.Samples != 0 || st.Queries != 0 || st.Alerts != 0 {
		t.Fatalf("topics were not dropped: %+v", st)
	}
	if n := w.feed.o.Standing.Len(); n != 1 {
		t.Errorf("%d standing queries, one lingers", n)
	}

	t.Log("it has another number when it comes again")
	s.send(`{"op":"subscribe","id":"x","samples":"a"}`)
	if m, ok := s.decoded().(*wire.Subscribed); !ok || m.Sub != 4 {
		t.Errorf("got %+v", m)
	}
}
