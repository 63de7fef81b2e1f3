package hooks

import (
	"context"
	"fmt"
	"testing"
	"time"

	"monitord/alerts"
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

// BenchmarkExpiredRepeat reads what a repeat of a full group says, of alerts that
// fire for longer than their events are kept, among more and more that fire.
func BenchmarkExpiredRepeat(b *testing.B) {
	for _, n := range []int{256, 1024, 4096} {
		b.Run(fmt.Sprint(n, " fire"), func(b *testing.B) {
			log, _ := openLog(b, b.TempDir())
			events := make([]alerts.Event, n)
			j := job{repeat: 1}
			for i := range events {
				events[i] = hooktest.Firing(fmt.Sprint("A", i))
				if i < maxGroup {
					j.seqs, j.keys = append(j.seqs, uint64(i+1)), append(j.keys, events[i].Key())
				}
			}
			write(b, log, events...)
			l := &expiring{Log: log}
			l.first.Store(log.Last() + 1)
			r := &Runner{log: l}
			b.ReportAllocs()
			for b.Loop() {
				if list, err := r.eventsOf(j); err != nil || len(list) != maxGroup {
					b.Fatal(len(list), err)
				}
			}
		})
	}
}
