package history

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

func TestInMemoryFromTheBeginningOfTime(t *testing.T) {
	db, err := OpenMemory(MemoryOptions{Lookback: 5 * time.Minute, SubqueryStep: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	dir := db.hold.temp
	m := labels.FromStrings("__name__", "m")
	for ts := int64(0); ts < 200*3600_000; ts += 60_000 {
		if err := db.AppendValues(ts, []metric.Value{{Labels: m, V: 1}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for expr, want := range map[string]string{
		"count_over_time(m[200h])": "12000", // nothing is forgotten
		"count_over_time(m[1m:])":  "6",
		"sum(m)":                   "1",
	} {
		if got := queryOne(t, db, expr, 200*3600_000-60_000); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %s, want %s", expr, got, want)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func queryOne(t *testing.T, db *DB, expr string, at int64) string {
	t.Helper()
	values, err := db.Instant(t.Context(), expr, at)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	var texts []string
	for _, v := range values {
		texts = append(texts, strconv.FormatFloat(v.V, 'g', -1, 64))
	}
	return strings.Join(texts, " ")
}
