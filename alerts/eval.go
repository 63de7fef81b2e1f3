package alerts

import (
	"context"
	"time"

	"monitord/metric"
)

// Eval evaluates the rules that are due at t (Unix milliseconds, a tick whose
// samples are in the history), in order: a rule sees what those before it wrote
// at the same tick. The results of rules that are not due are written again as
// they were, so that what an instant query finds does not depend on how seldom a
// rule is evaluated. When the context ends, the rules that are left stay as they
// are.
func (e *Engine) Eval(ctx context.Context, t int64) Outcome {
	var out Outcome
	e.current.begin(t)
	if !e.o.Bare {
		out.Hole = e.clock.tick(t, e.step)
	}
	e.step = 0
	if out.Hole != nil {
		e.away(*out.Hole)
	}
	out.Events = e.adopt(t)
	e.hold(t)
	out.Events = append(out.Events, e.silence(t)...)
	e.write.begin(t)
	e.prover.begin()
	e.ask(ctx, t)
	for _, tr := range e.trackers {
		if tr.rule.Due(t, tr.health.at) && ctx.Err() == nil {
			if tr.rule.expr.reads(e.write.names) {
				e.write.flush()
			}
			out.Events = append(out.Events, e.evaluate(ctx, tr, t)...)
			out.Notes = append(out.Notes, e.remember(tr, t)...)
		}
		e.write.turn(tr)
		e.emit(tr)
		e.write.done()
	}
	out.Batch = e.write.finish()
	e.prove(ctx, out.Events, t)
	return out
}

// away tells every alert of a time in which the daemon did not run.
func (e *Engine) away(h Hole) {
	d := time.Duration(h.To-h.From) * time.Millisecond
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, tr := range e.trackers {
		if e.clock.set { // what waits must not wait for the old time
			tr.filled += h.To - h.From
			tr.unsure += h.To - h.From
		}
		tr.filled, tr.since = max(tr.filled, e.clock.filled(tr.rule)), e.clock.began
		tr.unsure = max(tr.unsure, e.clock.unsure(tr.rule))
		tr.began, tr.settled = e.clock.start, e.clock.settled(tr.rule)
		for _, in := range tr.alerts {
			in.away(d, h.To)
		}
	}
	for _, byKey := range e.restored {
		for _, in := range byKey {
			in.away(d, h.To)
		}
	}
}

// evaluate runs one rule and returns the transitions of its alerts.
func (e *Engine) evaluate(ctx context.Context, tr *tracker, t int64) []Event {
	values, start, err := e.values(ctx, tr, t)
	if ctx.Err() != nil {
		return nil // the daemon is stopping: that is no failure of the rule
	}
	if tr.rule.Recording {
		e.record(tr, values, err, t, start)
		return nil
	}
	ev := evaluation{t: t, err: err}
	if err == nil {
		if e.elements(ctx, tr, values, &ev); ctx.Err() != nil {
			return nil // labels that were being found out are not what they would be
		}
	}
	missing := tr.missing(&ev)
	if ev.err == nil && tr.waitsForClear(missing, t) {
		ev.cleared, ev.err = e.cleared(ctx, tr.rule, t)
		if ctx.Err() != nil {
			return nil
		}
	}
	e.mu.Lock()
	changes := tr.apply(&ev, missing, e.o.Bare)
	e.silenceNew(changes)
	e.note(tr, ev.err, t, start)
	if e.o.Evaluated != nil {
		for _, el := range ev.elements {
			if in := tr.alerts[el.key]; in != nil {
				e.o.Evaluated(tr.rule, in.fingerprint, in.state)
			}
		}
	}
	e.mu.Unlock()
	e.unproven.Add(uint64(e.prover.want(tr.rule, changes, t)))
	if tr.rule.expr.reads(e.written) {
		e.prover.search(ctx, t) // before rules write what this one has not seen
	}
	return e.events(ctx, tr.rule, changes, t)
}

