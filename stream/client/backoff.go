package client

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Bounds of the time between two attempts.
const (
	minBackoff = 250 * time.Millisecond
	maxBackoff = 30 * time.Second
	maxRetry   = 5 * time.Minute // that a server may ask for
)

// steady is how long a connection must have lived for the next failure to count
// as the first.
const steady = 10 * time.Second

// backoff decides how long to wait before the next attempt. The zero value is at
// the beginning.
type backoff struct{ failures int }

// next returns the time to wait after a connection that lived so long and ended
// so that the server asked for a pause (0: it did not). random is in [0, 1).
func (b *backoff) next(lived, asked time.Duration, random float64) time.Duration {
	if lived >= steady {
		b.failures = 0
	}
	b.failures++
	if asked > 0 {
		// The server has spread these hints over its clients already.
		return min(asked, maxRetry)
	}
	d := minBackoff
	for range b.failures - 1 {
		if d *= 2; d >= maxBackoff {
			d = maxBackoff
			break
		}
	}
	return d/2 + time.Duration(random*float64(d/2))
}

func (b *backoff) wait(lived, asked time.Duration) time.Duration {
	return b.next(lived, asked, rand.Float64())
}

// retryIn reads the hint at the end of a closing reason, retry=MS.
func retryIn(reason string) time.Duration {
	i := strings.LastIndex(reason, "retry=")
	if i < 0 {
		return 0
	}
	ms, err := strconv.ParseUint(reason[i+len("retry="):], 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(ms)*time.Millisecond, maxRetry)
}
