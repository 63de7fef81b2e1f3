package history

import (
	"strings"
	"testing"
	"time"
)

func TestOneTextForOneExpression(t *testing.T) {
	for _, same := range [][]string{
		{`up{a="1",b="2"}`, `up{b="2",a="1"}`, ` up { b = '2' , a="1", a="1" } `, `{__name__="up",b="2",a="1"}`, `{a="1","up",b="2"}`},
		{`sum by (a,b) (up)`, `sum by(b,a)(up)`, `sum(up) by (b, a, a)`},
		{`up`, `(up)`, `((  up ))`},
		{`rate(x[5m])`, `rate(x[300s])`, "rate(\n  x[5m] # why\n)"},
		{`a * on (x,y) group_left (p,q) b`, `a * on(y, x) group_left(q,p) b`},
		{`a / ignoring (x,y) b`, `a / ignoring (y,x) b`},
		{`{__name__="inf"}`, `{"inf"}`},
		{`max_over_time(a[1h:1m] offset 1m)`, `max_over_time(a[60m:60s] offset 60s)`},
	} {
		want := ""
		for _, in := range same {
			e, err := ParseExpr(in)
			if err != nil {
				t.Errorf("%q: %v", in, err)
				continue
			}
			if want == "" {
				want = e.Canonical()
			}
			if e.Canonical() != want {
				t.Errorf("%q is %q, want %q", in, e.Canonical(), want)
			}
		}
	}
	one, _ := ParseExpr(`sum by (a) (up)`)
	other, _ := ParseExpr(`sum without (a) (up)`)
	if one.Canonical() == other.Canonical() {
		t.Error("by and without are the same")
	}
}

func TestWhatAnExpressionSays(t *testing.T) {
	for _, tt := range []struct {
		in        string
		scalar    bool
		rang      time.Duration
		instants  bool
		selectors string
	}{
		{"1", true, 0, false, ""},
		{"time()", true, 0, false, ""},
		{"scalar(up)", true, 0, false, `{__name__="up"}`},
		{"up", false, 0, false, `{__name__="up"}`},
		{"rate(a[5m]) / rate(b[1h])", false, time.Hour, false, `{__name__="a"} {__name__="b"}`},
		{"max_over_time(rate(a[1m])[10m:])", false, 10 * time.Minute, false, `{__name__="a"}`},
		{`up{x="1"} @ start()`, false, 0, true, `{__name__="up",x="1"}`},
		{"sum_over_time(up[5m] @ end())", false, 5 * time.Minute, true, `{__name__="up"}`},
		{"avg_over_time(up[5m:1m] @ end())", false, 5 * time.Minute, true, `{__name__="up"}`},
		{"up @ 1763683200", false, 0, true, `{__name__="up"}`},
		{"up offset -1m", false, 0, true, `{__name__="up"}`},
		{"max_over_time(up[1h:1m] offset -1m)", false, time.Hour, true, `{__name__="up"}`},
		{"up offset 1m", false, 0, false, `{__name__="up"}`},
	} {
		e, err := ParseExpr(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		var sels []string
		for _, s := range e.Selectors() {
			sels = append(sels, s.Canonical())
		}
		if got := strings.Join(sels, " "); e.Scalar() != tt.scalar || e.Range() != tt.rang || e.NeedsInstants() != tt.instants || got != tt.selectors {
			t.Errorf("%q: scalar %v, range %v, instants %v, selectors %s", tt.in, e.Scalar(), e.Range(), e.NeedsInstants(), got)
		}
	}
	for _, in := range []string{"", `"text"`, "up[5m]", "up[5m:1m]", "sum(", "nosuch(up)", "up{", "limitk(3, up)", strings.Repeat("(", MaxSelector+1), strings.Repeat("(", 9000)} {
		if e, err := ParseExpr(in); err == nil {
			t.Errorf("%.20q is taken as %.40q", in, e.Canonical())
		}
	}
}

func FuzzExpr(f *testing.F) {
	for _, s := range []string{"up", `sum by (b,a) (rate({__name__="x",a="1"}[5m] offset -1m))`, "a and on () b", "-1 ^ 2", `{"sum"}`, "a[5m:] @ end()", "topk(3, a) > bool 2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		e, err := ParseExpr(in)
		if err != nil {
			return
		}
		again, err := ParseExpr(e.Canonical())
		if err != nil || again.Canonical() != e.Canonical() {
			t.Errorf("%q -> %q -> %q, %v", in, e.Canonical(), again.Canonical(), err)
		}
	})
}
