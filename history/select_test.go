package history

import (
	"errors"
	"slices"
	"testing"

	"monitord/metric"
)

func TestSelectGivesWhatWasStored(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(3)
	appendAll(t, db, h, start, start+2000)
	b := h.batch(start + 3000)
	b.Points, b.Ended = b.Points[:3], []*metric.Series{h.series[2]}
	if err := db.Append(b); err != nil {
		t.Fatal(err)
	}
	sel, err := ParseSelector(`{core=~"1|2"}`)
	if err != nil {
		t.Fatal(err)
	}
	cols, err := db.Select(t.Context(), sel, start+1000, start+3000, 6)
	if err != nil {
		t.Fatal(err)
	}
	if len(cols) != 2 || cols[0].Labels.Get("core") != "1" || cols[1].Labels.Get("core") != "2" {
		t.Fatalf("columns: %v", cols)
	}
	sec := float64(start / 1000)
	if c := cols[0]; !slices.Equal(c.T, []int64{start + 1000, start + 2000, start + 3000}) || !slices.Equal(c.V, []float64{sec + 2, sec + 3, sec + 4}) || c.Ended != nil {
		t.Errorf("column 1: %+v", c)
	}
	if c := cols[1]; !slices.Equal(c.T, []int64{start + 1000, start + 2000}) || !slices.Equal(c.Ended, []int64{start + 3000}) {
		t.Errorf("column 2: %+v", c)
	}
	if _, err := db.Select(t.Context(), sel, start+1000, start+3000, 5); !errors.Is(err, ErrTooMany) {
		t.Errorf("more samples than asked for: %v", err)
	}
	if all, err := db.Select(t.Context(), Selector{}, start, start, 100); err != nil || len(all) != 4 {
		t.Errorf("everything: %d columns, %v", len(all), err)
	}
	if none, err := db.Select(t.Context(), Selector{}, start+1, start+999, 100); err != nil || len(none) != 0 {
		t.Errorf("between ticks: %v, %v", none, err)
	}
	if none, err := db.Select(t.Context(), Selector{}, start+1, start, 100); err != nil || len(none) != 0 {
		t.Errorf("backwards: %v, %v", none, err)
	}
}

func TestTicksAreTimesOfUp(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(1)
	appendAll(t, db, h, start, start+2000)
	appendAll(t, db, h, start+5000, start+6000)
	other := newHost(0)
	other.reg = metric.NewRegistry(h.up.Labels.DropReserved(func(string) bool { return true }))
	other.up = other.reg.Series(upDesc)
	appendAll(t, db, other, start+8000, start+8000)
	if err := db.Append(metric.Batch{T: start + 9000, Ended: []*metric.Series{other.up}}); err != nil {
		t.Fatal(err)
	}
	if got, want := ticks(t, db, start+1000, start+9000), []int64{start + 1000, start + 2000, start + 5000, start + 6000, start + 8000}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
