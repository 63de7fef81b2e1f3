package wire

import (
	"strings"
	"testing"
	"time"
)

func TestParseURL(t *testing.T) {
	sub := func(kind Kind, expr string) Request {
		return Request{Op: OpSubscribe, ID: string(kind) + "=" + expr, Kind: kind, Expr: expr}
	}
	timed := func(r Request) Request { r.Every, r.From = 5*time.Second, Ago(time.Minute); return r }
	after := func(r Request) Request { r.HasAfter, r.After, r.Epoch = true, 7, "e"; return r }
	for _, c := range []struct {
		raw    string
		want   []Request
		faults []Error // messages are parts
	}{
		{"", nil, nil},
		{"&&", nil, nil},
		{"alerts", []Request{sub(KindAlerts, "")}, nil},
		{"alerts=&samples=", []Request{sub(KindAlerts, ""), sub(KindSamples, "")}, nil},
		{"query=rate%28x%5B1m%5D%29&samples=a%7Bb%3D%22c+d%22%7D", []Request{sub(KindQuery, "rate(x[1m])"), sub(KindSamples, `a{b="c d"}`)}, nil},
		{"every=5s&samples=a&alerts=&query=b&from=-1m&after=7&epoch=e", []Request{
			timed(sub(KindSamples, "a")), after(sub(KindAlerts, "")), timed(sub(KindQuery, "b")),
		}, nil},
		{"samples=a&query=b&alerts=&every=x", []Request{sub(KindAlerts, "")}, []Error{
			{ID: "samples=a", Code: BadTime, Message: "every"}, {ID: "query=b", Code: BadTime, Message: "every"},
		}},
		{"samples=a&from=x", nil, []Error{{ID: "samples=a", Code: BadTime, Message: "from"}}},
		{"samples=a&alerts=&after=-1", []Request{sub(KindSamples, "a")}, []Error{{ID: "alerts=", Code: BadMessage, Message: "after"}}},
		{"query=", nil, []Error{{ID: "query=", Code: BadQuery, Message: "empty"}}},
		{"sample=a", nil, []Error{{Code: BadMessage, Message: "sample"}}},
		{"samples=%zz&alerts=", []Request{sub(KindAlerts, "")}, []Error{{Code: BadMessage, Message: "percent"}}},
		{"%zz=a", nil, []Error{{Code: BadMessage, Message: "percent"}}},
		{"samples=a&every=1s&every=2s", []Request{func() Request { r := sub(KindSamples, "a"); r.Every = time.Second; return r }()},
			[]Error{{Code: BadMessage, Message: "twice"}}},
	} {
		t.Run(c.raw, func(t *testing.T) {
			u, faults := ParseURL(c.raw)
			got := u.Subscriptions
			if len(got) != len(c.want) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%d: got %+v, want %+v", i, got[i], c.want[i])
				}
			}
			if len(faults) != len(c.faults) {
				t.Fatalf("faults %v, want %v", faults, c.faults)
			}
			for i, f := range faults {
				if w := c.faults[i]; f.ID != w.ID || f.Code != w.Code || !strings.Contains(f.Message, w.Message) {
					t.Errorf("fault %d: %+v, want %+v", i, *f, w)
				}
			}
		})
	}
}

func TestParseURLIsBounded(t *testing.T) {
	u, faults := ParseURL(strings.Repeat("alerts&", 100000))
	if len(u.Subscriptions) != MaxURL || len(faults) != 1 || faults[0].Code != TooMany {
		t.Fatalf("%d subscriptions, faults %v", len(u.Subscriptions), faults)
	}
	u, faults = ParseURL(strings.Repeat("x&", 100000))
	if len(u.Subscriptions) != 0 || len(faults) > MaxURL+1 {
		t.Fatalf("%d subscriptions, %d faults", len(u.Subscriptions), len(faults))
	}
}

func TestParseURLOfAPoll(t *testing.T) {
	for _, c := range []struct {
		raw   string
		want  URL // but for the subscriptions
		fault string
	}{
		{"alerts=&wait=0&limit=500&cursor=abc-_9", URL{Cursor: "abc-_9", Limit: 500}, ""},
		{"alerts=&wait=30s", URL{Wait: 30 * time.Second}, ""},
		{"alerts=&wait=5m&limit=10000", URL{Wait: MaxWait, Limit: MaxLimit}, ""},
		{"alerts=&wait=0s&cursor=", URL{}, ""},
		{"alerts=&wait=301s", URL{}, `bad_time: wait is "301s", at most 5m`},
		{"alerts=&wait=30", URL{}, "bad_time: wait"},
		{"alerts=&wait=-1s", URL{}, "bad_time: wait"},
		{"alerts=&wait=", URL{}, "bad_time: wait"},
		{"alerts=&limit=0", URL{}, "bad_message: limit"},
		{"alerts=&limit=10001", URL{}, "bad_message: limit"},
		{"alerts=&limit=many", URL{}, "bad_message: limit"},
		{"alerts=&cursor=" + strings.Repeat("a", MaxCursor+1), URL{}, "bad_message: cursor is longer"},
		{"alerts=&cursor=a&cursor=b", URL{Cursor: "a"}, "bad_message: the URL parameter \"cursor\" is there twice"},
	} {
		u, faults := ParseURL(c.raw)
		if len(u.Subscriptions) != 1 || u.Cursor != c.want.Cursor || u.Wait != c.want.Wait || u.Limit != c.want.Limit {
			t.Errorf("%.60s: %+v", c.raw, u)
		}
		if (c.fault == "") != (len(faults) == 0) || c.fault != "" && !strings.HasPrefix(faults[0].Error(), c.fault) {
			t.Errorf("%.60s: faults %v, want %s", c.raw, faults, c.fault)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("samples=node_load1&every=5s&from=-5m")
	f.Add("alerts=%7Ba%3D%22b%22%7D&after=1&epoch=x")
	f.Add("samples=&cursor=AbC&wait=30s&limit=7")
	f.Fuzz(func(t *testing.T, raw string) {
		u, faults := ParseURL(raw)
		if u.Wait < 0 || u.Wait > MaxWait || u.Limit < 0 || u.Limit > MaxLimit || len(u.Cursor) > MaxCursor {
			t.Fatalf("%+v", u)
		}
		if len(u.Subscriptions)+len(faults) > 2*MaxURL+2 {
			t.Fatalf("%d subscriptions, %d faults", len(u.Subscriptions), len(faults))
		}
		for _, f := range faults {
			if _, err := Decode(f.AppendJSON(nil)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
