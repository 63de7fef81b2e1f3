package main

import (
	"monitord/alerts/silence"
	"monitord/collectors"
	"monitord/metric"
)

// Of the silences, those that end are told by who made them and why: the notice
// of their end has it from there.
var (
	descSilences     = metric.NewDesc("monitord_silences", metric.Gauge, "", "Silences, those of the configuration included, by state; expired ones are counted for five days.", "state")
	descSilenceStart = metric.NewDesc("monitord_silence_start_timestamp_seconds", metric.Gauge, "seconds", "When an active silence began; the hundred that end first.", "silence")
	descSilenceEnd   = metric.NewDesc("monitord_silence_end_timestamp_seconds", metric.Gauge, "seconds", "When an active silence ends; the hundred that end first.", "silence", "created_by", "comment")
)

// maxSilenceLabel is how many characters of a comment become a label.
const maxSilenceLabel = 120

func (c *selfCollector) silencing(e *collectors.Emitter) {
	s := c.silences()
	e.Add(descSilences, float64(s.Pending), string(silence.Pending))
	e.Add(descSilences, float64(s.Active), string(silence.Active))
	e.Add(descSilences, float64(s.Expired), string(silence.Expired))
	for _, q := range s.Ending {
		e.Add(descSilenceStart, float64(q.StartsAt.UnixMilli())/1000, q.ID)
		e.Add(descSilenceEnd, float64(q.EndsAt.UnixMilli())/1000, q.ID, q.CreatedBy, firstRunes(q.Comment, maxSilenceLabel))
	}
}

func firstRunes(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}
