package standing

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

// filled returns a history of some series, a sample a second.
func filled(t testing.TB, series, ticks int) (db *history.DB, last int64) {
	t.Helper()
	db = openHistory(t, t.TempDir())
	registry := metric.NewRegistry(labels.EmptyLabels())
	up := registry.Intern(labels.FromStrings(model.MetricNameLabel, "up"))
	for n := range int64(ticks) {
		b := metric.Batch{T: start + n*1000, Points: []metric.Point{{Series: up, V: 1}}}
		for i := range series {
			s := registry.Intern(labels.FromStrings(model.MetricNameLabel, "a", "i", fmt.Sprint(i)))
			b.Points = append(b.Points, metric.Point{Series: s, V: float64(n)})
		}
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return db, start + int64(ticks-1)*1000
}

func reasonOf(t *testing.T, err error) Reason {
	t.Helper()
	var e *EvalError
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an EvalError", err)
	}
	return e.Reason
}

// What goes beyond a bound says which, and what to do.
func TestBoundsOfOneEvaluation(t *testing.T) {
	db, last := filled(t, 20, 60)
	for _, tt := range []struct {
		config Config
		expr   string
		reason Reason
		key    string
	}{
		{Config{MaxSamples: 50}, "sum(sum_over_time(a[1m]))", Samples, "max_query_samples"},
		{Config{MaxSamples: 10}, "a", Samples, "max_query_samples"},
		{Config{MaxColumns: 10}, "a", Series, "max_query_series"},
		{Config{Timeout: time.Millisecond}, "sum(max_over_time(sum_over_time(a[20s])[1m:1ms]))", Time, "max_query_time"},
		{Config{}, "a + on () a", Execution, ""},
	} {
		tt.config.Interval, tt.config.MaxQueries = time.Second, 1
		set := New(db, tt.config)
		q, err := set.Get(tt.expr, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = q.Eval(t.Context(), last)
		if got := reasonOf(t, err); got != tt.reason || !strings.Contains(err.Error(), tt.key) {
			t.Errorf("%s: %v, %v", tt.expr, got, err)
		}
		if s := set.Stats(); s.Evaluations != 1 || s.Failed[tt.reason.String()] != 1 || s.Time <= 0 {
			t.Errorf("%s: %+v", tt.expr, s)
		}
		rows, err := q.Replay(t.Context(), last-3000, last, 100)
		if err != nil || len(rows) == 0 || reasonOf(t, rows[0].Err) != tt.reason {
			t.Errorf("replay of %s: %v, %v", tt.expr, rows, err)
		}
	}
}

// A query that fails so again and again costs less and less.
func TestAQueryBeyondABoundIsLeftAlone(t *testing.T) {
	db, last := filled(t, 20, 5)
	set := New(db, Config{Interval: time.Second, MaxQueries: 2, MaxSamples: 10})
	for expr, each := range map[string]bool{"a": false, "sum(up)": true, "up + on () a{i=~'1|2'}": true} {
		q, err := set.Get(expr, 0)
		if err != nil {
			t.Fatal(err)
		}
		before := set.Stats()
		for range 10 {
			_, err = q.Eval(t.Context(), last)
		}
		after := set.Stats()
		if n, skipped := after.Evaluations-before.Evaluations, after.Skipped-before.Skipped; (n == 10) != each || n < 2 || n+skipped != 10 {
			t.Errorf("%s: evaluated %d times, %d skipped: %v", expr, n, skipped, err)
		}
		q.Release()
	}
}

func TestRestsBecomeLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rest
		evaluated := 0
		for range 600 { // seconds
			if r.resting() == nil {
				evaluated++
				r.settle(&EvalError{Samples, errors.New("too many samples")})
			}
			time.Sleep(time.Second)
		}
		if evaluated < 10 || evaluated > 20 {
			t.Errorf("evaluated %d times in ten minutes", evaluated)
		}
		if why := r.resting(); why == nil || why.Reason != Samples || !strings.Contains(why.Error(), "too many samples; it has failed") {
			t.Errorf("rests for %v", why)
		}
		r.settle(nil)
		r.settle(&EvalError{Time, errors.New("too slow")})
		if r.resting() != nil {
			t.Error("rests after one failure")
		}
	})
}

// The results of all queries together are bounded, too.
func TestAllResultsTogether(t *testing.T) {
	db, last := filled(t, 10, 5)
	set := New(db, Config{Interval: time.Second, MaxQueries: 1000, MaxColumns: 10})
	var held []*Query
	for i := range togetherTimes {
		q, err := set.Get(fmt.Sprintf("a + %d", i), 0)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := q.Eval(t.Context(), last); err != nil {
				t.Fatal(err)
			}
		}
		held = append(held, q)
	}
	more, err := set.Get("a * 2", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := more.Eval(t.Context(), last); err == nil || reasonOf(t, err) != Series || !strings.Contains(err.Error(), "all standing queries") {
		t.Errorf("one too many: %v", err)
	}
	held[0].Release()
	set.mu.Lock()
	set.evictLocked()
	set.mu.Unlock()
	if _, err := more.Eval(t.Context(), last); err != nil {
		t.Errorf("when another has gone: %v", err)
	}
}

// Where a range is too much at once, a replay takes it in pieces: the rows are
// those of single evaluations.
func TestReplayWithinBounds(t *testing.T) {
	db, last := filled(t, 20, 120)
	set := New(db, Config{Interval: time.Second, MaxQueries: 2, MaxSamples: 400})
	q, err := set.Get("a * 2", 0)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for from := start; ; {
		more, err := q.Replay(t.Context(), from, last, 50)
		if err != nil {
			t.Fatal(err)
		}
		if len(more) == 0 {
			break
		}
		rows = append(rows, more...)
		from = more[len(more)-1].T + 1
	}
	if len(rows) != 120 {
		t.Fatalf("%d rows, want 120", len(rows))
	}
	for _, r := range rows {
		if want, err := q.Eval(t.Context(), r.T); err != nil || r.Err != nil || !same(r.Values, want) {
			t.Fatalf("at %d: %v, %v, want %v, %v", r.T, r.Values, r.Err, want, err)
		}
	}
}
