package trial

import (
	"context"
	"testing"
	"time"
)

// FuzzSeries: whatever the notation says, it is bounded before it is made, and
// what is counted is never less than what it makes.
func FuzzSeries(f *testing.F) {
	for _, seed := range []string{"1 2 3", "1+1x1000000000", "_x5 stale 1e3-2.5x10", "0x10", "1x 9 9", "{{schema:1 sum:2 count:3}}x5", "+Inf -Inf NaN", "1x1x1x1", "-1+1x18446744073709551615"} {
		f.Add(`up{a="b"}`, seed)
	}
	f.Fuzz(func(t *testing.T, name, values string) {
		n := countValues(values)
		if n > 100_000 {
			return
		}
		s, err := parseSeries(InputSeries{Series: name, Values: values})
		if err == nil && n < len(s.values) {
			t.Errorf("%q stands for %d values, counted were %d", values, len(s.values), n)
		}
	})
}

// FuzzTest: no test of a file makes the runner panic or go on without end.
func FuzzTest(f *testing.F) {
	f.Add("up", "1 0x5 stale", "up == 0", "sum(up)", int64(60000), int64(300000), "")
	f.Add("up{x=\"y\"}", "_ 1", "rate(up[5m:])", "up offset -1m", int64(1), int64(9), "1e9")
	f.Add("m", "0+1x20", "m > 3 @ end()", "time()", int64(-5), int64(1<<62), "2026-01-31T12:00:00Z")
	f.Fuzz(func(t *testing.T, name, values, rule, expr string, interval, at int64, start string) {
		file := &File{
			EvaluationInterval: time.Duration(interval),
			Tests: []Test{{
				InputSeries: []InputSeries{{name, values}}, StartTimestamp: start,
				AlertRuleTest:  []AlertTest{{EvalTime: time.Duration(at), Alertname: "A"}},
				PromqlExprTest: []ExprTest{{Expr: expr, EvalTime: time.Duration(at)}},
			}},
		}
		rules := oneGroup(rule)
		if countValues(values) > 1000 || len(file.Validate()) > 0 || len(file.Compile(rules)) > 0 || time.Duration(at)/file.every() > 100 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if _, err := file.Run(ctx, 0, rules); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
}
