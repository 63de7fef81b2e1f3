package alerts

import (
	"context"
	"fmt"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// element is one alert that an evaluation returned.
type element struct {
	identity
	source metricSample
}

// identity is what tells an alert of a rule from the others.
type identity struct {
	labels labels.Labels // after templating
	key    string        // labelsKey of them
}

// identities remembers what the elements of a result became, for a rule whose
// label templates depend on the labels alone: a template costs as much as a
// query. The zero value is ready. It is not safe for concurrent use.
type identities struct {
	of map[string]identity // by labelsKey of the element
}

// add remembers one more. Elements come and go: when more are remembered than
// twice those of a result, all are forgotten.
func (m *identities) add(key string, id identity, size int) {
	if m.of == nil || len(m.of) > 2*size+16 {
		m.of = make(map[string]identity, size)
	}
	m.of[key] = id
}

// elements puts the alerts that a result stands for into an evaluation.
func (e *Engine) elements(ctx context.Context, tr *tracker, values []metric.Value, ev *evaluation) {
	if ev.err = checkResult(values); ev.err != nil || len(values) == 0 {
		return
	}
	if !tr.rule.steady {
		limited, cancel := e.limited(ctx)
		defer cancel()
		ctx = limited
	}
	list := make([]element, 0, len(values))
	seen := e.emptySeen(len(values))
	b := labels.NewBuilder(labels.EmptyLabels())
	var buf []byte
	for _, v := range values {
		source := metricSample{labels: v.Labels, value: v.V, t: ev.t}
		buf = v.Labels.Bytes(buf[:0])
		id, ok := tr.known.of[string(buf)]
		if !ok {
			e.alertLabels(ctx, b, tr.rule, source)
			if ev.err = ctx.Err(); ev.err != nil {
				ev.err = fmt.Errorf("the templates of labels: %w", ev.err)
				return
			}
			id.labels = b.Labels()
			if ev.err = checkLabels(id.labels); ev.err != nil {
				return
			}
			id.key = labelsKey(id.labels)
			if tr.rule.steady {
				tr.known.add(string(buf), id, len(values))
			}
		}
		if seen[id.key] {
			ev.err = errSameAlerts
			return
		}
		seen[id.key] = true
		list = append(list, element{identity: id, source: source})
	}
	ev.elements, ev.seen = list, seen
}

// emptySeen returns the map of the evaluation before, emptied: a new one for each
// rule and tick costs more than the rest. A large one is let go.
func (e *Engine) emptySeen(size int) map[string]bool {
	if e.seen == nil || len(e.seen) > 64 {
		e.seen = make(map[string]bool, size)
	}
	clear(e.seen)
	return e.seen
}

// cleared returns labelsKey of what a rule's `clear` returns, metric names aside.
func (e *Engine) cleared(ctx context.Context, r *Rule, t int64) (map[string]bool, error) {
	values, err := e.query(ctx, *r.expr.clear, t-r.Group.QueryOffset.Milliseconds())
	if err == nil {
		err = checkResult(values)
	}
	if err != nil {
		return nil, fmt.Errorf("clear: %w", err)
	}
	keys := make(map[string]bool, len(values))
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, v := range values {
		b.Reset(v.Labels)
		keys[labelsKey(b.Del(model.MetricNameLabel).Labels())] = true
	}
	return keys, nil
}

// alertLabels puts the labels of an element's alert into b: its own without the
// metric name, the rule's over them.
func (e *Engine) alertLabels(ctx context.Context, b *labels.Builder, r *Rule, source metricSample) {
	b.Reset(source.labels)
	b.Del(model.MetricNameLabel)
	for _, label := range r.labels {
		text, _ := e.expand.expand(ctx, label, source) // what is wrong is in the text
		b.Set(label.name, text)
	}
	b.Set(labels.AlertName, r.Name)
	validUTF8(b)
}
