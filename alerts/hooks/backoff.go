package hooks

import (
	"math/rand/v2"
	"time"
)

const (
	retryMin = time.Second
	retryMax = 5 * time.Minute
)

// backoff is how long to wait after the given number of failed attempts: twice
// as long each time, within a quarter of it either way, so that deliveries that
// failed together do not return together.
func backoff(attempts int) time.Duration {
	d := retryMax
	if shift := max(attempts-1, 0); shift < 9 { // 2^8 s is the last below five minutes
		d = retryMin << shift
	}
	d += time.Duration((rand.Float64() - 0.5) / 2 * float64(d))
	return min(max(d, retryMin), retryMax)
}
