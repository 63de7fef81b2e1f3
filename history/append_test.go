package history

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"monitord/metric"
)

func TestWhatIsAppendedIsSeenAtOnce(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(2)
	if db.Last() != 0 {
		t.Errorf("an empty history's newest tick is %d", db.Last())
	}
	for ts := start; ts < start+10_000; ts += 1000 {
		if err := db.Append(h.batch(ts)); err != nil {
			t.Fatal(err)
		}
		if got := ticks(t, db, start, ts); int64(len(got)) != (ts-start)/1000+1 || got[len(got)-1] != ts {
			t.Fatalf("ticks up to %d: %v", ts, got)
		}
	}
	if got, want := instant(t, db, `load - on() group_left() (time() - 9)`, start+9000), "0=9;1=10;"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if db.Last() != start+9000 {
		t.Errorf("newest tick is %d", db.Last())
	}
	if s := db.Stats(); !s.Writable || s.Commits != 10 || s.Series != 3 || s.CommitErrors+s.Rejected != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestEndedSeriesEndAtOnce(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(2)
	appendAll(t, db, h, start, start+5000)
	gone := h.series[1]
	h.series = h.series[:1]
	b := h.batch(start + 6000)
	b.Ended = []*metric.Series{gone}
	if err := db.Append(b); err != nil {
		t.Fatal(err)
	}
	if got := instant(t, db, "count(load)", start+5000); got != "=2;" {
		t.Errorf("before: %s", got)
	}
	if got := instant(t, db, "count(load)", start+6000); got != "=1;" {
		t.Errorf("at the tick: %s", got)
	}
	if _, kept := db.disk.refs[gone]; kept {
		t.Error("the reference of a series that ended is kept")
	}
	h.reg.Retire(b.Ended)
	h.series = append(h.series, h.reg.Series(loadDesc, "1"))
	appendAll(t, db, h, start+7000, start+7000)
	if got := instant(t, db, "count(load)", start+7000); got != "=2;" {
		t.Errorf("after it came back: %s", got)
	}
}

func TestValuesOfRules(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(1)
	appendAll(t, db, h, start, start)
	alert := labels.FromStrings(model.MetricNameLabel, "ALERTS", "alertname", "X")
	if err := db.AppendValues(start, []metric.Value{{Labels: alert, V: 1}}, nil); err != nil {
		t.Fatal(err)
	}
	if got := instant(t, db, "ALERTS", start); got != "=1;" {
		t.Errorf("at its tick: %q", got)
	}
	if s := db.Stats(); s.Commits != 1 {
		t.Errorf("%d ticks counted, want 1", s.Commits)
	}
	appendAll(t, db, h, start+1000, start+1000)
	if err := db.AppendValues(start+1000, nil, []labels.Labels{alert}); err != nil {
		t.Fatal(err)
	}
	if got := instant(t, db, "ALERTS", start+1000); got != "" {
		t.Errorf("after it ended: %q", got)
	}
}

func TestOneBadSampleSpoilsNoTick(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(1)
	appendAll(t, db, h, start, start)
	b := h.batch(start)
	b.Points[0].V = 7 // a second value for the same time
	b.Points = append(b.Points, metric.Point{Series: h.reg.Intern(labels.EmptyLabels()), V: 1})
	h2 := newHost(3)
	b.Points = append(b.Points, metric.Point{Series: h2.series[2], V: 42})
	if err := db.Append(b); err != nil {
		t.Fatal(err)
	}
	if s := db.Stats(); s.Rejected != 2 {
		t.Errorf("%d samples rejected, want 2", s.Rejected)
	}
	if got := instant(t, db, `load{core="2"}`, start); got != "2=42;" {
		t.Errorf("the good one: %q", got)
	}
}

func TestClockStepsBack(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(1)
	const day = int64(24 * time.Hour / time.Millisecond)
	appendAll(t, db, h, start, start+3000)
	back := start - day/2
	appendAll(t, db, h, back, back+300_000) // more than one chunk of what is out of order
	if got := len(ticks(t, db, back, back+300_000)); got != 301 {
		t.Errorf("%d ticks out of order, want 301", got)
	}
	if s := db.Stats(); s.MemoryTicks != 0 || s.TooOld != 0 {
		t.Errorf("half a day back: %+v", s)
	}

	far := start - 2*day
	for ts := far; ts <= far+2000; ts += 1000 {
		if err := db.Append(h.batch(ts)); !errors.Is(err, errTooOld) {
			t.Fatalf("two days back: %v", err)
		}
	}
	if got := ticks(t, db, far, far+2000); len(got) != 3 {
		t.Errorf("two days back: ticks %v", got)
	}
	if s := db.Stats(); s.MemoryTicks != 3 || s.TooOld != 3 || !s.Writable {
		t.Errorf("two days back: %+v", s)
	}
	appendAll(t, db, h, start+4000, start+4000)
	if got := ticks(t, db, start, start+10_000); len(got) != 5 {
		t.Errorf("after the clock was set right: %v", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	if got := len(ticks(t, db, back, back+300_000)); got != 301 {
		t.Errorf("%d ticks out of order after a restart, want 301", got)
	}
	if got := ticks(t, db, start, start+10_000); !slices.Equal(got, []int64{start, start + 1000, start + 2000, start + 3000, start + 4000}) {
		t.Errorf("after a restart: %v", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(1)
	appendAll(t, db, h, start, start)
	far := start - int64(72*time.Hour/time.Millisecond)
	for i := range int64(10) { // each steps back further: the present has a memory, the others are gone
		for j := range int64(2) {
			db.Append(h.batch(far - i*60_000 + j*1000))
		}
	}
	if s := db.Stats(); s.MemoryTicks != 2 || s.Dropped != 2*9 {
		t.Errorf("%+v", s)
	}
	if err := db.closeRetired(); err != nil {
		t.Error(err)
	}
}

// brokenLog is an appender whose log takes nothing.
type brokenLog struct{ storage.Appender }

func (brokenLog) Append(storage.SeriesRef, labels.Labels, int64, float64) (storage.SeriesRef, error) {
	return 0, storage.ErrTooOldSample
}

func (brokenLog) Rollback() error { return syscall.EIO }

// A disk that fails while it is told to leave a tick has failed.
func TestLogThatDoesNotTakeSeries(t *testing.T) {
	w := &writer{app: brokenLog{}, t: start}
	w.value(labels.FromStrings("a", "b"), 1)
	if err := w.commit(); !errors.Is(err, syscall.EIO) || errors.Is(err, errTooOld) {
		t.Errorf("error %v", err)
	}
}
