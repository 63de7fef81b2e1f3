package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

func TestInstantKinds(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(3)
	appendAll(t, db, h, start, start+1000)
	for expr, want := range map[string]string{
		"topk(2, load) - load offset 1s": "1=1;2=1;",
		"sort_desc(load) * 0":            "0=0;1=0;2=0;",
		"scalar(up)":                     "=1;",
		"vector(2)":                      "=2;",
		"nosuch":                         "",
		"0/0":                            "=NaN;",
	} {
		if got := instant(t, db, expr, start+1000); got != want {
			t.Errorf("%s: %s, want %s", expr, got, want)
		}
	}
	for _, expr := range []string{`"text"`, "up[1m]"} {
		if _, err := db.Instant(t.Context(), expr, start); !errors.Is(err, ErrNotVector) {
			t.Errorf("%s: %v", expr, err)
		}
	}
	var qe *QueryError
	if _, err := db.Instant(t.Context(), "up +", start); !errors.As(err, &qe) || qe.Kind != BadQuery {
		t.Errorf("syntax: %v", err)
	}
	if _, err := db.Instant(t.Context(), "up + on () load", start); !errors.As(err, &qe) || qe.Kind != Execution {
		t.Errorf("many to one: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.Instant(canceled, "up", start); !errors.As(err, &qe) || qe.Kind != Canceled {
		t.Errorf("canceled: %v", err)
	}
}

func TestRangeIsInstantsInOneGo(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(2)
	appendAll(t, db, h, start, start+20_000)
	n := 0
	err := db.Evaluator(maxSamples).Range(t.Context(), "rate(load[5s])", start, start+20_000, 5000, func(ls labels.Labels, ps []Point) error {
		for _, p := range ps {
			values, err := db.Instant(t.Context(), "rate(load{core=\""+ls.Get("core")+"\"}[5s])", p.T)
			if err != nil || len(values) != 1 || values[0].V != p.F {
				t.Errorf("%s at %d: %v, %v; the range has %v", ls, p.T, values, err, p.F)
			}
			n++
		}
		return nil
	})
	if err != nil || n != 8 {
		t.Errorf("%d points, %v", n, err)
	}
	stop := errors.New("enough")
	if err := db.Evaluator(maxSamples).Range(t.Context(), "load", start, start+1000, 1000, func(labels.Labels, []Point) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error of the callback: %v", err)
	}
}

func TestQueriesFromOutsideWaitForTheirTurn(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(1)
	appendAll(t, db, h, start, start)
	for range maxConcurrentQueries {
		db.gate <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	var qe *QueryError
	if _, err := db.Query(ctx, Request{Expr: "up", Start: time.UnixMilli(start)}); !errors.As(err, &qe) || qe.Kind != Timeout {
		t.Errorf("all places taken: %v", err)
	}
	if got := instant(t, db, "up", start); got != "=1;" {
		t.Errorf("the daemon's own queries: %q", got)
	}
	<-db.gate
	res, err := db.Query(t.Context(), Request{Expr: "up", Start: time.UnixMilli(start), End: time.UnixMilli(start), Step: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	if m, ok := res.Value.(promql.Matrix); !ok || len(m) != 1 {
		t.Errorf("result: %v", res.Value)
	}
}

func TestALargeQueryIsRefused(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(1)
	appendAll(t, db, h, start, start)
	at := time.UnixMilli(start)
	wide := "vector(1)"
	for i := range 9 {
		wide += fmt.Sprintf(` or label_replace(vector(1), "a", "%d", "", "")`, i)
	}
	for _, tt := range []struct {
		kind QueryErrorKind
		r    Request
	}{
		{BadQuery, Request{Expr: "count_over_time(vector(1)[10000h:1ms])", Start: at}},
		{BadQuery, Request{Expr: "sum(max_over_time(count_over_time(up[10m:1s])[200h:]))", Start: at}},
		{BadQuery, Request{Expr: "count_over_time(up[5m:1s])", Start: at.Add(-9000 * time.Hour), End: at, Step: time.Hour}},
		{Execution, Request{Expr: "(" + wide + ")[250000s:1s]", Start: at}},
	} {
		var qe *QueryError
		res, err := db.Query(t.Context(), tt.r)
		if !errors.As(err, &qe) || qe.Kind != tt.kind {
			t.Errorf("%s: %v", tt.r.Expr, err)
		}
		if err == nil {
			res.Close()
		}
	}
	for _, expr := range []string{
		"max_over_time(quantile_over_time(0.9, vector(1)[100s:1ms])[100s:1ms])",
		"max_over_time(rate(up[1h])[100s:1ms])",
		"max_over_time(quantile_over_time(0.9, (vector(1)[1s:1ms]))[2s:1ms])",
	} {
		if _, err := ParseExpr(expr); err == nil || !strings.Contains(err.Error(), "inside subqueries") {
			t.Errorf("%s: %v", expr, err)
		}
	}
	for _, expr := range []string{"max_over_time(rate(up[5m])[7d:1m])", "max_over_time(quantile_over_time(0.9, up[5m])[1h:5s])", "avg_over_time(up[7d])"} {
		if _, err := ParseExpr(expr); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
	if _, err := db.Instant(t.Context(), "count_over_time(up[10000h:1s])", start); err == nil {
		t.Error("an instant with endless subqueries")
	}
	if _, err := ParseExpr("count_over_time(up[10000h:1s])"); err == nil {
		t.Error("a standing query with endless subqueries")
	}
	if got := instant(t, db, "count_over_time(up[24h:1s])", start); got != "=1;" {
		t.Errorf("a day by the second: %q", got)
	}
}

func TestInstantsKnowNothingOfWhatCameLater(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(1)
	exprs := []string{"load offset -2s", "load @ 1763683205", "count_over_time(load[3s] offset -3s)", "max_over_time(load[5s:1s] offset -4s)", "load"}
	var then []string
	appendAll(t, db, h, start, start)
	for _, expr := range exprs {
		then = append(then, instant(t, db, expr, start))
	}
	appendAll(t, db, h, start+1000, start+20_000)
	for i, expr := range exprs {
		if got := instant(t, db, expr, start); got != then[i] {
			t.Errorf("%s: %q, then %q", expr, got, then[i])
		}
	}
	res, err := db.Query(t.Context(), Request{Expr: "load offset -2s", Start: time.UnixMilli(start)})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	if v, ok := res.Value.(promql.Vector); !ok || len(v) != 1 || v[0].F != float64(start/1000+2) {
		t.Errorf("who asks from outside sees all there is: %v", res.Value)
	}
}
