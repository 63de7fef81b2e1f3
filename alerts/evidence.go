package alerts

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// maxEvidence bounds the points of an alert's evidence: a minute of seconds, both
// ends included.
const maxEvidence = 61

// Evidence is how an alert came to fire. It is immutable.
type Evidence struct {
	// Values are what the alert's expression gave in the minute before, without
	// its comparison with a number where it has one; in the order of time.
	Values []Sample
}

// A Sample is a value at a time.
type Sample struct {
	T int64 // Unix milliseconds
	V float64
}

// storedEvidence is evidence as the journal keeps it.
type storedEvidence struct {
	Values storedSamples `json:"values"`
}

func (e *Evidence) stored() *storedEvidence {
	if e == nil || len(e.Values) == 0 {
		return nil
	}
	s := &storedEvidence{Values: make(storedSamples, 0, min(len(e.Values), maxEvidence))}
	for _, v := range e.Values[max(len(e.Values)-maxEvidence, 0):] {
		s.Values = append(s.Values, storedSample(v))
	}
	return s
}

func (s *storedEvidence) evidence() *Evidence {
	if s == nil || len(s.Values) == 0 {
		return nil
	}
	e := &Evidence{Values: make([]Sample, len(s.Values))}
	for i, v := range s.Values {
		e.Values[i] = Sample(v)
	}
	return e
}

func (s *storedEvidence) check() error {
	if s == nil {
		return nil
	}
	if len(s.Values) > maxEvidence {
		return fmt.Errorf("evidence of %d values, more than %d", len(s.Values), maxEvidence)
	}
	for _, v := range s.Values {
		if v.T < 0 || v.T > maxMillis {
			return fmt.Errorf("time %d of evidence is out of range", v.T)
		}
	}
	return nil
}

// storedSample is [time, value].
type storedSample Sample

type storedSamples []storedSample

// MarshalJSON writes all in one go: whoever is told of an alert waits for it.
func (all storedSamples) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 2+32*len(all)), '[')
	for i, s := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '['), s.T, 10)
		b = append(storedFloat(s.V).append(append(b, ',')), ']')
	}
	return append(b, ']'), nil
}

func (s *storedSample) UnmarshalJSON(b []byte) error {
	pair := [2]json.RawMessage{}
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	var v storedFloat
	if err := json.Unmarshal(pair[0], &s.T); err != nil {
		return err
	}
	if err := v.UnmarshalJSON(pair[1]); err != nil {
		return err
	}
	s.V = float64(v)
	return nil
}
