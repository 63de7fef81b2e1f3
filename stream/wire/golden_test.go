package wire

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

func goldenAlert() Alert {
	return Alert{
		Fingerprint: "00c4b4e2a9f1d37b",
		State:       "firing",
		Labels:      LabelsOf(map[string]string{"alertname": "DiskFull", "instance": "web1", "mountpoint": "/srv/\"x\"", "severity": "critical"}),
		Annotations: LabelsOf(map[string]string{"summary": "/srv is full ☃\n<b>now</b>"}),
		Value:       93.2,
		ActiveAt:    time.UnixMilli(1763683140000),
		StartsAt:    time.UnixMilli(1763683200000),
		SilencedBy:  []string{},

		GeneratorURL: "http://127.0.0.1:6455/graph?g0.expr=up",
	}
}

// serverGolden has one message for every kind and shape that a server sends.
func serverGolden() map[string]Message {
	firing := goldenAlert()
	resolved := goldenAlert()
	resolved.State, resolved.EndsAt, resolved.Value = "resolved", time.UnixMilli(1763683260500), math.Inf(1)
	proven := goldenAlert()
	proven.Flapping, proven.Stale = true, true
	proven.Evidence = &Evidence{Values: []Sample{
		{1763683198000, 12.25}, {1763683199000, math.Inf(1)}, {1763683199500, math.NaN()}, {1763683200000, 93.2},
	}}
	silenced := goldenAlert()
	silenced.SilencedBy = []string{"5ee65cbe-c5d4-4c75-8dd4-fb0ae3a2b6e6", "a1b0c3a8-29ce-5c5d-9d3e-60e3f35c2b8a"}
	return map[string]Message{
		"hello":             &Hello{Version: "1.0.0", Instance: "web1", Epoch: "6dQ0", Interval: 1000, T: 1763683200000, Seq: 1041},
		"subscribed":        &Subscribed{ID: "cpu", Sub: 3, T: 1763683200000},
		"subscribed_alerts": &Subscribed{ID: "a", Sub: 5, Alerts: true, Seq: 1041},
		"subscribed_empty":  &Subscribed{ID: `alerts={severity="critical"}`, Sub: 6, Alerts: true},
		"series": &Series{Sub: 3, Rev: 1, Series: []Labels{
			{{"__name__", "node_cpu_seconds_total"}, {"cpu", "0"}, {"instance", "web1"}, {"job", "node"}, {"mode", "user"}},
			{{"__name__", "node_load1"}, {"instance", "web1"}, {"job", "node"}},
		}},
		"series_scalar": &Series{Sub: 4, Rev: 1, Series: []Labels{nil}},
		"series_empty":  &Series{Sub: 4, Rev: 2, Series: []Labels{}},
		"samples":       &Samples{Sub: 3, Rev: 1, T: 1763683200000, V: []float64{12.5, None()}},
		"samples_special": &Samples{Sub: 3, Rev: 7, T: 1763683201000, V: []float64{
			math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), -3, 1 << 53, 0.1, 1e-7, 1e21, 123456789.125,
			math.MaxFloat64, math.SmallestNonzeroFloat64,
		}},
		"alert":             &Event{Sub: 5, Seq: 1042, T: 1763683200000, Event: "firing", Alert: firing},
		"alert_evidence":    &Event{Sub: 5, Seq: 1042, T: 1763683200000, Event: "firing", Alert: proven},
		"alert_current":     &Event{Sub: 5, Seq: 1040, T: 1763683200000, Event: "firing", Current: true, Alert: firing},
		"alert_resolved":    &Event{Sub: 5, Seq: 1043, T: 1763683260000, Event: "resolved", Alert: resolved},
		"alert_not_durable": &Event{Sub: 5, T: 1763683200000, Event: "firing", NotDurable: true, Alert: firing},
		"alert_notified":    &Event{Sub: 5, Seq: 1044, T: 1763683200000, Event: "notified", Delivery: &Delivery{Hook: "ops", Of: 1042, Attempts: 1}, Alert: firing},
		"alert_repeated":    &Event{Sub: 5, Seq: 1046, T: 1763683200000, Event: "notified", Delivery: &Delivery{Hook: "ops", Of: 1042, With: []uint64{1039, 1040}, Repeat: 2, Attempts: 1}, Alert: firing},
		"alert_failed":      &Event{Sub: 5, Seq: 1045, T: 1763683200000, Event: "notify_failed", Delivery: &Delivery{Hook: "ops", Of: 1042, Attempts: 3, Error: "exit status 1", GivenUp: true}, Alert: firing},
		"alert_silenced":    &Event{Sub: 5, Seq: 1046, T: 1763683201000, Event: "silenced", Alert: silenced},
		"alert_unsilenced":  &Event{Sub: 5, Seq: 1047, T: 1763690401000, Event: "unsilenced", Alert: firing},
		"gap":               &Gap{Sub: 3, From: 1763683201000, To: 1763683207000, Missed: 7, Reason: Slow},
		"gap_alerts":        &Gap{Sub: 5, After: 1041, Next: 1203, Reason: Expired},
		"heartbeat":         &Heartbeat{T: 1763683215000},
		"heartbeat_sub":     &Heartbeat{Sub: 5, T: 1763683215000, Seq: 1042},
		"unsubscribed":      &Unsubscribed{ID: "cpu", Sub: 3},
		"error":             &Error{ID: "cpu", Code: BadSelector, Message: `1:5: parse error: unexpected "}"`},
		"error_no_id":       &Error{Code: BadMessage, Message: "not a JSON object"},
		"error_sub":         &Error{Sub: 4, T: 1763683200000, Code: QueryFailed, Message: "too many samples"},
		"pong":              &Pong{T: 1763683200000, Now: 1763683200003},
	}
}

