package trial

import (
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
)

// maxTestSamples bounds what the series of one test stand for: a dozen of them
// for a day of seconds.
const maxTestSamples = 2_000_000

// A series is an input series, read. A value is left out where omitted says so.
type series struct {
	labels  labels.Labels
	values  []float64
	omitted []bool // nil: none
}

// countValues returns how many values the notation stands for at most, never less
// than it really does, without making them: "1+1x1000000000" is 14 bytes and 32 GB.
func countValues(text string) int {
	n := uint64(len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != 'x' {
			continue
		}
		for i+1 < len(text) && isSpace(text[i+1]) {
			i++
		}
		times := uint64(0)
		for i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9' {
			i++
			times = min(times*10+uint64(text[i]-'0'), math.MaxInt32)
		}
		n = min(n+times, math.MaxInt32)
	}
	return int(n)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// parseSeries reads a series in Prometheus' notation. Bound it by countValues first.
func parseSeries(in InputSeries) (series, error) {
	if n := countValues(in.Values); n > maxTestSamples {
		return series{}, fmt.Errorf("stands for %d samples or more, may for %d", n, maxTestSamples)
	}
	if _, err := language.ParseMetric(in.Series); err != nil {
		return series{}, err // values that stood there would not have been counted
	}
	ls, values, err := language.ParseSeriesDesc(in.Series + " " + in.Values)
	if err != nil {
		return series{}, err
	}
	if ls.IsEmpty() {
		return series{}, errors.New("has no labels, write a series such as up{job=\"node\"}")
	}
	s := series{labels: ls, values: make([]float64, len(values))}
	for i, v := range values {
		switch {
		case v.Histogram != nil:
			return series{}, errors.New("is a native histogram, which monitord does not have: write classic buckets, a series for each le")
		case v.Omitted:
			if s.omitted == nil {
				s.omitted = make([]bool, len(values))
			}
			s.omitted[i] = true
		default:
			s.values[i] = v.Value
		}
	}
	return s, nil
}
