package main

import "monitord/metric"

// The daemon's own metrics.
var (
	descBuildInfo = metric.NewDesc("monitord_build_info", metric.Gauge, "", "1, labelled with the version and what it was built with.", "version", "goversion")

	descReloadOK = metric.NewDesc("monitord_config_last_reload_successful", metric.Gauge, "", "1 if the configuration in force is what was last read, 0 if that was faulty.")
	descReloadAt = metric.NewDesc("monitord_config_last_reload_success_timestamp_seconds", metric.Gauge, "seconds", "When the configuration in force was read.")

	descCertExpiry = metric.NewDesc("monitord_tls_certificate_expiry_timestamp_seconds", metric.Gauge, "seconds", "When the certificate in force is valid no longer.")
	descCertOK     = metric.NewDesc("monitord_tls_reload_successful", metric.Gauge, "", "1 if the certificate in force is what its files hold, 0 if they hold no pair that works.")

	descTicks    = metric.NewDesc("monitord_ticks_total", metric.Counter, "", "Ticks taken.")
	descMissed   = metric.NewDesc("monitord_ticks_missed_total", metric.Counter, "", "Ticks left out, by reason.", "reason")
	descDropped  = metric.NewDesc("monitord_samples_dropped_total", metric.Counter, "", "Values of collectors that were left out: a series twice, or too many of them.")
	descStuck    = metric.NewDesc("monitord_collector_stuck", metric.Gauge, "", "Readings of a collector that hang now.", "collector")
	descHung     = metric.NewDesc("monitord_collector_hung_total", metric.Counter, "", "Readings of a collector that did not end within their deadline.", "collector")
	descStage    = metric.NewDesc("monitord_tick_stage_duration_seconds", metric.Gauge, "seconds", "How long a stage of the previous tick took.", "stage")
	descCommitAt = metric.NewDesc("monitord_tick_commit_timestamp_seconds", metric.Gauge, "seconds", "When the previous tick was committed.")

	descWritable     = metric.NewDesc("monitord_history_writable", metric.Gauge, "", "1 if ticks go to the disk, 0 if they are held in memory.")
	descHeadSeries   = metric.NewDesc("monitord_history_head_series", metric.Gauge, "", "Series in the part of the history that is not yet a block.")
	descBlocks       = metric.NewDesc("monitord_history_blocks", metric.Gauge, "", "Blocks of the history on disk.")
	descHistoryBytes = metric.NewDesc("monitord_history_size_bytes", metric.Gauge, "bytes", "Size of the history on disk, its log included.")
	descOldest       = metric.NewDesc("monitord_history_oldest_timestamp_seconds", metric.Gauge, "seconds", "Time of the oldest sample kept.")
	descMemoryTicks  = metric.NewDesc("monitord_history_memory_ticks", metric.Gauge, "", "Ticks held in memory because the disk does not take them.")
	descCommitErrors = metric.NewDesc("monitord_history_commit_errors_total", metric.Counter, "", "Ticks that the disk did not take when they came.")
	descLost         = metric.NewDesc("monitord_history_ticks_lost_total", metric.Counter, "", "Ticks that left memory before the disk took them.")

	descRules     = metric.NewDesc("monitord_rules", metric.Gauge, "", "Rules in force, the built-in ones included.")
	descRuleTime  = metric.NewDesc("monitord_rule_evaluation_seconds_total", metric.Counter, "seconds", "Time spent in evaluating rules.")
	descRuleEvals = metric.NewDesc("monitord_rule_evaluations_total", metric.Counter, "", "Evaluations of rules.")
	descRuleFails = metric.NewDesc("monitord_rule_evaluation_failures_total", metric.Counter, "", "Evaluations of rules that failed.")
	descAlerts    = metric.NewDesc("monitord_alerts", metric.Gauge, "", "Alerts that are pending or firing.", "state")

	descJournalSeq     = metric.NewDesc("monitord_journal_last_seq", metric.Gauge, "", "Number of the newest event in the alert journal.")
	descJournalFirst   = metric.NewDesc("monitord_journal_first_seq", metric.Gauge, "", "Number of the oldest event kept in the alert journal.")
	descJournalBytes   = metric.NewDesc("monitord_journal_size_bytes", metric.Gauge, "bytes", "Size of the alert journal on disk.")
	descJournalDamaged = metric.NewDesc("monitord_journal_damaged_records_total", metric.Counter, "", "Records of the alert journal found damaged.")
	descJournalLost    = metric.NewDesc("monitord_journal_lost_events_total", metric.Counter, "", "Numbers of the alert journal whose events could not be read.")
	descJournalErrors  = metric.NewDesc("monitord_journal_write_errors_total", metric.Counter, "", "Writes and syncs of the alert journal that failed.")
	descJournalSync    = metric.NewDesc("monitord_journal_sync_seconds_total", metric.Counter, "seconds", "Time spent waiting for the disk to take alert events.")
	descJournalSyncs   = metric.NewDesc("monitord_journal_syncs_total", metric.Counter, "", "Times that the disk was asked to take alert events.")
	descJournalRefused = metric.NewDesc("monitord_journal_writable", metric.Gauge, "", "1 if the disk takes alert events, 0 if it refused them when last asked.")
	descJournalWaiting = metric.NewDesc("monitord_journal_waiting_events", metric.Gauge, "", "Alert events that are not on disk yet.")

	descHookWaiting = metric.NewDesc("monitord_hook_waiting_deliveries", metric.Gauge, "", "Deliveries that wait or are being retried.", "hook")
	descHookDone    = metric.NewDesc("monitord_hook_delivered_total", metric.Counter, "", "Deliveries that succeeded.", "hook")
	descHookFailed  = metric.NewDesc("monitord_hook_failed_attempts_total", metric.Counter, "", "Attempts that failed.", "hook")
	descHookGivenUp = metric.NewDesc("monitord_hook_given_up_total", metric.Counter, "", "Deliveries that were given up.", "hook")

	descFollowed    = metric.NewDesc("monitord_stream_followed", metric.Gauge, "", "Topics that are followed, or were until lately, by kind.", "kind")
	descEvaluated   = metric.NewDesc("monitord_standing_query_evaluations_total", metric.Counter, "", "Evaluations of standing queries, at one time or at several for a replay.")
	descEvalTime    = metric.NewDesc("monitord_standing_query_evaluation_seconds_total", metric.Counter, "seconds", "Time that evaluations of standing queries took.")
	descEvalFailed  = metric.NewDesc("monitord_standing_query_failures_total", metric.Counter, "", "Evaluations of standing queries that failed, by reason: samples, time and series are bounds of [stream].", "reason")
	descEvalSkipped = metric.NewDesc("monitord_standing_query_skipped_total", metric.Counter, "", "Evaluations left out because the query goes beyond a bound again and again.")
	descDeferred    = metric.NewDesc("monitord_standing_query_deferred_total", metric.Counter, "", "Standing queries that a tick had no time for.")
	descPostponed   = metric.NewDesc("monitord_standing_query_postponed_total", metric.Counter, "", "New standing queries whose first result waited for a tick, since others were being evaluated.")

	descQueryRefused = metric.NewDesc("monitord_standing_query_refused_total", metric.Counter, "", "Requests for standing queries that were refused, by the code of the answer.", "reason")

	descPagesMade   = metric.NewDesc("monitord_replay_pages_made_total", metric.Counter, "", "Pages of replays read from the history or the journal.")
	descPagesShared = metric.NewDesc("monitord_replay_pages_shared_total", metric.Counter, "", "Pages of replays that had been made for another subscriber.")

	descHTTPRefused   = metric.NewDesc("monitord_http_refused_total", metric.Counter, "", "Requests that were not let through because of their Host or Origin, or as another site's, handshakes included.", "reason")
	descConnections   = metric.NewDesc("monitord_stream_connections", metric.Gauge, "", "Connections open.")
	descConnLimit     = metric.NewDesc("monitord_stream_connections_limit", metric.Gauge, "", "Connections that may be open.")
	descSubscriptions = metric.NewDesc("monitord_stream_subscriptions", metric.Gauge, "", "Subscriptions of all connections.")
	descTopics        = metric.NewDesc("monitord_stream_topics", metric.Gauge, "", "Topics that are followed, or were until lately.")
	descRingBytes     = metric.NewDesc("monitord_stream_ring_bytes", metric.Gauge, "bytes", "Memory of all topics' rings.")
	descAccepted      = metric.NewDesc("monitord_stream_accepted_total", metric.Counter, "", "Handshakes that succeeded.")
	descRefused       = metric.NewDesc("monitord_stream_refused_total", metric.Counter, "", "Handshakes refused, by reason.", "reason")
	descClosed        = metric.NewDesc("monitord_stream_closed_total", metric.Counter, "", "Connections ended, by reason.", "reason")
	descBytesIn       = metric.NewDesc("monitord_stream_received_bytes_total", metric.Counter, "bytes", "Bytes read from connections.")
	descBytesOut      = metric.NewDesc("monitord_stream_sent_bytes_total", metric.Counter, "bytes", "Bytes written to connections.")
	descMessagesIn    = metric.NewDesc("monitord_stream_received_messages_total", metric.Counter, "", "Messages from clients.")
	descMessagesOut   = metric.NewDesc("monitord_stream_sent_messages_total", metric.Counter, "", "Messages to clients.")
	descBad           = metric.NewDesc("monitord_stream_bad_messages_total", metric.Counter, "", "Requests of clients that came to nothing, by code of the error.", "code")
	descGaps          = metric.NewDesc("monitord_stream_gaps_total", metric.Counter, "", "Times that a slow connection lost messages and was told.")
	descPings         = metric.NewDesc("monitord_stream_pings_total", metric.Counter, "", "Pings sent.")
	descTripBucket    = metric.NewDesc("monitord_stream_ping_rtt_seconds_bucket", metric.Histogram, "seconds", "How long pings and their answers took.", "le")
	descTripSum       = metric.NewDesc("monitord_stream_ping_rtt_seconds_sum", metric.Histogram, "seconds", "How long pings and their answers took.")
	descTripCount     = metric.NewDesc("monitord_stream_ping_rtt_seconds_count", metric.Histogram, "seconds", "How long pings and their answers took.")
	descPanics        = metric.NewDesc("monitord_stream_panics_total", metric.Counter, "", "Faults of ours that closed one connection.")

	descCPU        = metric.NewDesc("process_cpu_seconds_total", metric.Counter, "seconds", "Processor time of the daemon.")
	descRSS        = metric.NewDesc("process_resident_memory_bytes", metric.Gauge, "bytes", "Resident memory of the daemon.")
	descStart      = metric.NewDesc("process_start_time_seconds", metric.Gauge, "seconds", "When the daemon was started.")
	descGoroutines = metric.NewDesc("go_goroutines", metric.Gauge, "", "Goroutines of the daemon.")
	descHeap       = metric.NewDesc("go_memstats_heap_alloc_bytes", metric.Gauge, "bytes", "Bytes of the daemon's heap in use.")
)
