package collectors

import (
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// falls keeps the counters of the host from falling: what falls reads as what was
// reset, and all that it counted since it was zero as the growth of one tick. A
// disk that was replaced, an interface that was made anew, a counter that the
// kernel corrects: each goes on from where it was. The zero value is ready. It is
// the tick's goroutine's.
type falls struct {
	offsets map[*metric.Series]float64 // of those that have fallen
	before  map[string]float64         // by labels: what the run before this one showed last
	last    int64                      // its last tick
}

// booted is the metric by which the machine's start is known.
const booted = "node_boot_time_seconds"

// resume takes what the history had at its last tick. Counters go on from there,
// unless the machine has been started again since then.
func (f *falls) resume(last int64, values []metric.Value) {
	f.last, f.before = last, make(map[string]float64, len(values))
	for _, v := range values {
		if hostMetric(v.Labels.Get(model.MetricNameLabel)) {
			f.before[string(v.Labels.Bytes(nil))] = v.V
		}
	}
}

// mend takes the points of a tick and those that were shown at the one before,
// which are of the very same series in the same order if aligned.
func (f *falls) mend(t int64, points, prev []metric.Point, aligned bool) {
	first := prev == nil
	var shown map[*metric.Series]float64
	if !aligned {
		shown = make(map[*metric.Series]float64, len(prev))
		for _, p := range prev {
			shown[p.Series] = p.V
		}
	}
	if first && !f.sameBoot(points) {
		f.before = nil
	}
	for i := range points {
		p := &points[i]
		d := p.Series.Desc
		if d == nil || d.Type != metric.Counter || !hostMetric(d.Name) {
			continue
		}
		var held float64
		known := aligned
		if aligned {
			held = prev[i].V
		} else if held, known = shown[p.Series]; !known {
			if held, known = f.resumed(p.Series.Labels); known && f.leapt(d, p.V-held, t) {
				f.shift(p, held)
				continue
			}
		}
		p.V += f.offsets[p.Series]
		if known && p.V < held {
			f.shift(p, held)
		}
	}
}

// shift has the counter go on from what was held.
func (f *falls) shift(p *metric.Point, held float64) {
	if f.offsets == nil {
		f.offsets = make(map[*metric.Series]float64)
	}
	f.offsets[p.Series] += held - p.V
	p.V = held
}

// leapt reports whether a processor's time has grown since the run before by more
// than there was: [cpuCounters] had taken that out.
func (f *falls) leapt(d *metric.Desc, grown float64, t int64) bool {
	return (d == descCPU || d == descCPUGuest) && grown > float64(t-f.last)/1000+cpuSlack
}

// resumed returns what the run before showed, once: should the series end and come
// again, it is another.
func (f *falls) resumed(ls labels.Labels) (float64, bool) {
	if len(f.before) == 0 {
		return 0, false
	}
	key := string(ls.Bytes(nil))
	v, ok := f.before[key]
	delete(f.before, key)
	return v, ok
}

// forget lets go of series that have ended.
func (f *falls) forget(ended []*metric.Series) {
	for _, s := range ended {
		delete(f.offsets, s)
	}
}

func (f *falls) sameBoot(points []metric.Point) bool {
	for _, p := range points {
		if p.Series.Desc != nil && p.Series.Desc.Name == booted {
			before, ok := f.before[string(p.Series.Labels.Bytes(nil))]
			return ok && p.V-before < 2 && before-p.V < 2
		}
	}
	return false
}

// hostMetric tells the host's metrics from the daemon's own, which begin at zero
// with it.
func hostMetric(name string) bool { return strings.HasPrefix(name, "node_") }
