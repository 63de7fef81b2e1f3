package feed

import (
	"testing"

	"monitord/stream"
	"monitord/stream/wire"
)

func TestLateOf(t *testing.T) {
	w := newWorld(t)
	const every = 2000
	for name, c := range map[string]struct {
		last, due int64 // ticks
		late      bool
		offset    int64
		want      int64
	}{
		"the one before has been told":      {begin, begin + every, false, 0, begin + every - 1},
		"a hole is yet to be told":          {begin, begin + 5*every, false, 0, begin},
		"some were given up":                {begin, begin + 17*every, true, 0, begin},
		"it has never been evaluated":       {0, begin + every, false, 0, begin + every - 1},
		"nor will be at some":               {0, begin + 17*every, true, 0, begin + 17*every - 1},
		"a step of the clock is to be told": {begin + 9*every, begin, false, 9*every + 2, begin + 9*every},
		"and some were given up":            {begin + 9*every, begin, true, 9*every + 2, begin + 9*every},
	} {
		tp := &topic{topic: w.engine.NewTopic(stream.TopicOptions{}), source: &source{line: timeline{every: every, last: c.last}}}
		tp.query = &query{due: []moment{{c.due, clock{last: c.due, offset: c.offset}, wire.Down}}, late: c.late}
		if got := lateOf([]*topic{tp}); len(got) != 1 || got[0].pos != c.want {
			t.Errorf("%s: %+v, want %d", name, got, c.want)
		}
	}
}
