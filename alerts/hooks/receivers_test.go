package hooks

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/match"
)

func TestReceivers(t *testing.T) {
	critical, err := match.Parse(`severity="critical"`)
	if err != nil {
		t.Fatal(err)
	}
	r := &Runner{hooks: []*hook{
		newHook(compiled{Config: Config{Name: "all"}}),
		newHook(compiled{Config: Config{Name: "grave"}, matchers: critical}),
		newHook(compiled{Config: Config{Name: "alive", Heartbeat: 1}}),
	}}
	r.publish()
	for _, c := range []struct {
		named    []string
		severity string
		want     []string
	}{
		{nil, "critical", []string{"all", "grave"}},
		{nil, "info", []string{"all"}},
		{[]string{}, "critical", nil},
		{[]string{"grave", "alive"}, "info", []string{"grave"}},
	} {
		if got := r.Receivers(c.named, labels.FromStrings("severity", c.severity)); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// TestReceiversAtTheStart: they are known before what waits has been read.
func TestReceiversAtTheStart(t *testing.T) {
	log, _ := openLog(t, t.TempDir())
	r, err := New([]Config{{Name: "ops", Type: "exec", Command: []string{"/bin/true"}, Concurrency: 1, Timeout: time.Second, GiveUp: time.Hour}}, Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Receivers(nil, labels.EmptyLabels()); !slices.Equal(got, []string{"ops"}) {
		t.Errorf("before Run: %q", got)
	}
}
