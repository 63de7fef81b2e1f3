package collectors

import (
	"testing"
	"time"
)

func TestTickAfter(t *testing.T) {
	tests := []struct {
		now      int64
		interval time.Duration
		want     int64
	}{
		{0, time.Second, 1000},
		{999, time.Second, 1000},
		{1000, time.Second, 2000},
		{1763683200001, 15 * time.Second, 1763683215000},
		{1500, 1500 * time.Millisecond, 3000},
	}
	for _, test := range tests {
		if got := tickAfter(time.UnixMilli(test.now), test.interval).UnixMilli(); got != test.want {
			t.Errorf("after %d each %s: %d, want %d", test.now, test.interval, got, test.want)
		}
	}
}

func TestOverdue(t *testing.T) {
	next := time.UnixMilli(10_000)
	for late, want := range map[time.Duration]int64{
		-5 * time.Second:        0,
		0:                       0,
		500 * time.Millisecond:  0,
		501 * time.Millisecond:  1,
		1500 * time.Millisecond: 1,
		1501 * time.Millisecond: 2,
		time.Hour:               3600,
	} {
		n := overdue(next, next.Add(late), time.Second)
		if n != want {
			t.Errorf("%s late: %d overdue, want %d", late, n, want)
		}
		if again := overdue(next.Add(time.Duration(n)*time.Second), next.Add(late), time.Second); again != 0 {
			t.Errorf("%s late: still %d overdue after leaving %d out", late, again, n)
		}
	}
}
