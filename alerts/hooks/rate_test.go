package hooks

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

// TestRate: never more than the cap in any minute, and nothing is lost.
func TestRate(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		c := with("ops", f)
		c.MaxPerMinute = 6
		r, stop := start(t, log, c)
		after(0)
		begun := time.Now()
		for i := range 20 {
			write(t, log, hooktest.Firing(fmt.Sprint("A", i)))
			after(time.Second)
		}
		after(10 * time.Minute)
		calls := f.seen()
		if len(calls) != 20 {
			t.Fatalf("%d deliveries of 20", len(calls))
		}
		for i := 6; i < len(calls); i++ {
			if d := calls[i].at.Sub(calls[i-6].at); d < time.Minute {
				t.Errorf("delivery %d came %v after the sixth before it", i, d)
			}
		}
		if d := calls[19].at.Sub(begun); d > 3*time.Minute+10*time.Second {
			t.Errorf("the last came after %v", d)
		}
		if s := r.Stats()[0]; s.Delayed != 14 || s.Waiting != 0 {
			t.Errorf("%d were delayed, %d wait", s.Delayed, s.Waiting)
		}
		stop()
	})
}

func TestRateChanges(t *testing.T) {
	now := time.Date(2025, 11, 21, 0, 0, 0, 0, time.UTC)
	var r rate
	r.start(now)
	if !r.free().IsZero() {
		t.Error("without a cap nothing waits")
	}
	r.set(3)
	for i := range 4 {
		r.start(now.Add(time.Duration(i) * time.Second))
	}
	hooktest.Equal(t, "full", r.free(), now.Add(61*time.Second))
	r.set(2)
	hooktest.Equal(t, "lowered", r.free(), now.Add(62*time.Second))
	r.set(5)
	if !r.free().IsZero() || len(r.started) != 2 {
		t.Errorf("raised: %v, %d", r.free(), len(r.started))
	}
	r.set(0)
	if !r.free().IsZero() {
		t.Error("taken away")
	}
}

// TestRateOverStarts: a daemon that is killed and starts again and again makes no
// more attempts within a minute than one that runs.
func TestRateOverStarts(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(_ context.Context, what string) send.Outcome {
			if strings.HasPrefix(what, "B") {
				return send.Outcome{Err: errRefused}
			}
			return send.Outcome{}
		}}
		c := with("ops", f)
		c.MaxPerMinute = 6
		for i := range 20 {
			log, j := openLog(t, dir)
			if i == 0 {
				for n := range 20 {
					write(t, log, hooktest.Firing(fmt.Sprint("A", n)), hooktest.Firing(fmt.Sprint("B", n)))
				}
			}
			l := &refusing{Log: log}
			_, stop := start(t, l, c)
			after(7 * time.Second)
			l.refuse.Store(true) // what it would still note is lost with a kill
			stop()
			j.Close()
		}
		calls := f.seen()
		for i := 6; i < len(calls); i++ {
			if d := calls[i].at.Sub(calls[i-6].at); d < time.Minute {
				t.Errorf("attempt %d began %v after the sixth before it", i, d)
			}
		}
		if len(calls) < 12 {
			t.Errorf("%d attempts in 140 s", len(calls))
		}
	})
}
