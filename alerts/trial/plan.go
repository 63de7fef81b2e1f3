package trial

import (
	"context"
	"slices"
	"time"
)

// A block is one rule, or rules that are taken through a chunk together, from tick to
// tick, because one of them reads what it or one behind it writes. It is not safe for
// concurrent use.
type block struct {
	stages []*stage // in the order of evaluation
	feeds  bool     // one reads what it or one behind it writes
	wrote  int64    // the newest tick at which one wrote what is read; Unix milliseconds
}

// plan puts stages into blocks, each behind those that write what it reads, and
// otherwise in the order of evaluation. In a block are those of which each reads,
// directly or by others, what the other writes.
func plan(stages []*stage) []*block {
	p := planner{stages: stages, needs: make([][]int, len(stages)), number: make([]int, len(stages)), low: make([]int, len(stages))}
	for i, s := range stages {
		for j, other := range stages {
			if !s.reads(other) {
				continue
			}
			other.read, s.needs = true, append(s.needs, other)
			p.needs[i] = append(p.needs[i], j)
			switch {
			case j == i:
				s.again = true
			case j > i: // at a tick it sees what that one wrote before
				s.again = true
				p.needs[j] = append(p.needs[j], i)
			}
		}
	}
	for i := range stages {
		if p.number[i] == 0 {
			p.visit(i)
		}
	}
	for _, b := range p.blocks {
		slices.SortFunc(b.stages, func(x, y *stage) int { return x.place - y.place })
		for _, s := range b.stages {
			s.block, b.feeds = b, b.feeds || s.again
		}
		for _, s := range b.stages {
			s.waits = b.feeds || len(p.needs[s.place]) > 0
		}
	}
	return p.blocks
}

// A planner finds the strongly connected parts of what stages need, by Tarjan's
// algorithm: a part comes after all that it needs.
type planner struct {
	stages      []*stage
	needs       [][]int
	number, low []int // by stage; numbers begin with 1
	visited     int
	open        []int
	blocks      []*block
}

const placed = -1 // the number of a stage that is in a block

func (p *planner) visit(i int) {
	p.visited++
	p.number[i], p.low[i] = p.visited, p.visited
	p.open = append(p.open, i)
	for _, j := range p.needs[i] {
		switch p.number[j] {
		case placed:
		case 0:
			p.visit(j)
			p.low[i] = min(p.low[i], p.low[j])
		default:
			p.low[i] = min(p.low[i], p.number[j])
		}
	}
	if p.low[i] != p.number[i] {
		return
	}
	b := &block{}
	first := slices.Index(p.open, i)
	for _, j := range p.open[first:] {
		p.number[j] = placed
		b.stages = append(b.stages, p.stages[j])
	}
	p.open = p.open[:first]
	p.blocks = append(p.blocks, b)
}

// through takes the rules of a block through the ticks of a chunk.
func (b *block) through(ctx context.Context, ticks []int64) error {
	step := len(ticks)
	if b.feeds {
		step = 1
	}
	for ; len(ticks) > 0; ticks = ticks[step:] {
		for _, s := range b.stages {
			if err := s.through(ctx, ticks[:step]); err != nil {
				return err
			}
		}
	}
	return nil
}

// disturbs reports whether an expression that looks back so far reads at t what was
// written after the beginning of the chunk, and after its window was made therefore.
func (b *block) disturbs(t, chunk int64, reach time.Duration) bool {
	return b.feeds && b.wrote >= chunk && b.wrote+reach.Milliseconds() >= t
}
