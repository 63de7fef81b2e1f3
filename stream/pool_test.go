package stream

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
)

// Pages that take for ever leave workers for the handler's calls, and neither
// queue starves the other.
func TestSlowPagesLeaveWorkersForCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2)
		var workers sync.WaitGroup
		for range 3 {
			workers.Go(func() { p.run(context.Background()) })
		}
		hold := make(chan struct{})
		pages, calls := 0, 0
		var mu sync.Mutex
		for range 5 {
			p.addPage(work(func(context.Context) {
				mu.Lock()
				pages++
				mu.Unlock()
				<-hold
			}))
		}
		synctest.Wait()
		if pages != 2 {
			t.Errorf("%d pages are read at once, may be 2", pages)
		}
		for range 10 {
			p.add(work(func(context.Context) {
				mu.Lock()
				calls++
				mu.Unlock()
			}))
		}
		synctest.Wait()
		if calls != 10 {
			t.Errorf("%d calls beside slow pages, want 10", calls)
		}
		close(hold)
		synctest.Wait()
		if pages != 5 {
			t.Errorf("%d pages in the end, want 5", pages)
		}
		p.close()
		workers.Wait()
	})
}

func TestCallsAndPagesTakeTurns(t *testing.T) {
	p := newPool(1)
	order := ""
	for range 3 {
		p.add(work(func(context.Context) { order += "c" }))
	}
	for range 2 {
		p.addPage(work(func(context.Context) { order += "p" }))
	}
	p.add(work(func(context.Context) { p.close() }))
	p.run(t.Context())
	if order != "cpcpc" {
		t.Errorf("ran %s, want cpcpc", order)
	}
}
