package send

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
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
)

func alertmanagerAt(t *testing.T, bearer string, every time.Duration, addresses ...string) *Alertmanager {
	t.Helper()
	var members []*url.URL
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, u)
	}
	a := NewAlertmanager(members, bearer, every, "1.2")
	t.Cleanup(a.Close)
	return a
}

func ok(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusOK) }

func TestAlertmanagerRequest(t *testing.T) {
	url, got := serve(t, ok)
	before := time.Now()
	if o := alertmanagerAt(t, "", time.Minute, strings.Replace(url, "http://", "http://me:s3cret@", 1)).Send(t.Context(), messageOf(t, hooktest.Golden())); o.Err != nil {
		t.Fatal(o.Err)
	}
	r := got()[0]
	hooktest.Equal(t, "basic auth", r.header.Get("Authorization"), "Basic bWU6czNjcmV0")
	var list []postable
	if err := json.Unmarshal(r.body, &list); err != nil || len(list) != 1 {
		t.Fatalf("%v: %s", err, r.body)
	}
	a := list[0]
	if left := a.EndsAt.Sub(before); left < 4*time.Minute || left > 5*time.Minute {
		t.Errorf("counts as firing for %v", left)
	}
	a.EndsAt = time.Time{}
	hooktest.Equal(t, "alert", a, postable{
		Labels:       map[string]string{"alertname": "DiskFull", "instance": "web1", "severity": "critical"},
		Annotations:  map[string]string{"summary": "DiskFull is on fire"},
		StartsAt:     time.UnixMilli(1763683200000).UTC(),
		GeneratorURL: "http://web1:6455/graph?g0.expr=up",
	})

	ended := hooktest.Golden()
	ended.Kind, ended.Alert.EndsAt = alerts.KindResolved, time.UnixMilli(1763683260000)
	am := alertmanagerAt(t, "t0ken", 10*time.Second, url)
	if o := am.Send(t.Context(), messageOf(t, ended)); o.Err != nil {
		t.Fatal(o.Err)
	}
	r = got()[1]
	hooktest.Equal(t, "bearer", r.header.Get("Authorization"), "Bearer t0ken")
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
		events = append(events, hooktest.Firing(fmt.Sprint("A", i)), hooktest.Firing(fmt.Sprint("A", i)))
	}
	o := alertmanagerAt(t, "", time.Minute, url).Send(t.Context(), &message.Message{Events: events})
	if o.Err == nil || !o.Permanent {
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
	hooktest.Equal(t, "alerts in each request", sizes, []int{64, 64, 22})
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
		o := alertmanagerAt(t, "", time.Minute, c.urls...).Send(t.Context(), messageOf(t, hooktest.Golden()))
		if (o.Err != nil) != (c.fails != "") || o.Permanent != c.permanent || o.RetryAfter != c.retry {
			t.Errorf("%q: %+v", c.urls, o)
		}
		if lacks := strings.Contains(strings.Join(c.urls, ""), nobody); c.fails == "" && (o.Lacking != nil) != lacks {
			t.Errorf("%q: who did not take it: %v", c.urls, o.Lacking)
		}
		if o.Err != nil && (!strings.Contains(o.Err.Error(), c.fails) || strings.Contains(o.Err.Error(), "T0K3N")) {
			t.Errorf("%q: %v", c.urls, o.Err)
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
	resent, ended := make(chan Outcome, 1), make(chan Outcome, 1)
	go func() {
		resent <- am.Resend(context.Background(), &message.Message{}, func() []alerts.Event { return []alerts.Event{hooktest.Firing("A"), hooktest.Firing("B")} })
	}()
	<-arrived
	if o := am.Send(t.Context(), messageOf(t, hooktest.Firing("C"))); o.Err != nil {
		t.Errorf("another alert: %v", o.Err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o := am.Send(short, messageOf(t, hooktest.Resolved("A"))); o.Err != errTimeout {
		t.Errorf("while a resend is under way: %v", o.Err)
	}
	reloaded := alertmanagerAt(t, "", time.Minute, url)
	reloaded.Follow(am)
	again, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if o := reloaded.Send(again, messageOf(t, hooktest.Resolved("A"))); o.Err != errTimeout {
		t.Errorf("while one from before a reload is under way: %v", o.Err)
	}
	go func() { ended <- reloaded.Send(context.Background(), messageOf(t, hooktest.Resolved("A"))) }()
	hooktest.Equal(t, "requests", len(got()), 2)
	close(release)
	if a, b := <-resent, <-ended; a.Err != nil || b.Err != nil {
		t.Errorf("%v, %v", a.Err, b.Err)
	}
	hooktest.Equal(t, "requests in the end", len(got()), 3)
}
