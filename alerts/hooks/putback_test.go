package hooks

import (
	"context"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

// TestTakenOutAndPutBack: a hook that is put back before the disk has taken that it
// was taken out begins anew, as one that is put back later does, and what is noted of
// it is not forgotten behind its back.
func TestTakenOutAndPutBack(t *testing.T) {
	for _, answer := range []send.Outcome{{Err: errRefused}, {}} {
		inBubble(t, func(t *testing.T, log *alerts.Log) {
			l := &refusing{Log: log}
			r, stop := start(t, l, with("ops", &fake{answer: func(context.Context, string) send.Outcome { return answer }}))
			after(0)
			write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"))
			after(time.Minute)
			l.refuse.Store(true)
			f := &fake{}
			for _, hooks := range [][]compiled{{}, {with("ops", f)}} {
				r.mu.Lock()
				r.reload = hooks
				r.mu.Unlock()
				r.poke()
				after(0)
			}
			l.refuse.Store(false)
			after(time.Minute)
			hooktest.Equal(t, "calls", f.whats(), nil)
			if log.Progress()["ops"][progressKey] == nil {
				t.Error("where it stands is not in the journal: after a kill it would begin anew")
			}
			stop()
		})
	}
}
