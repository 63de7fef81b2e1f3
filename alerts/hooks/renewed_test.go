package hooks

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

// renewed is what a changed rule makes: the same alert, by another rule.
func renewed(e alerts.Event) alerts.Event {
	e.Rule = "fedcba9876543210"
	return e
}

// TestRenewedAlertKeepsTheOrder: a receiver knows an alert by its labels; that it
// has ended comes before that it fires anew, whichever rules say so.
func TestRenewedAlertKeepsTheOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var refused atomic.Bool
		f := &fake{answer: func(_ context.Context, what string) send.Outcome {
			if what == "A resolved" && !refused.Swap(true) {
				return send.Outcome{Err: errRefused}
			}
			return send.Outcome{}
		}}
		_, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(time.Minute)
		write(t, log, hooktest.Resolved("A"), renewed(hooktest.Firing("A")), hooktest.Firing("B"))
		after(time.Minute)
		whats := slices.DeleteFunc(f.whats(), func(what string) bool { return what == "B firing" })
		hooktest.Equal(t, "calls", whats, []string{"A firing", "A resolved", "A resolved", "A firing"})
		stop()
	})
}

// TestResendsRenewedAlert: an alert is not told to have ended and to fire at once.
func TestResendsRenewedAlert(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fakeResender{}
		_, stop := start(t, log, with("am", f))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"), renewed(hooktest.Firing("A")))
		after(time.Minute)
		hooktest.Equal(t, "fires anew", f.told()[1:], []string{"A firing"})
		write(t, log, renewed(hooktest.Resolved("A")))
		after(time.Minute)
		hooktest.Equal(t, "has ended", f.told(), []string{"A resolved, A resolved"})
		stop()
	})
}
