package feed

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.uber.org/goleak"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/history"
	"monitord/history/standing"
	"monitord/metric"
	"monitord/stream"
	"monitord/stream/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// begin is the time of the first tick of every test: a multiple of a minute.
const begin = int64(1763683200000)

// A world is the daemon from history to socket, with ticks made by the test.
type world struct {
	t        testing.TB
	db       *history.DB
	log      *alerts.Log
	feed     *Feed
	engine   *stream.Engine
	registry *metric.Registry
	addr     string
	last     map[string]*metric.Series
}

func newWorld(t testing.TB, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, registry: metric.NewRegistry(labels.EmptyLabels())}
	var err error
	if w.db, err = history.Open(history.Options{Dir: t.TempDir(), Config: history.DefaultConfig()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	if w.log, err = alerts.OpenLog(j, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	w.start(change...)
	return w
}

// start opens feed, engine and listener over what there is already.
func (w *world) start(change ...func(*Options)) {
	w.t.Helper()
	o := Options{
		Config: DefaultConfig(), History: w.db, Alerts: w.log,
		Interval: time.Second, Instance: "web1", Version: "test", MaxSubscriptions: 4,
	}
	o.MaxQueryTime = 10 * time.Second // a busy machine fails nothing
	for _, fn := range change {
		fn(&o)
	}
	bounds := o.Config.Standing(o.Interval)
	bounds.Timeout = o.MaxQueryTime
	o.Standing = standing.New(w.db, bounds)
	var err error
	if w.feed, err = New(o); err != nil {
		w.t.Fatal(err)
	}
	c := stream.DefaultConfig()
	c.MaxSubscriptions = o.MaxSubscriptions
	c.PingInterval = time.Hour // liveness is the engine's own: a busy machine ends no test
	if w.engine, err = stream.New(w.feed, stream.Options{
		Config: c, Heartbeat: Heartbeat,
		Protocols: []string{wire.SubprotocolJSON, wire.SubprotocolCBOR}, Binary: wire.SubprotocolCBOR, OneType: true, Encode: w.feed.Encode,
	}); err != nil {
		w.t.Fatal(err)
	}
	w.feed.Attach(w.engine)
	w.feed.budget = time.Minute // a busy machine defers nothing
	w.feed.patience = time.Minute
	w.feed.beside = newGate(8)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	engine, feed := w.engine, w.feed
	go func() { ended <- engine.Run(ctx) }()
	go func() { ended <- feed.Run(ctx) }()
	server := httptest.NewServer(w.engine)
	w.addr = strings.TrimPrefix(server.URL, "http://")
	w.t.Cleanup(func() {
		server.Close()
		cancel()
		for range cap(ended) {
			if err := <-ended; err != nil {
				w.t.Error(err)
			}
		}
	})
}

// connect opens a connection and takes its hello.
func (w *world) connect(query string) *socket {
	w.t.Helper()
	s := dial(w.t, w.addr, query)
	if got := s.next(); !strings.HasPrefix(got, `{"op":"hello","version":"test","instance":"web1",`) {
		w.t.Fatalf("greeted with %s", got)
	}
	return s
}

// store puts a tick into the history: one with the given values, as "name value"
// or "name{label} value".
func (w *world) store(t int64, values ...string) metric.Batch {
	w.t.Helper()
	b := metric.Batch{T: t}
	now := make(map[string]*metric.Series)
	for _, text := range append(values, "up 1") {
		name, number, _ := strings.Cut(text, " ")
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			w.t.Fatal(err)
		}
		s := w.last[name]
		if s == nil {
			s = w.registry.Intern(seriesLabels(name))
		}
		now[name] = s
		b.Points = append(b.Points, metric.Point{Series: s, V: v})
	}
	for name, s := range w.last {
		if now[name] == nil {
			b.Ended = append(b.Ended, s)
		}
	}
	w.last = now
	if err := w.db.Append(b); err != nil {
		w.t.Fatal(err)
	}
	w.registry.Retire(b.Ended)
	return b
}

// seriesLabels reads name or name{value}, which sets the label l.
func seriesLabels(name string) labels.Labels {
	name, value, ok := strings.Cut(strings.TrimSuffix(name, "}"), "{")
	if !ok {
		return labels.FromStrings(model.MetricNameLabel, name)
	}
	return labels.FromStrings(model.MetricNameLabel, name, "l", value)
}

// tick is store and what the daemon does after it.
func (w *world) tick(t int64, values ...string) {
	w.t.Helper()
	w.feed.Tick(context.Background(), w.store(t, values...))
}

// fire appends events of one alert to the journal.
func (w *world) fire(name, severity string, kinds ...alerts.Kind) {
	w.t.Helper()
	for _, kind := range kinds {
		if _, err := w.log.Append(context.Background(), []alerts.Event{event(name, severity, kind)}); err != nil {
			w.t.Fatal(err)
		}
	}
}

func event(name, severity string, kind alerts.Kind) alerts.Event {
	ls := labels.FromStrings("alertname", name, "severity", severity)
	e := alerts.Event{
		T: begin, Kind: kind, Rule: "0123456789abcdef",
		Alert: alerts.Alert{Fingerprint: alerts.Fingerprint(ls), State: alerts.PhaseInactive, Labels: ls, ActiveAt: time.UnixMilli(begin).UTC()},
	}
	switch kind {
	case alerts.KindPending:
		e.Alert.State = alerts.PhasePending
	case alerts.KindFiring:
		e.Alert.State = alerts.PhaseFiring
	case alerts.KindNotified, alerts.KindNotifyFailed:
		e.Delivery = &alerts.Delivery{Hook: "ops", Of: 1, Attempts: 1}
	}
	return e
}
