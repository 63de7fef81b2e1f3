package alerts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// sample is an event with everything in it.
func sampleEvent() Event {
	ls := labels.FromStrings(labels.AlertName, "Busy", "host", "a", "severity", "warning")
	return Event{
		T: 1763683200000, Kind: KindNotifyFailed, Rule: "0123456789abcdef", Durable: true, Hooks: []string{"ops"},
		Alert: Alert{
			Fingerprint: Fingerprint(ls), State: PhaseFiring, Labels: ls, Value: 93.2,
			Annotations: map[string]string{"summary": "<b>\u2028\"a\"</b>"},
			ActiveAt:    time.UnixMilli(1763683100000).UTC(), StartsAt: time.UnixMilli(1763683200001).UTC(),
			GeneratorURL: "http://web1:6455/#alert=1",
		},
		Delivery: &Delivery{Hook: "ops", Of: 7, Attempts: 2, Error: "no route", GivenUp: true},
	}
}

func TestEventRoundTrip(t *testing.T) {
	full := sampleEvent()
	resolved := sampleEvent()
	resolved.Kind, resolved.Delivery, resolved.Hooks = KindResolved, nil, []string{}
	resolved.Alert.State, resolved.Alert.EndsAt = PhaseInactive, time.UnixMilli(1763683300000).UTC()
	proven := resolved
	proven.Kind, proven.Alert.State, proven.Alert.EndsAt, proven.Alert.Stale = KindFiring, PhaseFiring, time.Time{}, true
	proven.Alert.Evidence = &Evidence{Values: []Sample{{T: 1763683199000, V: math.Inf(1)}, {T: 1763683200000, V: -0.5}}}
	proven.Alert.Flapping, proven.changes = true, []int64{0, 1763683199000, 1763683199000}
	proven.element = labels.FromStrings("severity", "own")
	silenced := sampleEvent()
	silenced.Kind, silenced.Delivery, silenced.Alert.SilencedBy = KindSilenced, nil, []string{"a", "b"}
	bare := Event{T: 1, Kind: KindPending, Durable: true}
	bare.Alert.State, bare.Alert.Labels = PhasePending, labels.FromStrings(labels.AlertName, "x")
	bare.Alert.Fingerprint = Fingerprint(bare.Alert.Labels)
	repeated := sampleEvent()
	repeated.Delivery = &Delivery{Hook: "ops", Of: 7, With: []uint64{3, 5}, Repeat: 2, Attempts: 1}
	for _, e := range []Event{full, resolved, proven, silenced, repeated, bare} {
		for _, v := range []float64{0, -1.5, 1e300, math.Inf(1), math.Inf(-1), math.Copysign(0, -1)} {
			e.Alert.Value = v
			b, err := encodeEvent(&e)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decodeEvent(b)
			if err != nil {
				t.Fatalf("%s: %v", b, err)
			}
			if !reflect.DeepEqual(got, e) {
				t.Errorf("got %+v, want %+v", got, e)
			}
		}
	}
	full.Alert.Value = math.NaN()
	b, err := encodeEvent(&full)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeEvent(b); err != nil || !math.IsNaN(got.Alert.Value) {
		t.Errorf("NaN became %v, %v", got.Alert.Value, err)
	}
}

// The journal outlives the program that wrote it.
func TestEventFormatStays(t *testing.T) {
	e := sampleEvent()
	b, err := encodeEvent(&e)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"v":1,"t":1763683200000,"event":"notify_failed","rule":"0123456789abcdef","state":"firing",` +
		`"labels":{"alertname":"Busy","host":"a","severity":"warning"},"annotations":{"summary":"\u003cb\u003e\u2028\"a\"\u003c/b\u003e"},` +
		`"value":93.2,"activeAt":1763683100000,"startsAt":1763683200001,"url":"http://web1:6455/#alert=1","hooks":["ops"],` +
		`"delivery":{"hook":"ops","of":7,"attempts":2,"error":"no route","givenUp":true}}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}

