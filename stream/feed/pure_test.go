package feed

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/metric"
	"monitord/stream/wire"
)

func TestGrid(t *testing.T) {
	for _, c := range []struct{ t, every, floor, ceil int64 }{
		{0, 5, 0, 0}, {1, 5, 0, 5}, {5, 5, 5, 5}, {-1, 5, -5, 0}, {-5, 5, -5, -5}, {-6, 5, -10, -5}, {7, 1, 7, 7},
	} {
		if f, g := floor(c.t, c.every), ceil(c.t, c.every); f != c.floor || g != c.ceil {
			t.Errorf("%d every %d: %d and %d, want %d and %d", c.t, c.every, f, g, c.floor, c.ceil)
		}
	}
	if n := count(10, 20, 5); n != 3 {
		t.Errorf("count is %d, want 3", n)
	}
	if n := count(10, 5, 5); n != 0 {
		t.Errorf("count is %d, want 0", n)
	}
}

func TestClockOnlyGrows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var c clock
	for range 1000 {
		before := c.position(c.last)
		next, fresh := c.step(1 + r.Int64N(1000))
		if !fresh {
			if next != c {
				t.Fatalf("%+v became %+v without a step", c, next)
			}
			continue
		}
		// There is room for a gap in between.
		if c.last > next.last && next.position(next.last) < before+2 || next.position(next.last) <= before {
			t.Fatalf("%+v is followed by %+v", c, next)
		}
		if next.time(next.position(77)) != 77 {
			t.Fatal("time is not the reverse of position")
		}
		c = next
	}
}

func values(pairs ...any) []metric.Value {
	var out []metric.Value
	for i := 0; i < len(pairs); i += 2 {
		v := wire.None()
		if n, ok := pairs[i+1].(int); ok {
			v = float64(n)
		}
		out = append(out, metric.Value{Labels: seriesLabels(pairs[i].(string)), V: v})
	}
	return out
}

// said writes a step in few words.
func said(s step) string {
	var out []string
	if s.gap != nil {
		out = append(out, "at "+fmt.Sprint(s.gapTo))
		s.messages = append([][]byte{s.gap}, s.messages...)
	}
	if s.preamble != nil {
		out = append(out, "(series)")
	}
	for _, text := range s.messages {
		m, _ := wire.Decode(text)
		switch m := m.(type) {
		case *wire.Series:
			names := make([]string, len(m.Series))
			for i, ls := range m.Series {
				names[i] = ls.Get("__name__")
			}
			out = append(out, fmt.Sprintf("%d:%s", m.Rev, strings.Join(names, "")))
		case *wire.Samples:
			out = append(out, fmt.Sprintf("%d:%s", m.Rev, text[strings.Index(string(text), "["):len(text)-1]))
		case *wire.Gap:
			out = append(out, fmt.Sprintf("gap %d-%d (%d) %s", m.From, m.To, m.Missed, m.Reason))
		case *wire.Error:
			out = append(out, m.Message)
		}
	}
	return strings.Join(out, " ")
}

func TestTimeline(t *testing.T) {
	tl := timeline{sub: 1, every: 10}
	for _, c := range []struct {
		t      int64
		values []metric.Value
		err    error
		want   string
	}{
		{100, nil, nil, ""},
		{110, values("b", 1, "a", 2), nil, "1:ab 1:[2,1]"},
		{120, values("a", 3), nil, "(series) 1:[3,null]"},
		{130, nil, nil, ""},
		{140, values("b", 4, "a", "stale"), nil, "(series) 1:[null,4]"},
		{150, values("c", 5, "b", 6), nil, "2:bc 2:[6,5]"},
		{160, nil, errors.New("no"), "(series) no"},
		{190, nil, nil, "at 180 gap 170-180 (2) down"},
		{200, nil, nil, ""},
		{210, values("b", 7, "c", 8), nil, "2:bc 2:[7,8]"},
		{230, values("c", 9), nil, "at 220 gap 220-220 (1) down 3:c 3:[9]"},
		{150, values("c", 1), nil, "at 149 gap 150-230 (0) clock 3:c 3:[1]"},
		{160, values("a", "stale"), nil, ""},
		{170, values("c", 2, "a", 1, "a", 1), nil, "4:ca 4:[2,1]"},
	} {
		if got := said(tl.take(row{c.t, c.values, c.err}, wire.Down)); got != c.want {
			t.Errorf("at %d: %s\nwant    %s", c.t, got, c.want)
		}
	}
}

// The quick path over series pointers says what the slow one over labels says.
func TestSamplesTakeTheSamePathAsRows(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	quick, slow := timeline{sub: 1, every: 1}, timeline{sub: 1, every: 1}
	s := samples{at: make(map[*metric.Series]int)}
	alive := make(map[string]*metric.Series)
	for at := int64(1); at < 2000; at++ {
		if r.IntN(30) == 0 {
			at += 3
		}
		b := metric.Batch{T: at}
		for i := range 8 {
			name := string(rune('a' + i))
			switch sr := alive[name]; {
			case sr == nil && r.IntN(20) == 0:
				alive[name] = &metric.Series{Labels: seriesLabels(name)}
			case sr != nil && r.IntN(20) == 0:
				delete(alive, name)
				if r.IntN(2) == 0 { // it may also be forgotten to say so
					b.Ended = append(b.Ended, sr)
				}
			}
			if sr := alive[name]; sr != nil && r.IntN(10) > 0 {
				b.Points = append(b.Points, metric.Point{Series: sr, V: float64(r.IntN(9))})
			}
		}
		got, want := said(s.tick(&quick, b)), said(slow.take(row{t: at, values: s.selected(b)}, wire.Down))
		if got != want {
			t.Fatalf("at %d: %s\nwant    %s", at, got, want)
		}
		if len(s.at) > 100 {
			t.Fatalf("%d pointers are remembered", len(s.at))
		}
	}
}

func TestPublicState(t *testing.T) {
	began := time.UnixMilli(begin)
	for want, a := range map[string]alerts.Alert{
		"pending":  {State: alerts.PhasePending, ActiveAt: began},
		"firing":   {State: alerts.PhaseFiring, ActiveAt: began, StartsAt: began},
		"inactive": {State: alerts.PhaseInactive, ActiveAt: began, EndsAt: began},
		"resolved": {State: alerts.PhaseInactive, ActiveAt: began, StartsAt: began, EndsAt: began},
	} {
		if got := publicState(&a); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
