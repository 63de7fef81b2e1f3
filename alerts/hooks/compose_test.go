package hooks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"monitord/alerts"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var testOrigin = origin{epoch: "00c0ffee00c0ffee", instance: "web1", externalURL: "http://web1:6455"}

func messageOf(t testing.TB, e alerts.Event) *message {
	t.Helper()
	m, err := testOrigin.compose(draft{hook: "ops", events: []alerts.Event{e}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWebhookBody(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "webhook.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, messageOf(t, golden()).body, "", "  "); err != nil {
		t.Fatal(err)
	}
	if got.String() != strings.TrimSpace(string(want)) {
		t.Errorf("body:\n%s", got.String())
	}
}

func TestSpecialValues(t *testing.T) {
	for value, want := range map[float64]string{
		93.5: `"value":93.5`, 1e21: `"value":1e+21`, math.Inf(1): `"value":"+Inf"`, math.Inf(-1): `"value":"-Inf"`, math.NaN(): `"value":"NaN"`,
	} {
		e := golden()
		e.Alert.Value = value
		e.Alert.Evidence = &alerts.Evidence{Values: []alerts.Sample{{T: 1763683199000, V: 2}, {T: 1763683200000, V: value}}}
		want += `,"activeAt":"2025-11-20T23:59:00Z","evidence":{"values":[[1763683199000,2],[1763683200000,` + strings.TrimPrefix(want, `"value":`) + `]]}`
		if body := string(messageOf(t, e).body); !strings.Contains(body, want) {
			t.Errorf("%v: %s", value, body)
		}
	}
}

// TestMessageOfGroup: what the events have alike stands for all of them.
func TestMessageOfGroup(t *testing.T) {
	a, b, over := firing("A"), firing("B"), resolved("A")
	a.Seq, b.Seq, over.Seq = 7, 8, 12
	m, err := testOrigin.compose(draft{hook: "ops", events: []alerts.Event{a, b, over}, groupBy: []string{"severity", "absent"}, repeat: 2})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "key", m.key, "00c0ffee00c0ffee-ops-12-r2")
	equal(t, "status", m.payload.Status, "firing") // B still does
	equal(t, "group", m.payload.GroupKey, `{}:{severity="critical"}`)
	equal(t, "group labels", m.payload.GroupLabels, map[string]string{"severity": "critical"})
	equal(t, "common labels", m.payload.CommonLabels, map[string]string{"severity": "critical", "instance": "web1"})
	equal(t, "common annotations", m.payload.CommonAnnotations, map[string]string{})
	var each []string
	for i, a := range m.payload.Alerts {
		each = append(each, fmt.Sprint(a.Labels["alertname"], " ", a.Status, " ", m.payload.Monitord.Alerts[i].Seq))
	}
	equal(t, "alerts", each, []string{"A firing 7", "B firing 8", "A resolved 12"})
	m, err = testOrigin.compose(draft{hook: "ops", events: []alerts.Event{a, over}, groupBy: []string{"severity"}})
	if err != nil || m.payload.Status != "resolved" {
		t.Errorf("a group of which nothing fires any more: %s, %v", m.payload.Status, err)
	}
}

func BenchmarkMessage(b *testing.B) {
	e := golden()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := testOrigin.compose(draft{hook: "ops", events: []alerts.Event{e}}); err != nil {
			b.Fatal(err)
		}
	}
}