func TestDecodeEventRefuses(t *testing.T) {
	e := sampleEvent()
	good, err := encodeEvent(&e)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(m map[string]any){
		"another version":                func(m map[string]any) { m["v"] = 2 },
		"no version":                     func(m map[string]any) { delete(m, "v") },
		"unknown kind":                   func(m map[string]any) { m["event"] = "exploded" },
		"unknown state":                  func(m map[string]any) { m["state"] = "" },
		"no name":                        func(m map[string]any) { m["labels"] = map[string]string{"a": "b"} },
		"negative time":                  func(m map[string]any) { m["t"] = -1 },
		"time beyond 2200":               func(m map[string]any) { m["startsAt"] = int64(7258118400000) },
		"value that is no number":        func(m map[string]any) { m["value"] = "x" },
		"value missing its number":       func(m map[string]any) { m["value"] = nil },
		"delivery without its fields":    func(m map[string]any) { delete(m, "delivery") },
		"silence with a delivery":        func(m map[string]any) { m["event"] = "silenced" },
		"transition with a delivery":     func(m map[string]any) { m["event"] = "firing" },
		"labels that are no map of text": func(m map[string]any) { m["labels"] = []int{1} },
		"value with something behind it": func(m map[string]any) { m["value"] = "NaNs" },
		"hooks that are something else":  func(m map[string]any) { m["hooks"] = "ops" },
		"evidence of too many values": func(m map[string]any) {
			m["evidence"] = map[string]any{"values": slices.Repeat([]any{[]int{1, 1}}, maxEvidence+1)}
		},
		"evidence of a value without a number": func(m map[string]any) { m["evidence"] = map[string]any{"values": []any{[]int{1}}} },
		"evidence of a value without a time":   func(m map[string]any) { m["evidence"] = map[string]any{"values": []any{[]any{"x", 1}}} },
		"evidence at a time beyond 2200":       func(m map[string]any) { m["evidence"] = map[string]any{"values": []any{[]int{7258118400000, 1}}} },
		"number with a fraction as a time":     func(m map[string]any) { m["t"] = 1.5 },
	} {
		var m map[string]any
		if err := json.Unmarshal(good, &m); err != nil {
			t.Fatal(err)
		}
		change(m)
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeEvent(b); err == nil {
			t.Errorf("%s: decoded as %+v", name, got)
		}
	}
	if _, err := decodeEvent(bytes.Repeat([]byte(" "), maxEventBytes+1)); err == nil {
		t.Error("an event of any length is decoded")
	}
}

// The largest alert that the engine lets through must fit into the journal.
func TestLargestEventFits(t *testing.T) {
	hostile := "\x01" // six bytes in JSON
	e := sampleEvent()
	e.Alert.Labels = labels.FromStrings(labels.AlertName, "x", "big", strings.Repeat(hostile, maxLabelBytes))
	e.Alert.Annotations = map[string]string{}
	for i := range maxNoteText / maxExpanded {
		e.Alert.Annotations[fmt.Sprint(i)] = strings.Repeat(hostile, maxExpanded)
	}
	e.Delivery.Error = strings.Repeat(hostile, 64<<10)
	e.Alert.Evidence = &Evidence{}
	for i := range 2 * maxEvidence {
		e.Alert.Evidence.Values = append(e.Alert.Evidence.Values, Sample{T: maxMillis, V: -1e-300 * float64(i+1)})
	}
	b, err := encodeEvent(&e)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeEvent(b)
	if err != nil || len(got.Alert.Annotations) != len(e.Alert.Annotations) {
		t.Errorf("decoded with %d annotations, error %v", len(got.Alert.Annotations), err)
	}
	if n := len(got.Alert.Evidence.Values); n != maxEvidence || got.Alert.Evidence.Values[n-1] != e.Alert.Evidence.Values[2*maxEvidence-1] {
		t.Errorf("%d values of evidence, want the newest %d", n, maxEvidence)
	}
	e.Alert.Annotations["more"] = strings.Repeat("x", maxEventBytes)
	if b, err = encodeEvent(&e); err != nil {
		t.Fatalf("an event that is too large is not cut down: %v", err)
	}
	if got, err := decodeEvent(b); err != nil || len(got.Alert.Annotations) != 1 {
		t.Errorf("decoded with %d annotations, error %v", len(got.Alert.Annotations), err)
	}
	e.Alert.Labels = labels.FromStrings("alertname", "Joined", "all", strings.Repeat("x", maxEventBytes))
	if b, err = encodeEvent(&e); err != nil {
		t.Fatalf("an event with long labels is not cut down: %v", err)
	}
	if got, err := decodeEvent(b); err != nil || got.Alert.Labels.Get("alertname") != "Joined" || len(got.Alert.Labels.Get("all")) > maxExpanded {
		t.Errorf("decoded with labels of %d bytes, error %v", len(got.Alert.Labels.Get("all")), err)
	}
}

