package main

import (
	"context"
	"runtime/metrics"
	"testing"
	"time"
)

func TestWorthCollecting(t *testing.T) {
	const mib = 1 << 20
	for name, c := range map[string]struct {
		live, goal, now, grown uint64
		want                   bool
	}{
		"just collected":              {6 * mib, 12 * mib, 6 * mib, mib, false},
		"time for two ticks":          {6 * mib, 12 * mib, 8 * mib, mib, false},
		"the next tick may reach it":  {6 * mib, 12 * mib, 9 * mib, mib, true},
		"nothing is allocated":        {6 * mib, 12 * mib, 10 * mib, 0, false},
		"beyond, and not collected":   {6 * mib, 12 * mib, 11 * mib, 0, true},
		"no garbage, whatever is due": {6 * mib, 12 * mib, 6 * mib, 9 * mib, false},
		"no goal":                     {6 * mib, 0, 9 * mib, mib, false},
	} {
		if got := worthCollecting(c.live, c.goal, c.now, c.grown); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCleanerCollectsAfterTicks(t *testing.T) {
	forced := func() uint64 {
		s := []metrics.Sample{{Name: "/gc/cycles/forced:gc-cycles"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error)
	c := newCleaner(4 * time.Millisecond)
	go func() { done <- c.run(ctx) }()
	began := forced()
	for deadline := time.Now().Add(10 * time.Second); forced() == began; {
		if time.Now().After(deadline) {
			t.Fatal("nothing is collected")
		}
		c.before = 0 // all that was ever allocated is of this tick
		c.ticked()
		garbage = make([]byte, 1<<20)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

var garbage []byte