// clientGolden has one message for every kind and shape that a client sends.
func clientGolden() map[string]Request {
	return map[string]Request{
		"subscribe_samples": {Op: OpSubscribe, ID: "cpu", Kind: KindSamples, Expr: `{__name__=~"node_cpu.*"}`, Every: 5 * time.Second, From: Ago(5 * time.Minute)},
		"subscribe_query":   {Op: OpSubscribe, ID: "busy", Kind: KindQuery, Expr: "sum by (mode) (rate(node_cpu_seconds_total[10s]))", From: At(1763683200000)},
		"subscribe_alerts":  {Op: OpSubscribe, ID: "a", Kind: KindAlerts, Expr: `{severity="critical"}`, HasAfter: true, After: 1041, Epoch: "6dQ0"},
		"subscribe_all":     {Op: OpSubscribe, ID: "all", Kind: KindAlerts},
		"unsubscribe":       {Op: OpUnsubscribe, ID: "cpu"},
		"ping":              {Op: OpPing, T: 1763683200000},
	}
}

func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	return bytes.TrimSuffix(goldenFile(t, name+".json", append(bytes.Clone(got), '\n')), []byte("\n"))
}

func goldenFile(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return want
}

func TestServerGolden(t *testing.T) {
	for name, m := range serverGolden() {
		t.Run(name, func(t *testing.T) {
			got := m.AppendJSON([]byte("x"))[1:]
			if want := golden(t, "server_"+name, got); !bytes.Equal(got, want) {
				t.Fatalf("got  %s\nwant %s", got, want)
			}
			back, err := Decode(got)
			if err != nil {
				t.Fatal(err)
			}
			if reflect.TypeOf(back) != reflect.TypeOf(m) {
				t.Fatalf("decoded as %T, want %T", back, m)
			}
			// NaN differs from itself and times have zones: compare what is written again.
			if again := back.AppendJSON(nil); !bytes.Equal(again, got) {
				t.Fatalf("decoded and encoded again: %s\nwant %s", again, got)
			}
			packed, err := ToCBOR(got)
			if err != nil {
				t.Fatal(err)
			}
			if direct := AppendCBOR([]byte("x"), m)[1:]; !bytes.Equal(packed, direct) {
				t.Fatalf("CBOR from JSON %x\ndirect         %x", packed, direct)
			}
			if want := goldenFile(t, "server_"+name+".cbor", packed); !bytes.Equal(packed, want) {
				t.Fatalf("got  %x\nwant %x", packed, want)
			}
			if back, err = DecodeCBOR(packed); err != nil {
				t.Fatal(err)
			}
			if again := back.AppendJSON(nil); !bytes.Equal(again, got) {
				t.Fatalf("from CBOR: %s\nwant %s", again, got)
			}
		})
	}
}

func TestClientGolden(t *testing.T) {
	for name, r := range clientGolden() {
		t.Run(name, func(t *testing.T) {
			got := r.AppendJSON(nil)
			if want := golden(t, "client_"+name, got); !bytes.Equal(got, want) {
				t.Fatalf("got  %s\nwant %s", got, want)
			}
			back, fault := ParseClient(got)
			if fault != nil {
				t.Fatal(fault)
			}
			if back != r {
				t.Fatalf("parsed %+v\nwant   %+v", back, r)
			}
			packed := r.AppendCBOR([]byte("x"))[1:]
			if want := goldenFile(t, "client_"+name+".cbor", packed); !bytes.Equal(packed, want) {
				t.Fatalf("got  %x\nwant %x", packed, want)
			}
			if back, fault = ParseClientCBOR(packed); fault != nil || back != r {
				t.Fatalf("from CBOR %+v, %v\nwant      %+v", back, fault, r)
			}
		})
	}
}

func TestNoStrayGoldenFiles(t *testing.T) {
	for _, kind := range []string{"json", "cbor"} {
		files, err := filepath.Glob("testdata/*." + kind)
		if err != nil {
			t.Fatal(err)
		}
		if want := len(serverGolden()) + len(clientGolden()); len(files) != want {
			t.Fatalf("%d golden files of %s, the tests know %d", len(files), kind, want)
		}
	}
}
