package history

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"

	"monitord/metric"
)

// childTask names the environment variable that turns the test binary into a
// process to be killed or to be starved of disk.
const childTask = "MONITORD_HISTORY_CHILD"

func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		if err := runChild(task, os.Getenv("MONITORD_HISTORY_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// A host makes batches: up, and n series of load.
type host struct {
	reg    *metric.Registry
	up     *metric.Series
	series []*metric.Series
}

var (
	upDesc   = metric.NewDesc("up", metric.Gauge, "", "Whether the tick was taken.")
	loadDesc = metric.NewDesc("load", metric.Gauge, "", "A load.", "core")
)

func newHost(n int) *host {
	h := &host{reg: metric.NewRegistry(labels.FromStrings("job", "node", "instance", "test"))}
	h.up = h.reg.Series(upDesc)
	for i := range n {
		h.series = append(h.series, h.reg.Series(loadDesc, fmt.Sprint(i)))
	}
	return h
}

// batch gives series i the value t/1000+i.
func (h *host) batch(t int64) metric.Batch {
	b := metric.Batch{T: t, Points: []metric.Point{{Series: h.up, V: 1}}}
	for i, s := range h.series {
		b.Points = append(b.Points, metric.Point{Series: s, V: float64(t/1000 + int64(i))})
	}
	return b
}

func open(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := Open(Options{Dir: dir, Config: DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func appendAll(t *testing.T, db *DB, h *host, from, to int64) {
	t.Helper()
	for ts := from; ts <= to; ts += 1000 {
		if err := db.Append(h.batch(ts)); err != nil {
			t.Fatal(err)
		}
	}
}

// instant returns the result of an expression as text.
func instant(t *testing.T, db *DB, expr string, ts int64) string {
	t.Helper()
	vs, err := db.Instant(context.Background(), expr, ts)
	if err != nil {
		t.Fatalf("%s at %d: %v", expr, ts, err)
	}
	s := ""
	for _, v := range vs {
		s += fmt.Sprintf("%s=%v;", v.Labels.Get("core"), v.V)
	}
	return s
}

func ticks(t *testing.T, db *DB, from, to int64) []int64 {
	t.Helper()
	ts, err := db.Ticks(context.Background(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// start is a time that blocks begin at.
const start = int64(1763683200000)
