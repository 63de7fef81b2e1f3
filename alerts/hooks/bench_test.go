package hooks

import (
	"context"
	"testing"
	"time"

	"monitord/alerts"
)

// arriving is a receiver that says when it is called.
type arriving chan time.Time

func (a arriving) send(context.Context, *message) outcome {
	a <- time.Now()
	return outcome{}
}

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

// BenchmarkExec is a whole delivery to a program that does nothing.
func BenchmarkExec(b *testing.B) {
	s := &execSender{command: []string{"/bin/true"}}
	m := messageOf(b, golden())
	b.ReportAllocs()
	for b.Loop() {
		if o := s.send(context.Background(), m); o.err != nil {
			b.Fatal(o.err)
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	e := golden()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := testOrigin.compose(draft{hook: "ops", events: []alerts.Event{e}}); err != nil {
			b.Fatal(err)
		}
	}
}
