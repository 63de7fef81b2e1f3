package alerts

import (
	"time"

	"monitord/alerts/silence"
)

// silenceNotice is the rule that says that a silence ends soon, a quarter of an hour before the end of
// a silence of more than an hour: who made a short one still knows of it, and
// those of the configuration recur. It has no `for`: it must come in time.
func silenceNotice() RuleConfig {
	const (
		start = "monitord_silence_start_timestamp_seconds"
		end   = "monitord_silence_end_timestamp_seconds"
	)
	return RuleConfig{
		Name:     silence.Notice,
		Expr:     "(" + end + " - time() < 900) and on (silence) (" + end + " - on (silence) " + start + " > 3600)",
		Every:    10 * time.Second,
		Severity: "info",
		Annotations: map[string]string{
			"summary": "a silence{{ with $labels.created_by }} of {{ . }}{{ end }} ends in {{ $value | humanizeDuration }}",
			"description": `{{ with $labels.comment }}{{ . }}. {{ end }}What it silences is told again from ` +
				`{{ with printf "` + end + `{silence='%s'}" $labels.silence | query }}{{ . | first | value | humanizeTimestamp }}{{ end }} on. ` +
				`To extend it: monitord silence update {{ $labels.silence }} --duration 2h, or on the page.`,
		},
	}
}
