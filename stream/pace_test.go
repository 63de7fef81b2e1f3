package stream

import (
	"sync"
	"time"
)

// eachMillisecond calls f with 1, 2, 3 and so on until it is stopped.
func eachMillisecond(f func(n int64)) (stop func()) {
	over := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for n := int64(1); ; n++ {
			select {
			case <-over:
				return
			case <-tick.C:
				f(n)
			}
		}
	})
	return func() {
		close(over)
		running.Wait()
	}
}
