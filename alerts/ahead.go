package alerts

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"monitord/metric"
)

// Rules' queries are made beside each other from aheadFrom of them on, by aheadMost
// goroutines at most: fewer are not worth the waking, and the host is not ours.
const (
	aheadFrom = 4
	aheadMost = 4
)

// An answer is what a query gave that was made ahead of its rule's turn.
type answer struct {
	values []metric.Value
	err    error
	took   time.Duration
	made   bool // or the context ended before
}

// ask makes the queries of the rules that are due and look at nothing that rules
// write: their results do not depend on whose turn it is. What a tick's rules take
// is what everyone who watches waits for.
func (e *Engine) ask(ctx context.Context, t int64) {
	clear(e.ahead)
	if e.o.Bare || runtime.GOMAXPROCS(0) == 1 {
		return
	}
	var due []*tracker
	for _, tr := range e.trackers {
		x := &tr.rule.expr
		if tr.rule.Due(t, tr.health.at) && (x.plain == nil || !e.current.knows(t)) && !x.reads(e.written) {
			due = append(due, tr)
		}
	}
	if len(due) < aheadFrom {
		return
	}
	answers := make([]answer, len(due))
	beside(ctx, len(due), func(i int) {
		start, r := time.Now(), due[i].rule
		a := &answers[i]
		a.values, a.err = e.instant(ctx, r.expr, t-r.Group.QueryOffset.Milliseconds())
		a.took, a.made = time.Since(start), true
	})
	for i, tr := range due {
		if answers[i].made {
			e.ahead[tr] = answers[i]
		}
	}
}

// beside calls do with 0 to n-1, several at a time, until the context ends.
func beside(ctx context.Context, n int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
			do(int(i))
		}
	}
	var others sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), aheadMost, n) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}

// values returns the result of a rule's expression, and when that began, had it
// been made now.
func (e *Engine) values(ctx context.Context, tr *tracker, t int64) ([]metric.Value, time.Time, error) {
	now := time.Now()
	if a, ok := e.ahead[tr]; ok {
		return a.values, now.Add(-a.took), a.err
	}
	values, err := e.query(ctx, tr.rule.expr, t-tr.rule.Group.QueryOffset.Milliseconds())
	return values, now, err
}

// writtenBy returns the names of what rules write.
func writtenBy(rules []*Rule) map[string]bool {
	names := map[string]bool{alertsMetric: true, alertsForMetric: true}
	for _, r := range rules {
		if r.Recording {
			names[r.Name] = true
		}
	}
	return names
}
