package alerts

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// promRule is an alerting rule as Prometheus 3 evaluates it: written from its
// documentation and rules/alerting.go, and sharing nothing with the engine.
type promRule struct {
	hold, keepFiring int64 // milliseconds
	limit            int
	name             string
	extra            func(v metric.Value) map[string]string // the rule's labels, expanded

	active map[string]*promAlert
}

type promAlert struct {
	labels              map[string]string
	state               string
	value               float64
	activeAt, keepSince int64
}

// eval returns the series that are written for the alerts.
func (r *promRule) eval(ts int64, result []metric.Value, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	found := make(map[string]*promAlert)
	for _, v := range result {
		ls := v.Labels.Map()
		delete(ls, "__name__")
		maps.Copy(ls, r.extra(v))
		ls["alertname"] = r.name
		key := fmt.Sprint(ls) // maps are printed in the order of their keys
		if found[key] != nil {
			return nil, errors.New("vector contains metrics with the same labelset after applying alert labels")
		}
		found[key] = &promAlert{labels: ls, state: "pending", value: v.V, activeAt: ts}
	}
	for key, a := range found {
		if known := r.active[key]; known != nil && known.state != "inactive" {
			known.value = a.value
			continue
		}
		r.active[key] = a
	}
	var written []string
	n := 0
	for key, a := range r.active {
		if found[key] == nil {
			keep := false
			if a.state == "firing" && r.keepFiring > 0 {
				if a.keepSince == 0 {
					a.keepSince = ts
				}
				keep = ts-a.keepSince < r.keepFiring
			}
			if a.state == "pending" {
				delete(r.active, key)
			}
			if !keep {
				a.state = "inactive"
				continue
			}
		} else {
			a.keepSince = 0
		}
		n++
		if a.state == "pending" && ts-a.activeAt >= r.hold {
			a.state = "firing"
		}
		ls := maps.Clone(a.labels)
		ls["__name__"] = "ALERTS_FOR_STATE"
		written = append(written, fmt.Sprintf("%s %d", labels.FromMap(ls), a.activeAt/1000))
		ls["__name__"], ls["alertstate"] = "ALERTS", a.state
		written = append(written, labels.FromMap(ls).String()+" 1")
	}
	if r.limit > 0 && n > r.limit {
		r.active = make(map[string]*promAlert)
		return nil, errors.New("exceeded limit")
	}
	slices.Sort(written)
	return written, nil
}

// list is what is pending or firing, in words.
func (r *promRule) list() []string {
	var all []string
	for _, a := range r.active {
		if a.state != "inactive" {
			all = append(all, fmt.Sprint(labels.FromMap(a.labels), a.state, a.value, a.activeAt, a.keepSince))
		}
	}
	slices.Sort(all)
	return all
}

// TestSemanticsOfPrometheus drives the engine and a model of Prometheus over the
// same random results.
func TestSemanticsOfPrometheus(t *testing.T) {
	fired := 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 5))
		every := []int64{1, 1, 2, 5, 15}[rng.IntN(5)]
		pick := func() time.Duration { return time.Duration(rng.IntN(3)*rng.IntN(8)) * time.Second }
		rule := RuleConfig{Name: "A", Expr: "rate(x[1s])", For: pick(), KeepFiringFor: pick(), Labels: map[string]string{"team": "ops"}}
		model := &promRule{
			hold: rule.For.Milliseconds(), keepFiring: rule.KeepFiringFor.Milliseconds(), name: "A", active: make(map[string]*promAlert),
			extra: func(metric.Value) map[string]string { return map[string]string{"team": "ops"} },
		}
		if rng.IntN(3) == 0 {
			rule.Labels["level"] = `{{ if gt $value 1.0 }}high{{ else }}low{{ end }}`
			model.extra = func(v metric.Value) map[string]string {
				return map[string]string{"team": "ops", "level": map[bool]string{true: "high", false: "low"}[v.V > 1]}
			}
		}
		if rng.IntN(4) == 0 {
			model.limit = 3
		}
		r := newRig(t, EngineOptions{})
		if faults := r.Load([]GroupConfig{{Name: "g", Interval: time.Duration(every) * time.Second, Limit: model.limit, Rules: []RuleConfig{rule}}}); len(faults) > 0 {
			t.Fatal(faults)
		}
		signal := newSignal(rng)
		var asked int64
		var result []metric.Value
		var fails error
		r.answers[rule.Expr] = func(at int64) ([]metric.Value, error) {
			asked = at
			result, fails = signal()
			return result, fails
		}
		for at := int64(1000); at < 1400; at++ {
			got := slices.DeleteFunc(r.writes(at), func(s string) bool { return strings.HasSuffix(s, " ended") })
			if asked != at*second {
				continue
			}
			want, err := model.eval(at*second, result, fails)
			s := r.Rules()[0]
			if (s.LastError != nil) != (err != nil) {
				t.Fatalf("seed %d, second %d: error %v, Prometheus has %v", seed, at, s.LastError, err)
			}
			if err == nil && !slices.Equal(got, want) {
				t.Fatalf("seed %d, second %d, %+v:\n      wrote %q\nPrometheus %q", seed, at, rule, got, want)
			}
			var list []string
			for _, a := range s.Alerts {
				list = append(list, fmt.Sprint(a.Labels, string(a.State), a.Value, toMillis(a.ActiveAt), toMillis(a.KeepFiringSince)))
				if a.State == PhaseFiring {
					fired++
				}
			}
			slices.Sort(list)
			if want := model.list(); !slices.Equal(list, want) {
				t.Fatalf("seed %d, second %d, %+v:\n   alerts are %q\nPrometheus has %q", seed, at, rule, list, want)
			}
		}
	}
	if fired < 1000 {
		t.Errorf("only %d were seen firing: the test tests nothing", fired)
	}
}

// newSignal returns results in which elements come, stay for a while and go; some
// fail, and some have two elements that become the same alert.
func newSignal(rng *rand.Rand) func() ([]metric.Value, error) {
	on := [4]bool{}
	restless := 3 + rng.IntN(20)
	return func() ([]metric.Value, error) {
		if rng.IntN(40) == 0 {
			return nil, errors.New("no luck")
		}
		var values []metric.Value
		for i := range on {
			if rng.IntN(restless) == 0 {
				on[i] = !on[i]
			}
			if on[i] {
				pairs := []string{"__name__", "x", "i", fmt.Sprint(i)}
				if i == 0 {
					pairs = append(pairs, "team", "own", "alertstate", "odd")
				}
				values = append(values, metric.Value{Labels: labels.FromStrings(pairs...), V: float64(rng.IntN(3))})
			}
		}
		if len(values) > 0 && rng.IntN(60) == 0 {
			b := labels.NewBuilder(values[0].Labels)
			values = append(values, metric.Value{Labels: b.Set("__name__", "y").Labels(), V: values[0].V})
		}
		return values, nil
	}
}
