package history

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// A result does not change when its samples move from the head to a block, nor
// over a restart: not even the order in which floats are summed does.
func TestBlocksGiveTheSame(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(20)
	random := rand.New(rand.NewPCG(3, 4))
	exprs := []string{"sum(load)", "stddev(load)", "sum(rate(load[2m]))", "avg_over_time(load[4m])", "quantile(0.3, load)"}
	then := make(map[string]string)
	end := start + 3*time.Hour.Milliseconds()
	for ts := start; ts < end; ts += 20_000 {
		b := h.batch(ts)
		random.Shuffle(len(b.Points), func(i, j int) { b.Points[i], b.Points[j] = b.Points[j], b.Points[i] })
		for i := range b.Points {
			if b.Points[i].Series != h.up {
				b.Points[i].V = random.NormFloat64() * 1e10
			}
		}
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		if ts%620_000 == 0 {
			for _, expr := range exprs {
				then[fmt.Sprint(expr, " @ ", ts)] = instant(t, db, expr, ts)
			}
		}
	}
	check := func(when string) {
		t.Helper()
		for ts := start; ts < end; ts += 20_000 {
			for _, expr := range exprs {
				want, ok := then[fmt.Sprint(expr, " @ ", ts)]
				if !ok {
					continue
				}
				if got := instant(t, db, expr, ts); got != want {
					t.Errorf("%s: %s at %d: %s, want %s", when, expr, ts, got, want)
				}
			}
		}
	}
	check("at once")
	if err := db.disk.db.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := db.Stats()
	if s.Blocks < 2 || s.Oldest != start || s.Newest != end-20_000 || s.Bytes == 0 {
		t.Errorf("after compaction: %+v", s)
	}
	check("in blocks")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	check("after a restart")
	if db.Last() != end-20_000 {
		t.Errorf("newest tick after a restart is %d, want %d", db.Last(), end-20_000)
	}
}
