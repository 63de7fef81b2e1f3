package collectors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/common"

	"monitord/metric"
)

// stopGrace is how long Run waits for readings between ticks to take notice that
// it ends. One that hangs is left behind.
const stopGrace = time.Second

// A Sampler takes the ticks. Make it with [New] and let it [Sampler.Run] once.
type Sampler struct {
	interval time.Duration
	log      *slog.Logger
	clock    *anchor
	env      common.EnvMap // where gopsutil finds the host

	quick      *quickRunner
	background []*backgroundTask
	records    []*record
	batch      batcher

	mu    sync.Mutex // guards stats
	stats Stats
}

// New returns a sampler of this host. clock is nil for the host's. extra
// collectors run at each tick, after those of the host; they must be as quick.
func New(cfg Config, reg *metric.Registry, log *slog.Logger, clock Clock, extra ...Collector) (*Sampler, error) {
	src := hostSources()
	if clock != nil {
		src.clock = clock
	}
	return newSampler(cfg, reg, log, src, extra...)
}

func newSampler(cfg Config, reg *metric.Registry, log *slog.Logger, src sources, extra ...Collector) (*Sampler, error) {
	if err := errors.Join(cfg.Validate()...); err != nil {
		return nil, err
	}
	quick, slow, err := subjects(cfg, src, log)
	if err != nil {
		return nil, fmt.Errorf("set up collectors: %w", err)
	}
	s := &Sampler{
		interval: cfg.Interval,
		log:      log,
		clock:    newAnchor(src.clock),
		env:      common.EnvMap{common.HostProcEnvKey: src.procRoot, common.HostSysEnvKey: src.sysRoot},
		quick:    newQuickRunner(reg, cfg.Interval),
		batch:    batcher{reg: reg},
	}
	for _, c := range append(quick, extra...) {
		r := newRecord(c, log)
		s.records = append(s.records, r)
		s.quick.add(c, r)
	}
	for _, c := range slow {
		r := newRecord(c, log)
		s.records = append(s.records, r)
		s.background = append(s.background, newBackgroundTask(c, r, roundUp(c.every, cfg.Interval)))
	}
	return s, nil
}

// Resume takes what the history had at its last tick (Unix milliseconds), before
// Run: counters of the host that have fallen since then go on from there, unless
// the machine was started again.
func (s *Sampler) Resume(last int64, values []metric.Value) { s.batch.falls.resume(last, values) }

// Run takes ticks and hands each batch to deliver, until ctx is done; then it
// returns nil. deliver is called by one goroutine; while it runs no tick is
// taken, and those that it makes more than half an interval late are left out.
func (s *Sampler) Run(ctx context.Context, deliver func(context.Context, metric.Batch)) (err error) {
	host := context.WithValue(ctx, common.EnvKey, s.env)
	start := s.read()
	var readers sync.WaitGroup
	for _, t := range s.background {
		readers.Go(func() { t.run(host) })
		t.kick(start.t, start.awake)
	}
	defer func() {
		s.waitFor(&readers)
		if closing := s.quick.stop(); closing != nil {
			err = fmt.Errorf("stop collectors: %w", closing)
		}
	}()

	var before moment // of the tick before
	next := tickAfter(start.t, s.interval)
	for {
		now, due, ok := s.sleepUntil(ctx, next)
		if !ok {
			return nil
		}
		b := s.take(host, due, now)
		if before != (moment{}) {
			b.Step = s.step(before, now)
		}
		before = now
		deliver(ctx, b)
		s.delivered(b)
		for _, t := range s.background {
			t.kick(due, now.awake)
		}
		next = s.skipOverdue(due.Add(s.interval), now, s.read(), overran)
	}
}

// read reads the daemon's clock.
func (s *Sampler) read() moment {
	m := s.clock.read()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Ahead = s.clock.off
	return m
}

// step returns by how much the daemon's clock was set between two ticks; 0 if it
// was by less than shows in them.
func (s *Sampler) step(before, now moment) time.Duration {
	d := stepped(before, now)
	if d.Abs() <= s.interval/2 {
		return 0
	}
	s.log.Warn("the clock was set, ticks follow it", "by", d)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Steps++
	return d
}

// sleepUntil returns when a tick is to be taken: next, or a later one if that
// time has passed unseen, or an earlier one if the clock has been set back. It
// returns false when ctx is done.
func (s *Sampler) sleepUntil(ctx context.Context, next time.Time) (now moment, due time.Time, ok bool) {
	for {
		before := s.read()
		d := next.Sub(before.t)
		if d > 2*s.interval {
			next = tickAfter(before.t, s.interval)
			continue
		}
		if d > s.interval+s.interval/2 {
			s.missed(next, 1, clock)
		}
		// Never more than an interval at a time, to notice that the clock was set.
		if !wait(ctx, min(d, s.interval)) {
			return moment{}, time.Time{}, false
		}
		now := s.read()
		if now.t.Before(next) {
			continue
		}
		due := s.skipOverdue(next, before, now, late)
		if due.Equal(next) {
			return now, due, true
		}
		next = due
	}
}

// skipOverdue counts the ticks from next on that cannot be taken any more, and
// returns the first that can. They are put down to the reason, unless the clock
// has leapt since before.
func (s *Sampler) skipOverdue(next time.Time, before, now moment, why reason) time.Time {
	n := overdue(next, now.t, s.interval)
	if n == 0 {
		return next
	}
	if stepped(before, now)+slept(before, now) > s.interval/2 {
		why = clock
	}
	s.missed(next, n, why)
	return next.Add(time.Duration(n) * s.interval)
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (s *Sampler) take(ctx context.Context, tick time.Time, now moment) metric.Batch {
	start := time.Now()
	s.batch.begin()
	s.quick.collect(ctx, &s.batch)
	for _, t := range s.background {
		t.adopt(now.awake, &s.batch)
	}
	return s.batch.finish(tick, time.Since(start))
}

func (s *Sampler) delivered(b metric.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Ticks++
	s.stats.Last = b.T
	s.stats.Points = len(b.Points)
	s.stats.Dropped = s.batch.dropped
}

func (s *Sampler) missed(from time.Time, n int64, why reason) {
	s.mu.Lock()
	s.stats.Missed.add(why, uint64(n))
	s.mu.Unlock()
	s.log.Debug("ticks left out", "from", from, "count", n, "reason", why)
}

// Stats may be called at any time by any goroutine.
func (s *Sampler) Stats() Stats {
	s.mu.Lock()
	stats := s.stats
	s.mu.Unlock()
	for _, r := range s.records {
		stats.Collectors = append(stats.Collectors, r.snapshot())
	}
	return stats
}

func (s *Sampler) waitFor(readers *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		readers.Wait()
		close(done)
	}()
	timer := time.NewTimer(stopGrace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
