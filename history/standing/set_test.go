package standing

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"monitord/history"
)

func TestOneQueryForOneExpression(t *testing.T) {
	set := New(openHistory(t, t.TempDir()), Config{Interval: time.Second, MaxQueries: 10})
	a, err := set.Get(`sum by (x,y) (up{a="1",b="2"})`, 0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := set.Get(`sum  by(y,x)(up{b="2", a='1'})`, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	c, err := set.Get(`sum by (x,y) (up{a="1",b="2"})`, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if a != b || a == c || set.Len() != 2 || c.Every() != 5*time.Second {
		t.Errorf("%p %p %p, %d queries", a, b, c, set.Len())
	}
	if due := set.Due(start + 1000); !slices.Equal(due, []*Query{a}) {
		t.Errorf("due: %v", due)
	}
	if due := set.Due(start); !slices.Equal(due, []*Query{a, c}) {
		t.Errorf("due: %v", due)
	}
}

func TestWhatIsRefused(t *testing.T) {
	set := New(openHistory(t, t.TempDir()), Config{Interval: 2 * time.Second, MaxQueries: 1})
	for _, tt := range []struct {
		expr  string
		every time.Duration
		err   error
	}{
		{"sum(", 0, ErrBadQuery},
		{"up[5m]", 0, ErrBadQuery},
		{`"text"`, 0, ErrBadQuery},
		{"max_over_time(up[1y:1ms])", 0, ErrBadQuery},
		{"up", time.Second, ErrBadEvery},
		{"up", -2 * time.Second, ErrBadEvery},
		{"up", 48 * time.Hour, ErrBadEvery},
		{"up", 4 * time.Second, nil},
		{"up", 2 * time.Second, ErrTooMany},
	} {
		if _, err := set.Get(tt.expr, tt.every); !errors.Is(err, tt.err) {
			t.Errorf("%s every %s: %v, want %v", tt.expr, tt.every, err, tt.err)
		}
	}
}

func TestAQueryLivesOnForAMinute(t *testing.T) {
	db := openHistory(t, t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		set := New(db, Config{Interval: time.Second, MaxQueries: 2})
		get := func(expr string) *Query {
			t.Helper()
			q, err := set.Get(expr, 0)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		q := get("up")
		get("up")
		q.Release()
		time.Sleep(2 * time.Minute)
		if got := set.Lapsed(); len(got) != 0 {
			t.Errorf("lapsed though somebody holds it: %v", got)
		}
		q.Release()
		time.Sleep(59 * time.Second)
		if got := set.Lapsed(); len(got) != 0 || len(set.Due(start)) != 1 {
			t.Errorf("lapsed too soon: %v", got)
		}
		if get("up") != q {
			t.Error("who comes back gets another query")
		}
		q.Release()
		time.Sleep(time.Minute)
		if got := set.Lapsed(); !slices.Equal(got, []*Query{q}) || set.Len() != 0 {
			t.Errorf("lapsed: %v", got)
		}
		if got := set.Lapsed(); len(got) != 0 {
			t.Errorf("lapsed twice: %v", got)
		}

		first, second := get("a"), get("b")
		first.Release()
		time.Sleep(time.Second)
		second.Release()
		get("c") // makes room where nobody is
		if got := set.Lapsed(); !slices.Equal(got, []*Query{first}) {
			t.Errorf("made room: %v", got)
		}
	})
}

func TestTooWideAResult(t *testing.T) {
	db := openHistory(t, t.TempDir())
	set := New(db, Config{Interval: time.Second, MaxQueries: 2, MaxColumns: 1})
	q, err := set.Get(`vector(1) or label_replace(vector(1), "a", "b", "", "")`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Eval(t.Context(), start); err == nil {
		t.Error("two series where one is allowed")
	}
	var qe *history.QueryError
	many, err := set.Get("vector(1) + on () (vector(1) or label_replace(vector(1), \"a\", \"b\", \"\", \"\"))", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := many.Eval(t.Context(), start); !errors.As(err, &qe) {
		t.Errorf("many to one: %v", err)
	}
}
