package history

import (
	"log/slog"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	maxSamples           = 2_000_000        // that one query may hold: 32 MB
	queryTimeout         = 30 * time.Second // of one query, waiting for its turn included
	maxConcurrentQueries = 4                // from outside; rules and standing queries have one goroutine each
	defaultSubqueryStep  = time.Minute      // of [1h:] without a step, as in Prometheus
)

// The language is Prometheus' without what it calls experimental: what is
// stored in rules and dashboards must go on to mean the same.
var language = parser.NewParser(parser.Options{})

func newEngine(lookback, subqueryStep time.Duration, maxSamples int, log *slog.Logger) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		Logger:                   log,
		MaxSamples:               maxSamples,
		Timeout:                  queryTimeout,
		LookbackDelta:            lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return subqueryStep.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		Parser:                   language,
	})
}