// record takes in the result of a recording rule.
func (e *Engine) record(tr *tracker, values []metric.Value, err error, t int64, start time.Time) {
	var points []metric.Point
	if err == nil {
		points, err = tr.recorded(values, e.o.Registry)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err == nil {
		tr.points = points
	}
	e.note(tr, err, t, start)
}

// note counts an evaluation. It is called with the lock held.
func (e *Engine) note(tr *tracker, err error, t int64, start time.Time) {
	e.report(tr, err)
	tr.health.note(t, time.Since(start), err)
}

func (e *Engine) query(ctx context.Context, expr expression, t int64) ([]metric.Value, error) {
	if values, ok := e.current.evaluate(expr.plain, t); ok {
		return values, nil
	}
	return e.instant(ctx, expr, t)
}

func (e *Engine) instant(ctx context.Context, expr expression, t int64) ([]metric.Value, error) {
	ctx, cancel := e.limited(ctx)
	defer cancel()
	return e.o.Query.Instant(ctx, expr.text, t)
}

// limited is for a part of what one rule does at a tick: its query, its labels, its
// annotations. Each element may ask a query for each of them. What it returns ends
// the part, and counts it as a turn.
func (e *Engine) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	cancel := func() {}
	if e.o.Timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, e.o.Timeout)
	}
	return ctx, func() {
		cancel()
		e.turns.Add(1)
	}
}

// Turns grows while a tick's rules are evaluated, at least once in Timeout: rules
// that take longer than a tick together are slow, not dead.
func (e *Engine) Turns() uint64 { return e.turns.Load() }

// report logs a rule's first failure and its recovery, not each of them.
func (e *Engine) report(tr *tracker, err error) {
	switch before := tr.health.err; {
	case err != nil && before == nil:
		e.o.Log.Warn("evaluating a rule fails, its alerts stay as they are", "rule", tr.rule.Name, "err", err)
	case err == nil && before != nil:
		e.o.Log.Info("evaluating a rule works again", "rule", tr.rule.Name)
	}
}

// events dresses changes as events. Annotations are made here and not at every
// evaluation: that is when somebody is told. It is decided by now: a daemon that
// stops still says it in full, and does not stand an error in for a query's answer.
func (e *Engine) events(ctx context.Context, r *Rule, changes []change, t int64) []Event {
	if len(changes) == 0 {
		return nil
	}
	if e.o.Timeout > 0 { // else nothing would end it
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := e.limited(ctx)
	defer cancel()
	var events []Event
	for _, c := range changes {
		annotations := c.in.annotations
		if c.in.source.t != beforeStart {
			annotations = e.annotate(ctx, r, c.in.source)
		}
		e.mu.Lock()
		c.in.annotations, c.in.hooks, c.in.rule = annotations, r.Hooks, r
		for _, kind := range c.kinds {
			events = append(events, Event{T: t, Kind: kind, Rule: r.ID, Alert: c.in.alert(e.link, t), Hooks: r.Hooks})
			c.in.told(&events[len(events)-1])
		}
		e.mu.Unlock()
	}
	return events
}

// annotate expands a rule's annotations for an element.
func (e *Engine) annotate(ctx context.Context, r *Rule, source metricSample) map[string]string {
	if len(r.annotations) == 0 {
		return nil
	}
	all := make(map[string]string, len(r.annotations))
	left := maxNoteText
	for _, a := range r.annotations {
		text, err := e.expand.expand(ctx, a, source)
		if err != nil {
			e.o.Log.Warn("an annotation's template fails", "rule", r.Name, "annotation", a.name, "err", err)
		}
		if left -= len(text); left < 0 {
			text = textLeftOut
		}
		all[a.name] = text
	}
	return all
}

// emit hands the writer what the rule has to write at this tick.
func (e *Engine) emit(tr *tracker) {
	if !tr.rule.Recording {
		e.emitAlerts(tr)
		return
	}
	if tr.health.err != nil {
		e.write.keep(tr.points)
		return
	}
	err := e.write.add(tr.rule.Name, tr.points...)
	if (err == nil) == (tr.clash == nil) {
		return
	}
	if err != nil {
		e.o.Log.Warn("a recording rule writes what is written already, that is left out", "rule", tr.rule.Name, "err", err)
	}
	e.mu.Lock()
	tr.clash = err
	e.mu.Unlock()
}

func (e *Engine) emitAlerts(tr *tracker) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, in := range tr.alerts {
		p := in.points(e.o.Registry)
		// Two rules may have alerts with equal labels: their series are one, as in Prometheus.
		_ = e.write.add(alertsMetric, p[0])
		_ = e.write.add(alertsForMetric, p[1])
	}
}
