package api

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

var quiet = slog.New(slog.DiscardHandler)

const start = int64(1763683200000)

// historyOf stores up, a counter of 0, 1.5, 3, … and a gauge with odd labels at
// eleven ticks.
func historyOf(t *testing.T) *history.DB {
	t.Helper()
	db, err := history.Open(history.Options{Dir: t.TempDir(), Config: history.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	reg := metric.NewRegistry(labels.FromStrings("job", "node"))
	up := reg.Series(metric.NewDesc("up", metric.Gauge, "", ""))
	total := reg.Series(metric.NewDesc("x_total", metric.Counter, "", ""))
	odd := reg.Series(metric.NewDesc("odd", metric.Gauge, "", "", "text"), "a\"b\\c\n\x01<é>\u2028")
	for i := range int64(11) {
		b := metric.Batch{T: start + i*1000, Points: []metric.Point{{Series: up, V: 1}, {Series: total, V: 1.5 * float64(i)}, {Series: odd, V: 1e-7}}}
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func do(t *testing.T, h http.Handler, method, query string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/?"+query, nil)
	if method == http.MethodPost {
		r = httptest.NewRequestWithContext(t.Context(), method, "/", strings.NewReader(query))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Result().Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s: content type %q", query, got)
	}
	if !json.Valid(body) {
		t.Errorf("%s: not JSON: %s", query, body)
	}
	return w.Code, string(body)
}

func form(pairs ...string) string {
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func TestQuery(t *testing.T) {
	h := Query(historyOf(t), quiet)
	for _, tt := range []struct {
		query string
		code  int
		body  string
	}{
		{form("query", "up", "time", "1763683205"), 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"node"},"value":[1763683205,"1"]}]}}`},
		{form("query", "x_total", "time", "2025-11-21T00:00:02.5Z"), 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"x_total","job":"node"},"value":[1763683202.500,"3"]}]}}`},
		{form("query", "odd", "time", "1763683200.004"), 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"odd","job":"node","text":"a\"b\\c\u000a\u0001<é>\u2028"},"value":[1763683200.004,"1e-07"]}]}}`},
		{form("query", "nosuch", "time", "1763683205"), 200, `{"status":"success","data":{"resultType":"vector","result":[]}}`},
		{form("query", "1/0", "time", "1763683205.04"), 200, `{"status":"success","data":{"resultType":"scalar","result":[1763683205.040,"+Inf"]}}`},
		{form("query", `"a<b"`, "time", "-1.5"), 200, `{"status":"success","data":{"resultType":"string","result":[-1.500,"a<b"]}}`},
		{form("query", "x_total[2s]", "time", "1763683205"), 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"x_total","job":"node"},"values":[[1763683204,"6"],[1763683205,"7.5"]]}]}}`},
		{form("query", "rate(up[5s])", "time", "1763683205"), 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"node"},"value":[1763683205,"0"]}]},"infos":["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"up\" (1:6)"]}`},
		{form("query", "sort_desc({job=\"node\"})", "time", "1763683205", "limit", "1"), 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"x_total","job":"node"},"value":[1763683205,"7.5"]}]},"warnings":["results truncated due to limit"]}`},
		{form("query", "up", "time", "1763683250", "lookback_delta", "1m"), 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"node"},"value":[1763683250,"1"]}]}}`},
		{form("query", "up", "time", "1763683250"), 200, `{"status":"success","data":{"resultType":"vector","result":[]}}`},
		{form("query", "up", "time", "1e30"), 200, ""},
		{form("query", "up", "time", "-292273086-05-16T16:47:06Z"), 200, ""},
		{form("query", "up"), 200, `{"status":"success","data":{"resultType":"vector","result":[]}}`},

		{form("query", "up +"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:5: parse error: unexpected end of input"}`},
		{form("query", ""), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": unknown position: parse error: no expression found in input"}`},
		{form("query", "up", "time", "soon"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": invalid time value for 'time': cannot parse \"soon\" to a valid timestamp"}`},
		{form("query", "up", "time", "NaN"), 400, ""},
		{form("query", "up", "timeout", "soon"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"timeout\": cannot parse \"soon\" to a valid duration"}`},
		{form("query", "up", "timeout", "1e300"), 400, ""},
		{form("query", "up", "limit", "-1"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"limit\": limit must be non-negative"}`},
		{form("query", "up", "lookback_delta", "x"), 400, `{"status":"error","errorType":"bad_data","error":"error parsing lookback delta duration: cannot parse \"x\" to a valid duration"}`},
		{"query=%zz", 400, ""},
		{form("query", `{job="node"} + on (job) {job="node"}`, "time", "1763683205"), 422, ""},
		{form("query", "up", "timeout", "0"), 503, `{"status":"error","errorType":"timeout","error":"query timed out in query queue"}`},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			code, body := do(t, h, method, tt.query)
			if code != tt.code || tt.body != "" && body != tt.body {
				t.Errorf("%s %s: %d %s\nwant %d %s", method, tt.query, code, body, tt.code, tt.body)
			}
		}
	}
}