// The fingerprints are those that Prometheus 3.13's model.LabelSet gives; the
// empty one is FNV-1a's offset basis.
func TestFingerprint(t *testing.T) {
	for want, ls := range map[string]labels.Labels{
		"cbf29ce484222325": labels.EmptyLabels(),
		"943cb5722cc048b2": labels.FromStrings("alertname", "Busy", "host", "a", "severity", "warning", "team", "a-ops", "value", "1"),
	} {
		if got := Fingerprint(ls); got != want {
			t.Errorf("%s: %s, want %s", ls, got, want)
		}
	}
}

func FuzzDecodeEvent(f *testing.F) {
	e := sampleEvent()
	b, err := encodeEvent(&e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"v":1,"t":1,"event":"pending","state":"pending","labels":{"alertname":"x"},"value":"NaN","hooks":null}`))
	f.Add([]byte(`{"v":1,"t":1e3,"event":"firing","state":"firing","labels":{"alertname":"x","alertname":"y"},"value":1e999,"hooks":[null]}`))
	f.Add([]byte(`{"v":1,"t":1,"event":"firing","state":"firing","labels":{"alertname":"x"},"value":1,"stale":true,"evidence":{"values":[[1,"+Inf"],[2,0.5,3]]},"hooks":null}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeEvent(b)
		if err != nil {
			return
		}
		again, err := encodeEvent(&e)
		if err != nil {
			t.Fatalf("what was decoded is not encoded: %v", err)
		}
		second, err := decodeEvent(again)
		if err != nil {
			t.Fatalf("what was encoded is not decoded: %v\n%s", err, again)
		}
		if math.IsNaN(e.Alert.Value) {
			e.Alert.Value, second.Alert.Value = 0, 0
		}
		if e.Alert.Fingerprint != second.Alert.Fingerprint || e.Key() != second.Key() || e.T != second.T || (e.Hooks == nil) != (second.Hooks == nil) {
			t.Fatalf("%+v became %+v", e, second)
		}
		if _, err := json.Marshal(e.Alert.ActiveAt); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzDecodeNote(f *testing.F) {
	f.Add([]byte(`{"v":1,"progress":{"hook":"ops","key":"k","data":{"a":1}}}`))
	f.Add([]byte(`{"v":1,"hole":{"from":1,"to":2}}`))
	f.Add([]byte(`{"v":1,"seq":3}`))
	f.Add([]byte(`{"v":1,"silence":{"id":"x","matchers":[{"name":"a","op":"=~","value":"b|c"}],"createdBy":"<","startsAt":1,"endsAt":2,"updatedAt":1}}`))
	f.Add([]byte(`{"v":1,"alert":{"seq":1,"lost":5,"event":{"v":1,"t":1,"event":"pending","state":"pending","labels":{"alertname":"x"},"value":1,"hooks":null}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := decodeNote(b)
		if err != nil {
			return
		}
		fold := newFold()
		if err := fold.note(n); err != nil {
			return
		}
		if _, err := fold.snapshot(); err != nil {
			t.Fatalf("no snapshot of what a note gives: %v", err)
		}
	})
}
