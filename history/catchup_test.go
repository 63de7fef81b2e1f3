package history

import (
	"context"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// What rules make of the newest tick comes after the tick. It is on disk like the
// rest when the disk was catching up in between.
func TestRulesWriteWhileTheDiskCatchesUp(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(1)
	rule := labels.FromStrings(model.MetricNameLabel, "rule")
	db.write.Lock()
	db.fail("test", context.DeadlineExceeded)
	db.write.Unlock()
	const last = start + 20_000
	for ts := start; ts <= last; ts += 1000 {
		if err := db.Append(h.batch(ts)); err == nil {
			t.Fatal("the disk took it")
		}
		if ts == last {
			if err := db.reopen(); err != nil {
				t.Fatal(err)
			}
			if _, err := db.copyBeside(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.AppendValues(ts, []metric.Value{{Labels: rule, V: 1}}, nil); err == nil {
			t.Fatal("the disk took it")
		}
	}
	if _, err := db.catchUp(); err != nil {
		t.Fatal(err)
	}
	if err := db.closeRetired(); err != nil {
		t.Fatal(err)
	}
	for _, expr := range []string{"count_over_time(rule[1m])", "count_over_time(up[1m])"} {
		if got := instant(t, db, expr, last); got != "=21;" {
			t.Errorf("%s is %q, want 21", expr, got)
		}
	}
}
