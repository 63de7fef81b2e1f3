package main

import (
	"testing"
	"time"
)

func TestTickOf(t *testing.T) {
	for _, c := range []struct {
		begin string
		t     int64
		ok    bool
	}{
		{`{"op":"samples","sub":3,"rev":1,"t":1763683200000,"v":[12.5]}`, 1763683200000, true},
		{`{"op":"samples","sub":3,"rev":1,"t":1763683200000`, 0, false}, // perhaps cut within the number
		{`{"op":"samples","sub":3,"rev":1,"t":x`, 0, false},
		{`{"op":"heartbeat","t":1763683200000,"seq":1}`, 0, false},
		{``, 0, false},
	} {
		if got, ok := tickOf([]byte(c.begin)); got != c.t || ok != c.ok {
			t.Errorf("%s: %d %v, want %d %v", c.begin, got, ok, c.t, c.ok)
		}
	}
}

func TestSpreadCountsOnlyWhatReachedAll(t *testing.T) {
	h := &herd{counter: counter{on: true, byTime: map[int64]int{}}}
	a, b := &conn{herd: h}, &conn{herd: h}
	for _, arrival := range []struct {
		at   time.Duration
		conn *conn
	}{{1, a}, {4, b}, {10, b}, {12, a}, {20, a}} {
		h.now = int64(arrival.at * time.Millisecond)
		h.counter.message(arrival.conn, nil, 10)
	}
	got := h.counter.spreads(2)
	if len(got) != 2 || got[0] != 2*time.Millisecond || got[1] != 3*time.Millisecond {
		t.Errorf("spreads %v, want 2ms and 3ms", got)
	}
	if h.counter.messages != 5 || h.counter.payload != 50 {
		t.Errorf("%d messages of %d bytes, want 5 of 50", h.counter.messages, h.counter.payload)
	}
}
