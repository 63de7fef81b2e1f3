package alerts

import (
	"hash/fnv"
	"maps"
	"slices"
	"time"
)

// A GroupConfig is rules that are evaluated together, one after the other: those
// of one TOML text, or a group of a Prometheus rule file.
type GroupConfig struct {
	Name string
	File string // where it is written; empty: in none
	// Interval is how often all rules of the group are evaluated, at the same ticks;
	// 0: each as often as it asks for.
	Interval time.Duration
	// Limit is how many alerts, or series, a rule of the group may give; more fail
	// the evaluation and end the rule's alerts. 0: as many as any rule may.
	Limit int
	// QueryOffset is how far back from its tick the group is evaluated.
	QueryOffset time.Duration
	// Labels are given to every rule of the group that does not set them itself.
	Labels map[string]string
	Rules  []RuleConfig

	// Path is where in its file the group is, such as groups[1] or alerts, and Lines
	// has the lines of the file's keys, for the faults.
	Path  string
	Lines map[string]int
	// Prometheus says that the group is from a Prometheus rule file: what is accepted
	// there is accepted, and recording rules stay where they are.
	Prometheus bool
}

// Fault returns a fault of the key at a path below the group, such as
// rules[2].expr.
func (c *GroupConfig) Fault(key, msg string) Fault {
	path := dotted(c.Path, key)
	return Fault{File: c.File, Line: lineOf(c.Lines, path), Key: path, Msg: msg}
}

// dotted joins two parts of a path, either of which may be empty.
func dotted(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}

// A Group is a compiled GroupConfig. It is immutable.
type Group struct {
	Name, File  string
	Interval    time.Duration // 0: each rule as often as it asks for
	Limit       int           // 0: none
	QueryOffset time.Duration
	BuiltIn     bool

	labels map[string]string
	phase  int64 // of all its rules, if it has an interval
}

func newGroup(c GroupConfig) *Group {
	h := fnv.New64a()
	h.Write([]byte(c.File + "\x00" + c.Name))
	return &Group{
		Name: c.Name, File: c.File, Interval: c.Interval, Limit: c.Limit, QueryOffset: c.QueryOffset,
		labels: maps.Clone(c.Labels), phase: int64(h.Sum64() >> 2),
	}
}

// evaluationOrder puts groups in the order in which they are evaluated: as they
// come, except that one which records what another reads goes before it, so that
// alerts see what is recorded at the same tick wherever it is written. Groups
// that read of each other stay in their order.
func evaluationOrder(groups [][]*Rule) []*Rule {
	recordedBy := make(map[string][]int)
	for i, rules := range groups {
		for _, r := range rules {
			if r.Recording && !slices.Contains(recordedBy[r.Name], i) {
				recordedBy[r.Name] = append(recordedBy[r.Name], i)
			}
		}
	}
	const (
		waiting = iota
		entered
		done
	)
	state := make([]int, len(groups))
	var all []*Rule
	var visit func(i int)
	visit = func(i int) {
		state[i] = entered
		for _, r := range groups[i] {
			for _, name := range r.expr.names {
				for _, j := range recordedBy[name] {
					if state[j] == waiting {
						visit(j)
					}
				}
			}
		}
		state[i] = done
		all = append(all, groups[i]...)
	}
	for i := range groups {
		if state[i] == waiting {
			visit(i)
		}
	}
	lookThrough(all)
	return all
}

// lookThrough has rules, in the order of evaluation, look back as far as what they
// read of was recorded from: a rate that is recorded is no surer after a hole, or
// after the clock was set, than one that the rule has in its own expression.
func lookThrough(rules []*Rule) {
	behind := make(map[string]time.Duration) // the metrics that are recorded
	for _, r := range rules {
		var most time.Duration
		for _, name := range r.expr.names {
			most = max(most, behind[name])
		}
		r.expr.fill += most
		if r.Recording {
			behind[r.Name] = max(behind[r.Name], r.expr.fill)
		}
	}
}
