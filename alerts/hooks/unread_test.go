package hooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

// unreadable is a log that cannot be read for a while.
type unreadable struct {
	*alerts.Log
	until time.Time
}

func (l *unreadable) Read(after uint64, limit int) ([]alerts.Event, error) {
	if time.Now().Before(l.until) {
		return nil, fmt.Errorf("read: %w", syscall.EMFILE)
	}
	return l.Log.Read(after, limit)
}

// TestUnreadableAtTheStart: what waits is not forgotten because the journal cannot be
// read at the moment of a start, nor what the disk did not take meanwhile. A journal
// that stays so keeps nobody from being told for long.
func TestUnreadableAtTheStart(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		_, stop := start(t, log, with("ops", &fake{answer: func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused} }}))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"))
		after(time.Minute)
		stop()
		never := &fake{}
		_, stop = start(t, &unreadable{log, time.Now().Add(time.Hour)}, with("other", &fake{}), with("ops", never))
		after(10 * time.Second)
		stop()
		f := &fake{}
		r, stop := start(t, &unreadable{log, time.Now().Add(10 * time.Second)}, with("ops", f))
		after(0)
		r.Announce([]alerts.Event{hooktest.Firing("B")})
		after(5 * time.Second)
		hooktest.Equal(t, "calls before it can be read", f.whats(), nil)
		if list, err := r.List(t.Context(), ""); !errors.Is(err, ErrBehind) {
			t.Errorf("listed %v, %v", list, err)
		}
		after(time.Minute)
		calls := f.whats()
		slices.Sort(calls)
		hooktest.Equal(t, "calls", calls, []string{"A firing", "A resolved", "B firing"})
		write(t, log, hooktest.Firing("C"))
		f.mu.Lock()
		f.answer = func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused} }
		f.mu.Unlock()
		after(time.Minute)
		stop()
		f = &fake{}
		r, stop = start(t, &unreadable{log, time.Now().Add(time.Hour)}, with("ops", f))
		r.Announce([]alerts.Event{hooktest.Firing("D")})
		after(restoreFor + 2*time.Second)
		hooktest.Equal(t, "while it stays so", f.whats(), []string{"D firing"})
		stop()
	})
}

// TestWaitingIsNoLongerKept: what waited and is not in the journal any more after a
// start is said to be lost.
func TestWaitingIsNoLongerKept(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		_, stop := start(t, log, with("ops", &fake{answer: func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused} }}))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"), hooktest.Firing("B"))
		after(time.Minute)
		stop()
		l := &expiring{Log: log}
		l.first.Store(3)
		var said strings.Builder
		r, err := New(nil, Options{Log: l, Logger: slog.New(slog.NewTextHandler(&said, nil))})
		if err != nil {
			t.Fatal(err)
		}
		r.replace([]compiled{with("ops", &fake{})}, time.Now())
		if text := said.String(); !strings.Contains(text, "no longer in the alert journal") || !strings.Contains(text, "deliveries=2") {
			t.Errorf("said %q", text)
		}
	})
}
