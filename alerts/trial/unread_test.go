package trial

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
)

// TestWhileACollectorFails: an alert stays as it is while what its expression selects
// from is not read, as in the daemon.
func TestWhileACollectorFails(t *testing.T) {
	dir := t.TempDir()
	db, err := history.Open(history.Options{Dir: dir, Config: history.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	reg := metric.NewRegistry(labels.EmptyLabels())
	up, v := reg.Intern(labels.FromStrings("__name__", "up")), reg.Intern(labels.FromStrings("__name__", "v"))
	well := reg.Intern(labels.FromStrings("__name__", "well", "of", "v"))
	at := func(second int) int64 { return replayStart + int64(second)*1000 }
	for i := range 300 {
		b := metric.Batch{T: at(i), Points: []metric.Point{{Series: up, V: 1}}}
		if fails := i >= 100 && i < 160; fails {
			b.Points = append(b.Points, metric.Point{Series: well, V: 0})
		} else {
			b.Points = append(b.Points, metric.Point{Series: well, V: 1}, metric.Point{Series: v, V: 5})
		}
		if i == 100 {
			b.Ended = []*metric.Series{v}
		}
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	rules, faults := alerts.Compile([]alerts.GroupConfig{{Rules: []alerts.RuleConfig{{Name: "A", Expr: "v > 3", Every: time.Second}}}}, time.Second)
	for _, f := range faults {
		t.Fatal(f)
	}
	for unread, want := range map[string][]int64{"": {at(0), at(100), at(160), at(299)}, "well == 0": {at(0), at(299)}} {
		r := &Replay{
			History: openRecorded(t, dir, 0), Rules: rules[:1], From: at(0), To: at(400), Interval: time.Second,
			Unread: unread, UnreadBy: func(ls labels.Labels) metric.Unread { return metric.Unread{Names: []string{ls.Get("of")}} },
		}
		res, err := r.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, f := range res.Firings {
			got = append(got, f.Start, f.End)
		}
		if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[len(got)-1] != want[len(want)-1] {
			t.Errorf("%q: %v, want %v", unread, got, want)
		}
	}
}
