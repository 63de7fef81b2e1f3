package message

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
)

var testOrigin = Origin{Epoch: "00c0ffee00c0ffee", Instance: "web1", ExternalURL: "http://web1:6455/"}

func messageOf(t testing.TB, e alerts.Event) *Message {
	t.Helper()
	m, err := testOrigin.Compose(Draft{Hook: "ops", Events: []alerts.Event{e}})
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
	if err := json.Indent(&got, messageOf(t, hooktest.Golden()).Body, "", "  "); err != nil {
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
		e := hooktest.Golden()
		e.Alert.Value = value
		e.Alert.Evidence = &alerts.Evidence{Values: []alerts.Sample{{T: 1763683199000, V: 2}, {T: 1763683200000, V: value}}}
		want += `,"activeAt":"2025-11-20T23:59:00Z","evidence":{"values":[[1763683199000,2],[1763683200000,` + strings.TrimPrefix(want, `"value":`) + `]]}`
		if body := string(messageOf(t, e).Body); !strings.Contains(body, want) {
			t.Errorf("%v: %s", value, body)
		}
	}
}

// TestMessageOfGroup: what the events have alike stands for all of them.
func TestMessageOfGroup(t *testing.T) {
	a, b, over := hooktest.Firing("A"), hooktest.Firing("B"), hooktest.Resolved("A")
	a.Seq, b.Seq, over.Seq = 7, 8, 12
	m, err := testOrigin.Compose(Draft{Hook: "ops", Events: []alerts.Event{a, b, over}, GroupBy: []string{"severity", "absent"}, Repeat: 2})
	if err != nil {
		t.Fatal(err)
	}
	hooktest.Equal(t, "key", m.Key, "00c0ffee00c0ffee-ops-12-r2")
	hooktest.Equal(t, "status", m.Payload.Status, "firing") // B still does
	hooktest.Equal(t, "group", m.Payload.GroupKey, `{}:{severity="critical"}`)
	hooktest.Equal(t, "group labels", m.Payload.GroupLabels, map[string]string{"severity": "critical"})
	hooktest.Equal(t, "common labels", m.Payload.CommonLabels, map[string]string{"severity": "critical", "instance": "web1"})
	hooktest.Equal(t, "common annotations", m.Payload.CommonAnnotations, map[string]string{})
	var each []string
	for i, a := range m.Payload.Alerts {
		each = append(each, fmt.Sprint(a.Labels["alertname"], " ", a.Status, " ", m.Payload.Monitord.Alerts[i].Seq))
	}
	hooktest.Equal(t, "alerts", each, []string{"A firing 7", "B firing 8", "A resolved 12"})
	m, err = testOrigin.Compose(Draft{Hook: "ops", Events: []alerts.Event{a, over}, GroupBy: []string{"severity"}})
	if err != nil || m.Payload.Status != "resolved" {
		t.Errorf("a group of which nothing fires any more: %s, %v", m.Payload.Status, err)
	}
}

func BenchmarkMessage(b *testing.B) {
	e := hooktest.Golden()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := testOrigin.Compose(Draft{Hook: "ops", Events: []alerts.Event{e}}); err != nil {
			b.Fatal(err)
		}
	}
}
