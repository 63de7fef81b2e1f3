package hooks

import (
	"context"
	"testing"
	"time"
)

// arriving is a receiver that says when it is called.
type arriving chan time.Time

func (a arriving) send(context.Context, *message) outcome {
	a <- time.Now()
	return outcome{}
}

func (arriving) target() string { return "" }

func (arriving) close() {}

// BenchmarkStart is the time from an event on disk to the start of its delivery.
// The sync before it is sync-ns/op.
func BenchmarkStart(b *testing.B) {
	log, _ := openLog(b, b.TempDir())
	calls := make(arriving)
	start(b, log, with("ops", calls))
	var synced, began time.Duration
	for b.Loop() {
		before := time.Now()
		write(b, log, firing("A"))
		durable := time.Now()
		began += (<-calls).Sub(durable)
		synced += durable.Sub(before)
	}
	b.ReportMetric(float64(began.Nanoseconds())/float64(b.N), "start-ns/op")
	b.ReportMetric(float64(synced.Nanoseconds())/float64(b.N), "sync-ns/op")
}