func TestQueryRange(t *testing.T) {
	h := QueryRange(historyOf(t), quiet)
	for _, tt := range []struct {
		query string
		code  int
		body  string
	}{
		{form("query", "x_total", "start", "1763683200", "end", "1763683204", "step", "2"), 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"x_total","job":"node"},"values":[[1763683200,"0"],[1763683202,"3"],[1763683204,"6"]]}]}}`},
		{form("query", "scalar(up)", "start", "2025-11-21T00:00:00Z", "end", "2025-11-21T00:00:01.5Z", "step", "1s500ms"), 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1763683200,"1"],[1763683201.500,"1"]]}]}}`},
		{form("query", "nosuch", "start", "1763683200", "end", "1763683204", "step", "2"), 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`},
		{form("query", "up", "start", "0", "end", "11000", "step", "1"), 200, ""},

		{form("query", "up", "start", "0", "end", "11001", "step", "1"), 400, `{"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"}`},
		{form("query", "up", "start", "5", "end", "4", "step", "1"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"end\": end timestamp must not be before start time"}`},
		{form("query", "up", "start", "4", "end", "5", "step", "0"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer"}`},
		{form("query", "up", "start", "4", "end", "5", "step", "0.0001"), 400, ""},
		{form("query", "up", "start", "4", "end", "5"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"step\": cannot parse \"\" to a valid duration"}`},
		{form("query", "up", "end", "5", "step", "1"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"start\": cannot parse \"\" to a valid timestamp"}`},
		{form("query", "up", "start", "5", "step", "1"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"end\": cannot parse \"\" to a valid timestamp"}`},
		{form("query", "up[5m]", "start", "1", "end", "2", "step", "1"), 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"}`},
		{form("query", "up", "start", "-1e30", "end", "1e30", "step", "1e9"), 400, ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			code, body := do(t, h, method, tt.query)
			if code != tt.code || tt.body != "" && body != tt.body {
				t.Errorf("%s %s: %d %s\nwant %d %s", method, tt.query, code, body, tt.code, tt.body)
			}
		}
	}
}

func TestAnEndlessFormIsRefused(t *testing.T) {
	code, _ := do(t, Query(historyOf(t), quiet), http.MethodPost, "query="+strings.Repeat("a", maxQueryForm))
	if code != http.StatusBadRequest {
		t.Errorf("status %d", code)
	}
}

func FuzzTimesAndDurations(f *testing.F) {
	for _, s := range []string{"1763683200.123", "2025-11-21T00:00:00Z", "5m", "1d12h", "-1", "1e400", "NaN", "-Inf", "0x1p10"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if at, err := parseTime(s); err == nil && (at.Before(minTime) || at.After(maxTime)) {
			t.Errorf("%q is %v", s, at)
		}
		parseDuration(s)
	})
}
