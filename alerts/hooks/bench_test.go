package hooks

import (
	"context"
	"testing"
	"time"

	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
)

// arriving is a receiver that says when it is called.
type arriving chan time.Time

func (a arriving) Send(context.Context, *message.Message) send.Outcome {
	a <- time.Now()
	return send.Outcome{}
}

func (arriving) Target() string { return "" }

func (arriving) Close() {}

// BenchmarkStart is the time from an event on disk to the start of its delivery.
// The sync before it is sync-ns/op.
func BenchmarkStart(b *testing.B) {
	log, _ := openLog(b, b.TempDir())
	calls := make(arriving)
	start(b, log, with("ops", calls))
	var synced, began time.Duration
	for b.Loop() {
		before := time.Now()
		write(b, log, hooktest.Firing("A"))
		durable := time.Now()
		began += (<-calls).Sub(durable)
		synced += durable.Sub(before)
	}
	b.ReportMetric(float64(began.Nanoseconds())/float64(b.N), "start-ns/op")
	b.ReportMetric(float64(synced.Nanoseconds())/float64(b.N), "sync-ns/op")
}
