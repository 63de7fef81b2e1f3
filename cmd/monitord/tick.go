package main

import (
	"context"
	"sync"
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
	cleaner  *cleaner
	first    func() // after the first tick; once

	ticking turn // a tick, all of it
	judging turn // the rules' part of one

	mu     sync.Mutex   // guards newest
	newest metric.Batch // the last tick, results of rules included
}

// tick is called by the sampler, by one goroutine, for every tick.
func (d *tickDriver) tick(ctx context.Context, b metric.Batch) {
	begin := time.Now()
	d.ticking.begin()
	defer d.ticking.end()
	// The history reports its own faults, once; the tick can be queried either way.
	_ = d.history.Append(b)
	committed := time.Now()

	d.judging.begin()
	d.rules.Observe(b)
	out := d.rules.Eval(ctx, b.T)
	d.judging.end()
	d.recorder.Add(out)
	judged := time.Now()

	all := metric.Batch{
		T: b.T, Step: b.Step,
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
	d.cleaner.ticked()
	d.first()
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
