package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
	"monitord/stream/feed"
)

// tickDriver takes each batch of samples through its life: stored, judged by the
// rules, handed to the journal and to the stream.
type tickDriver struct {
	history  *history.DB
	rules    *alerts.Engine
	recorder *alerts.Recorder
	feed     *feed.Feed
	stages   *stages
	first    func() // after the first tick; once

	turns atomic.Uint64 // ticks that went through all of it
	ended atomic.Int64  // when the last one had, Unix nanoseconds; 0 while one is under way

	mu     sync.Mutex   // guards newest
	newest metric.Batch // the last tick, results of rules included
}

// tick is called by the sampler, by one goroutine, for every tick.
func (d *tickDriver) tick(ctx context.Context, b metric.Batch) {
	begin := time.Now()
	d.ended.Store(0)
	// The history reports its own faults, once; the tick can be queried either way.
	_ = d.history.Append(b)
	committed := time.Now()

	out := d.rules.Eval(ctx, b.T)
	d.recorder.Add(out)
	judged := time.Now()

	all := metric.Batch{
		T:      b.T,
		Points: append(b.Points[:len(b.Points):len(b.Points)], out.Batch.Points...),
		Ended:  append(b.Ended[:len(b.Ended):len(b.Ended)], out.Batch.Ended...),
	}
	d.mu.Lock()
	d.newest = all
	d.mu.Unlock()
	d.feed.Tick(ctx, all)

	d.stages.commit.Store(int64(committed.Sub(begin)))
	d.stages.rules.Store(int64(judged.Sub(committed)))
	d.stages.publish.Store(int64(time.Since(judged)))
	d.stages.committed.Store(committed.UnixNano())
	d.turns.Add(1)
	d.ended.Store(time.Now().UnixNano())
	d.first()
}

// pulse moves with every tick, and while the next one is not yet overdue: ticks
// may be further apart than the watchdog's time.
func (d *tickDriver) pulse(interval time.Duration) func() uint64 {
	return func() uint64 {
		if now, ended := time.Now().UnixNano(), d.ended.Load(); ended > 0 && now-ended < int64(2*interval) {
			return uint64(now)
		}
		return d.turns.Load()
	}
}

// appendResults stores what rules wrote at the tick at hand.
func (d *tickDriver) appendResults(b metric.Batch) error {
	values := make([]metric.Value, len(b.Points))
	for i, p := range b.Points {
		values[i] = metric.Value{Labels: p.Series.Labels, V: p.V}
	}
	ended := make([]labels.Labels, len(b.Ended))
	for i, s := range b.Ended {
		ended[i] = s.Labels
	}
	return d.history.AppendValues(b.T, values, ended)
}

// last returns the newest tick.
func (d *tickDriver) last() metric.Batch {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.newest
}
