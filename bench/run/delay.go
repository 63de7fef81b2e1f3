package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// commitTime is the daemon's own word for when the tick before was committed.
const commitTime = "monitord_tick_commit_timestamp_seconds"

// settling is how long the daemon is left alone first: after a start no alert
// resolves by absence until the lookback, 30 s, is full of ticks again.
const settling = 35 * time.Second

// subscribers is how many follow the ticks and the alerts.
const subscribers = 10

// delays measures how long after the commit of a tick its messages arrive and its
// hooks start, with a hundred rules and ten subscribers: with the data in memory,
// where the journal's sync costs nothing, and on the disk, where it does.
func delays(ctx context.Context, p plan, t *table) error {
	if memory, err := os.MkdirTemp("/dev/shm", "monitord-bench-"); err == nil {
		defer os.RemoveAll(memory)
		inMemory := p
		inMemory.dir = memory
		if err := delaysIn(ctx, inMemory, "data in memory, nothing to sync", t); err != nil {
			return err
		}
	}
	if err := delaysIn(ctx, p, "data on the disk, sync included", t); err != nil {
		return err
	}
	sync, err := syncs(p.dir)
	if err != nil {
		return err
	}
	t.row("of which: 512 B written and synced, here", percentiles(sync), "")
	return nil
}

func delaysIn(ctx context.Context, p plan, where string, t *table) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	stamps := filepath.Join(p.dir, "stamps")
	s, err := startDaemon(ctx, p, -1, hundredRules()+fmt.Sprintf(`
[[alerts.hooks]]
name = "stamp"
type = "exec"
command = [%q, %q, %q]
`, self, stampCommand, stamps))
	if err != nil {
		return err
	}
	defer s.stop()
	if err := sleep(ctx, settling); err != nil {
		return err
	}
	listening, cancel := context.WithTimeout(ctx, p.delay)
	defer cancel()
	frames := make([][]frame, subscribers)
	fails := make(chan error, subscribers)
	for i := range frames {
		go func() {
			fails <- listen(listening, s, streamPath(true, "up", commitTime), func(f frame) { frames[i] = append(frames[i], f) })
		}()
	}
	for range frames {
		err = errors.Join(err, <-fails)
	}
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	var seen []*observation
	for _, list := range frames {
		o := newObservation()
		for _, f := range list {
			m, err := f.message()
			if err != nil {
				return err
			}
			o.take(m)
		}
		seen = append(seen, o)
	}
	return report(seen, where, s, stamps, t)
}

// observation is what one subscriber saw.
type observation struct {
	begin     int64 // the newest tick when it was told hello: what is older was not sent as it came
	ids       map[uint32]string
	values    map[int64]int64 // tick, milliseconds → arrival of its value, nanoseconds
	committed map[int64]int64 // tick → its commit
	alerts    map[uint64]arrived
}

func newObservation() *observation {
	return &observation{ids: map[uint32]string{}, values: map[int64]int64{}, committed: map[int64]int64{}, alerts: map[uint64]arrived{}}
}

const interval = 1000 // of the daemon's ticks, milliseconds

func (o *observation) take(m arrived) {
	switch m.Op {
	case "hello":
		o.begin = m.T
	case "subscribed":
		o.ids[m.Sub] = m.ID
	case "samples":
		if m.T <= o.begin {
			return
		}
		if o.ids[m.Sub] == "query=up" {
			o.values[m.T] = m.at
			return
		}
		if len(m.V) != 1 {
			return
		}
		if at, ok := m.V[0].(float64); ok {
			o.committed[m.T-interval] = int64(at * 1e9)
		}
	case "alert":
		if !m.Current && (m.Event == "firing" || m.Event == "resolved") {
			o.alerts[m.Seq] = m
		}
	}
}

var errNothing = errors.New("nothing to measure")

func report(seen []*observation, where string, s *server, stampPath string, t *table) error {
	stamps, err := readStamps(stampPath)
	if err != nil {
		return fmt.Errorf("%w; the daemon said: %s", err, s.said)
	}
	var commits, values, alerts, hooks []float64
	for i, o := range seen {
		for tick, at := range o.values {
			if commit, ok := o.committed[tick]; ok {
				values = append(values, milliseconds(at-commit))
				if i == 0 {
					commits = append(commits, milliseconds(commit-tick*int64(time.Millisecond)))
				}
			}
		}
		for seq, e := range o.alerts {
			commit, ok := o.committed[e.T]
			if !ok {
				continue
			}
			alerts = append(alerts, milliseconds(e.at-commit))
			if at, ok := stamps[seq]; ok && i == 0 {
				hooks = append(hooks, milliseconds(at-commit))
			}
		}
	}
	if len(values) == 0 || len(alerts) == 0 || len(hooks) == 0 {
		return fmt.Errorf("%w: %d ticks, %d alerts, %d hooks of known commit; the daemon said: %s",
			errNothing, len(values), len(alerts), len(hooks), s.said)
	}
	t.heading("Delay, %s: %d ticks, %d subscribers, %d alerts, %d hooks: median / p99 / most",
		where, len(commits), len(seen), len(alerts)/len(seen), len(hooks))
	t.row("from a tick's commit to its message at a subscriber", percentiles(values), "10 ms at p99")
	t.row("from the commit to the alert at a subscriber", percentiles(alerts), "10 ms at p99, the sync apart")
	t.row("from the commit to the hook's first instruction", percentiles(hooks), "50 ms at p99")
	t.row("before that: from the tick's time to its commit", percentiles(commits), "")
	return nil
}

// syncs measures what the journal waits for, by doing the same: short appends
// within space that is allocated, each followed by fdatasync.
func syncs(dir string) ([]float64, error) {
	f, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fd := int(f.Fd())
	if err := syscall.Fallocate(fd, 0, 0, 4<<20); err != nil {
		return nil, fmt.Errorf("allocate %s: %w", f.Name(), err)
	}
	took := make([]float64, 0, 200)
	record := make([]byte, 512)
	for range cap(took) {
		began := time.Now()
		if _, err := f.Write(record); err != nil {
			return nil, err
		}
		if err := syscall.Fdatasync(fd); err != nil {
			return nil, fmt.Errorf("sync %s: %w", f.Name(), err)
		}
		took = append(took, milliseconds(time.Since(began).Nanoseconds()))
	}
	return took, nil
}

func milliseconds(ns int64) float64 { return float64(ns) / 1e6 }

func percentiles(values []float64) string {
	return fmt.Sprintf("%.2f / %.2f / %.2f ms", quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1))
}
