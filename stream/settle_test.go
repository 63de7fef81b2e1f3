package stream

import (
	"testing"
	"time"
)

func TestSettlesAfterABurst(t *testing.T) {
	var s settling
	at := time.Unix(1000, 0)
	for i, step := range []struct {
		come uint64 // in this second
		due  bool
	}{
		{0, false}, {1000, false}, {15, true}, {0, false}, // a burst, then quiet
		{5, false}, {999, false}, {1, false}, // too soon after that
		{0, false}, {0, false}, {0, false}, {0, false}, {0, false}, {0, true},
		{20, false}, {20, false}, {20, false}, {900, false}, {0, false}, {0, false}, // not enough
		{2000, false}, {2000, false}, {2000, false}, {21, false}, {20, true}, // not before it is quiet
	} {
		at = at.Add(time.Second)
		if got := s.due(at, s.last+step.come); got != step.due {
			t.Errorf("second %d: due is %v", i, got)
		}
	}
}
