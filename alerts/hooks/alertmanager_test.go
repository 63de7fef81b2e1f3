package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"monitord/alerts"
)

func alertmanagerAt(t *testing.T, bearer string, every time.Duration, addresses ...string) *alertmanager {
	t.Helper()
	var members []*url.URL
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, u)
	}
	a := newAlertmanager(members, bearer, every, "1.2")
	t.Cleanup(a.close)
	return a
}

func ok(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusOK) }

func TestAlertmanagerRequest(t *testing.T) {
	url, got := serve(t, ok)
	before := time.Now()
	if o := alertmanagerAt(t, "", time.Minute, strings.Replace(url, "http://", "http://me:s3cret@", 1)).send(t.Context(), messageOf(t, golden())); o.err != nil {
		t.Fatal(o.err)
	}
	r := got()[0]
	equal(t, "basic auth", r.header.Get("Authorization"), "Basic bWU6czNjcmV0")
	var list []postable
	if err := json.Unmarshal(r.body, &list); err != nil || len(list) != 1 {
		t.Fatalf("%v: %s", err, r.body)
	}
	a := list[0]
	if left := a.EndsAt.Sub(before); left < 4*time.Minute || left > 5*time.Minute {
		t.Errorf("counts as firing for %v", left)
	}
	a.EndsAt = time.Time{}
	equal(t, "alert", a, postable{
		Labels:       map[string]string{"alertname": "DiskFull", "instance": "web1", "severity": "critical"},
		Annotations:  map[string]string{"summary": "DiskFull is on fire"},
		StartsAt:     time.UnixMilli(1763683200000).UTC(),
		GeneratorURL: "http://web1:6455/graph?g0.expr=up",
	})

	ended := golden()
	ended.Kind, ended.Alert.EndsAt = alerts.KindResolved, time.UnixMilli(1763683260000)
	am := alertmanagerAt(t, "t0ken", 10*time.Second, url)
	if o := am.send(t.Context(), messageOf(t, ended)); o.err != nil {
		t.Fatal(o.err)
	}
	r = got()[1]
	equal(t, "bearer", r.header.Get("Authorization"), "Bearer t0ken")
	if want := `"endsAt":"2025-11-21T00:01:00Z"`; !strings.Contains(string(r.body), want) {
		t.Errorf("no %s in %s", want, r.body)
	}
}

func TestAlertmanagerBatches(t *testing.T) {
	url, got := serve(t, func(w http.ResponseWriter, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusBadRequest) // one alert that it does not like
		}
	})
	var events []alerts.Event
	for i := range 150 {
		events = append(events, firing(fmt.Sprint("A", i)), firing(fmt.Sprint("A", i)))
	}
	o := alertmanagerAt(t, "", time.Minute, url).send(t.Context(), &message{events: events})
	if o.err == nil || !o.permanent {
		t.Errorf("outcome %+v", o)
	}
	var sizes []int
	for _, r := range got() {
		var list []postable
		if err := json.Unmarshal(r.body, &list); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(list))
	}
	equal(t, "alerts in each request", sizes, []int{64, 64, 22})
}

func TestAlertmanagerCluster(t *testing.T) {
	good, _ := serve(t, ok)
	refuses, _ := serve(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadRequest) })
	busy, _ := serve(t, func(w http.ResponseWriter, _ int) {
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	const nobody = "http://127.0.0.1:1/T0K3N"
	for _, c := range []struct {
		urls      []string
		fails     string
		permanent bool
		retry     time.Duration
	}{
		{urls: []string{good, nobody}},
		{urls: []string{nobody, refuses, good}},
		{urls: []string{good, good, good}},
		{urls: []string{refuses, refuses}, fails: "answered 400", permanent: true},
		{urls: []string{refuses, nobody, busy}, fails: "connection refused", retry: 9 * time.Second},
	} {
		o := alertmanagerAt(t, "", time.Minute, c.urls...).send(t.Context(), messageOf(t, golden()))
		if (o.err != nil) != (c.fails != "") || o.permanent != c.permanent || o.retryAfter != c.retry {
			t.Errorf("%q: %+v", c.urls, o)
		}
		if lacks := strings.Contains(strings.Join(c.urls, ""), nobody); c.fails == "" && (o.lacking != nil) != lacks {
			t.Errorf("%q: who did not take it: %v", c.urls, o.lacking)
		}
		if o.err != nil && (!strings.Contains(o.err.Error(), c.fails) || strings.Contains(o.err.Error(), "T0K3N")) {
			t.Errorf("%q: %v", c.urls, o.err)
		}
	}
}

// TestAlertmanagerOrder: that an alert has ended does not arrive before a resend
// that still says that it fires.
func TestAlertmanagerOrder(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	url, got := serve(t, func(w http.ResponseWriter, n int) {
		if n == 1 {
			close(arrived)
			<-release
		}
	})
	am := alertmanagerAt(t, "", time.Minute, url)
	resent, ended := make(chan outcome, 1), make(chan outcome, 1)
	go func() {
		resent <- am.resend(context.Background(), &message{}, func() []alerts.Event { return []alerts.Event{firing("A"), firing("B")} })
	}()
	<-arrived
	if o := am.send(t.Context(), messageOf(t, firing("C"))); o.err != nil {
		t.Errorf("another alert: %v", o.err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o := am.send(short, messageOf(t, resolved("A"))); o.err != errTimeout {
		t.Errorf("while a resend is under way: %v", o.err)
	}
	go func() { ended <- am.send(context.Background(), messageOf(t, resolved("A"))) }()
	equal(t, "requests", len(got()), 2)
	close(release)
	if a, b := <-resent, <-ended; a.err != nil || b.err != nil {
		t.Errorf("%v, %v", a.err, b.err)
	}
	equal(t, "requests in the end", len(got()), 3)
}
