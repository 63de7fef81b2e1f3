package alerts

import "time"

// builtInRules returns the rules that are always on: what monitord must say
// about itself. They are compiled as a user's are; a test holds that they have
// no faults.
func builtInRules(interval time.Duration) []*Rule {
	var rules []*Rule
	group := &Group{Name: "built-in", BuiltIn: true}
	for _, c := range builtInConfigs() {
		expr, err := parseExpression(c.Expr)
		if err != nil {
			continue
		}
		rules = append(rules, newRule(c, group, expr, interval))
	}
	return rules
}

func builtInConfigs() []RuleConfig {
	return []RuleConfig{{
		Name:     "MonitordHistoryNotWritable",
		Expr:     "monitord_history_writable == 0",
		Severity: "critical",
		Annotations: map[string]string{
			"summary": "monitord on {{ $labels.instance }} cannot write its history",
			"description": "Samples are kept in memory only and are lost if monitord stops now. Sampling, rules, hooks and the stream go on. " +
				"Look at the log for the reason: make room on the file system that holds the data directory, or see to it that it is mounted writable and owned by monitord's user. " +
				"monitord tries again every few seconds, stores what it has kept as soon as it can, and this alert resolves by itself.",
		},
	}, {
		Name:     "MonitordJournalNotWritable",
		Expr:     "monitord_journal_writable == 0",
		Severity: "critical",
		Annotations: map[string]string{
			"summary": "monitord on {{ $labels.instance }} cannot write its alert journal",
			"description": "Alerts are still streamed and delivered, marked as not durable; those that are not on disk yet are lost if monitord stops now. " +
				"Look at the log for the reason: make room on the file system that holds the data directory, or see to it that it is mounted writable and owned by monitord's user. " +
				"monitord tries again every second, writes what it has kept as soon as it can, and this alert resolves by itself.",
		},
	}, {
		Name:     "MonitordJournalHasNoSpare",
		Expr:     "monitord_journal_spare == 0",
		Severity: "warning",
		Annotations: map[string]string{
			"summary": "monitord on {{ $labels.instance }} cannot allocate the next file of its alert journal",
			"description": "Alerts are still durable, until the current file is full (if there is one: else MonitordJournalNotWritable fires too). " +
				"Look at the log for the reason: make room on the file system that holds the data directory (4 MiB are enough), or see to it that it is mounted writable. " +
				"monitord tries again every second, and this alert resolves by itself.",
		},
	}, {
		Name:     "MonitordClockJumped",
		Expr:     "abs(monitord_clock_ahead_seconds) > 60 or monitord_history_folded == 1",
		Severity: "warning",
		Annotations: map[string]string{
			"summary": "The clock of {{ $labels.instance }} has jumped",
			"description": "Either it jumped by more than a minute: monitord follows it when it has stood there for a minute, or is synchronised, and counts on until then. " +
				"Or it was set back, to times that the history has already: nothing stored is replaced, so samples of such times are kept in memory only, for some hours, until the clock has passed the newest one. " +
				"So are all that lie more than a day behind it: if the times stored are wrong and far ahead, stop monitord and move its history directory away. " +
				"Rules that look back wait until their range is full again. Look at what keeps the time (chronyc tracking, timedatectl).",
		},
	}, {
		Name:     "MonitordRuleFailing",
		Expr:     "monitord_rule_last_evaluation_failed == 1",
		For:      time.Minute,
		Severity: "warning",
		Annotations: map[string]string{
			"summary": "The rule {{ $labels.rule }} of group {{ $labels.rule_group }} on {{ $labels.instance }} cannot be evaluated",
			"description": "Its alerts stay as they are until it can be, and what it records has no new values: what it watches over is not watched. " +
				"The log and lastError at /api/v1/rules say why: often a join that matches several series, two results with the same labels, a group's limit, or more data than a query may read. " +
				"Correct the rule and reload; this alert resolves by itself.",
		},
	}, silenceNotice()}
}
