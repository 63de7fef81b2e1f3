package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"monitord/stream/wire"
)

// Clients that ask for as many queries as they may, each as dear as it can be,
// with replays, hold up nobody else: who comes is answered, a small query has
// every tick, and the dear ones are told which bound they are beyond.
func TestHeavyQueriesHoldUpNobodyElse(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	honest, busy := subscribeTo(t, d, "query=count(up)"), 0
	next := func(after int64) int64 {
		for {
			switch m := honest().(type) {
			case *wire.Samples:
				if after != 0 && m.T != after+1000 {
					t.Fatalf("the tick %d after %d", m.T, after)
				}
				return m.T
			case *wire.Gap: // a busy machine may leave out a tick
				if after = m.To; m.Reason != wire.Down {
					t.Fatalf("an honest client got %+v", m)
				}
			case *wire.Error: // a machine that stands still may do it once
				if busy++; m.T != after+1000 || !tookTooLong(m) || busy > 1 {
					t.Fatalf("an honest client got %+v", m)
				}
				return m.T
			}
		}
	}
	last := next(0)

	heavy := func(n int) string {
		return "query=" + url.QueryEscape(fmt.Sprintf("sum_over_time(quantile_over_time(0.9, vector(%d)[400s:1ms])[2s:1s])", n))
	}
	for conn := range 6 {
		var asks []string
		for i := range 40 {
			asks = append(asks, heavy(conn*40+i))
		}
		subscribeTo(t, d, strings.Join(asks, "&")+"&from=-1h")
	}
	begin, worst := time.Now(), time.Duration(0)
	for range 5 {
		came := time.Now()
		late := subscribeTo(t, d, "samples=up")
		for {
			if _, ok := late().(*wire.Samples); ok {
				break
			}
		}
		worst = max(worst, time.Since(came))
		last = next(last)
	}
	t.Logf("in %v the slowest honest newcomer had its first sample after %v", time.Since(begin), worst)
	one := subscribeTo(t, d, heavy(1000))
	for {
		m, ok := one().(*wire.Error)
		if !ok {
			continue
		}
		says := func(key string) bool { return strings.Contains(m.Message, key) }
		if m.Code != wire.QueryFailed || !says("max_query_time") && !says("max_query_samples") && !says("half of interval") {
			t.Errorf("a heavy query was told %+v", m)
		}
		t.Log(m.Message)
		break
	}
	t.Log(d.query(`{__name__=~"monitord_standing_query_(failures|skipped|postponed|deferred|evaluations)_total",reason!="series"}`, "__name__"))
}

// subscribeTo returns what gives the messages of a connection to a URL's
// subscriptions, one after the other.
func subscribeTo(t *testing.T, d *testDaemon, query string) func() wire.Message {
	t.Helper()
	s := dialStream(t, d, query)
	return func() wire.Message {
		t.Helper()
		for {
			m, err := wire.Decode(s.next().Payload)
			if err != nil {
				t.Fatal(err)
			}
			if m != nil {
				return m
			}
		}
	}
}
