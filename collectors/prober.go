package collectors

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/disk"
)

const (
	// maxStuck bounds the threads that mounts which never answer may hold.
	maxStuck = 256

	// probeTurn is how long a mount is waited for before the next is asked too:
	// nearly always one goroutine at a time is enough.
	probeTurn = 20 * time.Millisecond
)

// A prober asks mounts for their figures, each in a goroutine of its own, since
// nothing can interrupt statfs(2). A goroutine that hangs is left alone, and its
// mount is not asked again until it returns. Make it with newProber; probe is
// called by one goroutine at a time.
type prober struct {
	statfs statfsFunc
	log    *slog.Logger

	mu    sync.Mutex          // guards the field below
	asked map[string]struct{} // mount points that have not answered yet
}

// statfsFunc is gopsutil's reading of one file system.
type statfsFunc func(ctx context.Context, path string) (*disk.UsageStat, error)

// A question is put to one mount.
type question struct {
	m      mount
	answer chan *disk.UsageStat // room for one; nil in it: it failed
}

func newProber(statfs statfsFunc, log *slog.Logger) *prober {
	return &prober{statfs: statfs, log: log, asked: make(map[string]struct{})}
}

// probe calls fn for each mount with its figures, or with nil when it failed or
// did not answer before ctx is done.
func (p *prober) probe(ctx context.Context, mounts []mount, fn func(mount, *disk.UsageStat)) {
	turn := time.NewTimer(probeTurn)
	defer turn.Stop()
	var open []question
	for _, m := range mounts {
		q, ok := p.ask(ctx, m)
		if !ok {
			fn(m, nil)
			continue
		}
		turn.Reset(probeTurn)
		select {
		case usage := <-q.answer:
			fn(m, usage)
		case <-turn.C:
			open = append(open, q)
		case <-ctx.Done():
			open = append(open, q)
		}
	}
	for _, q := range open {
		select {
		case usage := <-q.answer:
			fn(q.m, usage)
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				p.log.Warn("mount does not answer: not asked again until it does", "mountpoint", q.m.point)
			}
			fn(q.m, nil)
		}
	}
}

// ask returns false if the mount still owes an answer, or too many others do.
func (p *prober) ask(ctx context.Context, m mount) (question, bool) {
	p.mu.Lock()
	_, waiting := p.asked[m.point]
	if waiting || len(p.asked) >= maxStuck {
		p.mu.Unlock()
		return question{}, false
	}
	p.asked[m.point] = struct{}{}
	p.mu.Unlock()

	q := question{m, make(chan *disk.UsageStat, 1)}
	go func() {
		usage, err := p.statfs(ctx, m.point)
		if err != nil {
			usage = nil
		}
		p.mu.Lock()
		delete(p.asked, m.point)
		p.mu.Unlock()
		q.answer <- usage
	}()
	return q, true
}

// stuck returns how many mounts owe an answer.
func (p *prober) stuck() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}
