package metric

import (
	"encoding/binary"
	"fmt"
	"sort"
	"sync"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// A Registry interns series and remembers the description of every metric that
// it has seen. It must be made by [NewRegistry]; it may be used by several
// goroutines at once.
type Registry struct {
	base labels.Labels

	mu     sync.RWMutex // guards the fields below
	byDesc map[*Desc]map[string]*Series
	known  map[*Series][]lookup // where in byDesc a series stands
	byHash map[uint64][]*Series
	descs  map[string]*Desc
}

// A lookup is a place in byDesc. A series has one for each Desc that it was asked
// for by: several may have the same name.
type lookup struct {
	desc *Desc
	key  string
}

// NewRegistry returns a registry that adds the base labels to every series made
// from a Desc. A label of the Desc wins over a base label of the same name.
func NewRegistry(base labels.Labels) *Registry {
	return &Registry{
		base:   base,
		byDesc: make(map[*Desc]map[string]*Series),
		known:  make(map[*Series][]lookup),
		byHash: make(map[uint64][]*Series),
		descs:  make(map[string]*Desc),
	}
}

// Series returns the series of d with the given label values, one for each of
// d's label names, in their order. It panics if their number differs: that is a
// mistake in a collector's code, never in its input.
func (r *Registry) Series(d *Desc, values ...string) *Series {
	if len(values) != len(d.labels) {
		panic(fmt.Sprintf("metric %s has %d labels, got %d values", d.Name, len(d.labels), len(values)))
	}
	var buf [256]byte
	key := buf[:0]
	for _, v := range values {
		key = binary.AppendUvarint(key, uint64(len(v)))
		key = append(key, v...)
	}
	r.mu.RLock()
	s := r.byDesc[d][string(key)]
	r.mu.RUnlock()
	if s != nil {
		return s
	}

	b := labels.NewBuilder(r.base)
	b.Set(model.MetricNameLabel, d.Name)
	for i, name := range d.labels {
		b.Set(name, values[i])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s = r.internLocked(d, b.Labels())
	m := r.byDesc[d]
	if m == nil {
		m = make(map[string]*Series)
		r.byDesc[d] = m
	}
	if _, raced := m[string(key)]; !raced {
		m[string(key)] = s
		r.known[s] = append(r.known[s], lookup{d, string(key)})
	}
	return s
}

// Intern returns the series with exactly these labels: nothing is added. It is
// for what no collector describes, such as the results of recording rules.
func (r *Registry) Intern(ls labels.Labels) *Series {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.internLocked(nil, ls)
}

func (r *Registry) internLocked(d *Desc, ls labels.Labels) *Series {
	h := ls.Hash()
	for _, s := range r.byHash[h] {
		if labels.Equal(s.Labels, ls) {
			return s
		}
	}
	s := &Series{Desc: d, Labels: ls}
	r.byHash[h] = append(r.byHash[h], s)
	if d != nil {
		if _, known := r.descs[d.Name]; !known {
			r.descs[d.Name] = d
		}
	}
	return s
}

// Retire forgets series that have ended. The descriptions of their metrics stay.
func (r *Registry) Retire(ended []*Series) {
	if len(ended) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range ended {
		h := s.Labels.Hash()
		same := r.byHash[h]
		for i, other := range same {
			if other == s {
				same = append(same[:i:i], same[i+1:]...)
				break
			}
		}
		if len(same) == 0 {
			delete(r.byHash, h)
		} else {
			r.byHash[h] = same
		}
		for _, l := range r.known[s] {
			delete(r.byDesc[l.desc], l.key)
		}
		delete(r.known, s)
	}
}

// Descs returns the description of every metric seen so far, by name.
func (r *Registry) Descs() []*Desc {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]*Desc, 0, len(r.descs))
	for _, d := range r.descs {
		all = append(all, d)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// Desc returns the description of the metric of this name, or nil.
func (r *Registry) Desc(name string) *Desc {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.descs[name]
}
