package standing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"monitord/history"
)

// The errors of Get, to be told apart with errors.Is.
var (
	ErrBadQuery = errors.New("bad query")
	ErrBadEvery = errors.New("bad interval")
	ErrTooMany  = errors.New("too many standing queries")
)

// Config bounds a set.
type Config struct {
	Interval   time.Duration // of the ticks; intervals of queries are multiples of it
	MaxQueries int           // distinct ones
	Linger     time.Duration // how long a query lives that nobody holds; 0 means a minute
	Timeout    time.Duration // for one evaluation; 0 means five seconds
	MaxSamples int           // that one evaluation holds at once; 0 means 500,000
	MaxColumns int           // series in one result; 0 means 10,000
}

// maxEvery keeps the interval of a query within what a grid of ticks is good for.
const maxEvery = 24 * time.Hour

// A Set holds the standing queries over one history. It must be made by [New];
// it may be used by several goroutines at once.
type Set struct {
	db    *history.DB
	eval  *history.Evaluator
	c     Config
	count counters

	mu      sync.Mutex // guards the fields below, and what every query says
	queries map[key]*Query
	lapsed  []*Query // dropped since Lapsed was called last; at most as many as were made
	columns int      // of the newest results of all queries
}

type key struct {
	expr  string // canonical
	every int64  // milliseconds
}

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.every, other.every), cmp.Compare(k.expr, other.expr))
}

// New returns an empty set.
func New(db *history.DB, c Config) *Set {
	if c.Linger <= 0 {
		c.Linger = time.Minute
	}
	if c.Timeout <= 0 {
		c.Timeout = 5 * time.Second
	}
	if c.MaxColumns <= 0 {
		c.MaxColumns = 10_000
	}
	if c.MaxSamples <= 0 {
		c.MaxSamples = 500_000
	}
	return &Set{db: db, eval: db.Evaluator(c.MaxSamples), c: c, queries: make(map[key]*Query)}
}

// Get returns the query for an expression and an interval, 0 for each tick. The
// caller must release it once.
func (s *Set) Get(expr string, every time.Duration) (*Query, error) {
	e, err := history.ParseExpr(expr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadQuery, err)
	}
	if every == 0 {
		every = s.c.Interval
	}
	if every < 0 || every > maxEvery || every%s.c.Interval != 0 {
		return nil, fmt.Errorf("%w: %s is not a multiple of %s up to %s", ErrBadEvery, every, s.c.Interval, maxEvery)
	}
	k := key{expr: e.Canonical(), every: every.Milliseconds()}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queries[k]
	if q == nil {
		if len(s.queries) >= s.c.MaxQueries && !s.evictLocked() {
			return nil, fmt.Errorf("%w: there are %d", ErrTooMany, len(s.queries))
		}
		q = &Query{set: s, key: k, expr: e}
		s.queries[k] = q
	}
	q.users++
	return q, nil
}

// evictLocked makes room by dropping the query that nobody has held for the
// longest time.
func (s *Set) evictLocked() bool {
	var oldest *Query
	for _, q := range s.queries {
		if q.users == 0 && (oldest == nil || q.idle.Before(oldest.idle)) {
			oldest = q
		}
	}
	if oldest == nil {
		return false
	}
	s.dropLocked(oldest)
	return true
}

func (s *Set) dropLocked(q *Query) {
	delete(s.queries, q.key)
	s.columns -= q.columns
	q.columns = 0
	s.lapsed = append(s.lapsed, q)
}

// Due returns the queries that are to be evaluated at the tick t, ordered by
// interval and expression.
func (s *Set) Due(t int64) []*Query {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*Query
	for k, q := range s.queries {
		if t%k.every == 0 {
			due = append(due, q)
		}
	}
	slices.SortFunc(due, func(a, b *Query) int { return a.key.compare(b.key) })
	return due
}

// Lapsed drops the queries that nobody came back to, and returns them and those
// that made room for others since it was called last.
func (s *Set) Lapsed() []*Query {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queries {
		if q.users == 0 && now.Sub(q.idle) >= s.c.Linger {
			s.dropLocked(q)
		}
	}
	out := s.lapsed
	s.lapsed = nil
	return out
}

// Len returns how many queries there are.
func (s *Set) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queries)
}
