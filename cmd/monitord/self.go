package main

import (
	"context"
	"runtime"
	"strconv"
	"sync/atomic"

	"monitord/alerts"
	"monitord/alerts/hooks"
	"monitord/alerts/journal"
	"monitord/alerts/silence"
	"monitord/collectors"
	"monitord/history"
	"monitord/history/standing"
	"monitord/stream"
	"monitord/stream/feed"
)

// selfCollector turns what the daemon knows of itself into monitord_* series, so
// that its own state is stored, streamed and alerted on like the host's. It
// reads the state after the previous tick.
type selfCollector struct {
	history  func() history.Stats
	sampler  func() collectors.Stats
	stream   func() stream.Stats
	recorder func() alerts.RecorderStats
	rules    func() alerts.Stats
	byRule   func(limit int) []alerts.RuleFigure
	silences func() silence.Stats
	feed     func() feed.Stats
	queries  func() standing.Stats
	journal  func() journal.Stats
	hooks    func() []hooks.HookStats
	web      *routes
	stages   *stages
	cert     *certificate // nil: TLS is not spoken
	reload   *reloadState

	figures ruleFigures

	proc processReader
}

// stages has how long each stage of the last tick took, in nanoseconds.
type stages struct {
	commit, rules, publish atomic.Int64
	committed              atomic.Int64 // when the last tick was committed, Unix nanoseconds
}

// Name implements collectors.Collector.
func (*selfCollector) Name() string { return "monitord" }

// Collect implements collectors.Collector.
func (c *selfCollector) Collect(_ context.Context, e *collectors.Emitter) error {
	e.Add(descBuildInfo, 1, version, runtime.Version())
	e.Add(descReloadOK, bit(!c.reload.failed.Load()))
	e.Add(descReloadAt, float64(c.reload.at.Load())/1000)
	if c.cert != nil {
		from, to := c.cert.validity()
		e.Add(descCertStart, float64(from.Unix()))
		e.Add(descCertExpiry, float64(to.Unix()))
		e.Add(descCertOK, bit(!c.cert.failed.Load()))
	}
	c.ticks(e)
	c.stored(e)
	c.alerting(e)
	c.silencing(e)
	c.streaming(e)
	return c.process(e)
}

func addRoundTrips(e *collectors.Emitter, r stream.RoundTrips) {
	n := uint64(0)
	for i, count := range r.Counts {
		n += count
		bound := "+Inf"
		if i < len(r.Bounds) {
			bound = strconv.FormatFloat(r.Bounds[i].Seconds(), 'g', -1, 64)
		}
		e.Add(descTripBucket, float64(n), bound)
	}
	e.Add(descTripSum, r.Sum.Seconds())
	e.Add(descTripCount, float64(n))
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (c *selfCollector) ticks(e *collectors.Emitter) {
	s := c.sampler()
	e.Add(descTicks, float64(s.Ticks))
	e.Add(descMissed, float64(s.Missed.Late), "late")
	e.Add(descMissed, float64(s.Missed.Overrun), "overrun")
	e.Add(descMissed, float64(s.Missed.Clock), "clock")
	e.Add(descAhead, s.Ahead.Seconds())
	e.Add(descSteps, float64(s.Steps))
	e.Add(descDropped, float64(s.Dropped))
	for _, one := range s.Collectors {
		e.Add(descStuck, float64(one.Stuck), one.Name)
		e.Add(descHung, float64(one.Hung), one.Name)
	}
	if at := c.stages.committed.Load(); at > 0 {
		e.Add(descCommitAt, float64(at)/1e9)
		e.Add(descStage, float64(c.stages.commit.Load())/1e9, "commit")
		e.Add(descStage, float64(c.stages.rules.Load())/1e9, "rules")
		e.Add(descStage, float64(c.stages.publish.Load())/1e9, "publish")
	}
}

func (c *selfCollector) stored(e *collectors.Emitter) {
	s := c.history()
	e.Add(descWritable, bit(s.Writable))
	e.Add(descHeadSeries, float64(s.Series))
	e.Add(descBlocks, float64(s.Blocks))
	e.Add(descHistoryBytes, float64(s.Bytes))
	e.Add(descOldest, float64(s.Oldest)/1000)
	e.Add(descMemoryTicks, float64(s.MemoryTicks))
	e.Add(descCommitErrors, float64(s.CommitErrors))
	e.Add(descFolded, bit(s.Folded))
	e.Add(descUnstored, float64(s.TooOld))
	e.Add(descLost, float64(s.Dropped))
}

func (c *selfCollector) alerting(e *collectors.Emitter) {
	rules := c.rules()
	e.Add(descRules, float64(rules.Rules))
	c.judging(e)
	e.Add(descUnproven, float64(rules.Unproven))
	e.Add(descAlerts, float64(rules.Pending), "pending")
	e.Add(descAlerts, float64(rules.Firing), "firing")
	j := c.journal()
	e.Add(descJournalSeq, float64(j.Last))
	e.Add(descJournalFirst, float64(j.First))
	e.Add(descJournalBytes, float64(j.Bytes))
	e.Add(descJournalDamaged, float64(j.Damaged))
	e.Add(descJournalLost, float64(j.Lost))
	e.Add(descJournalErrors, float64(j.WriteErrors))
	e.Add(descJournalSync, j.SyncTime.Seconds())
	e.Add(descJournalSyncs, float64(j.Syncs))
	r := c.recorder()
	e.Add(descJournalRefused, bit(!r.Refused && !j.Broken))
	e.Add(descJournalSpare, bit(!j.AllocFailed))
	e.Add(descJournalDropped, float64(r.Dropped))
	e.Add(descJournalWaiting, float64(r.Waiting))
	for _, h := range c.hooks() {
		e.Add(descHookWaiting, float64(h.Waiting), h.Name)
		e.Add(descHookDone, float64(h.Delivered), h.Name)
		e.Add(descHookFailed, float64(h.Failed), h.Name)
		e.Add(descHookGivenUp, float64(h.GivenUp), h.Name)
		if h.Regular {
			e.Add(descHookChores, float64(h.Chores), h.Name, "ok")
			e.Add(descHookChores, float64(h.ChoresFailed), h.Name, "failed")
		}
		e.Add(descHookDead, float64(h.Dead), h.Name)
		e.Add(descHookDelayed, float64(h.Delayed), h.Name)
	}
}

func (c *selfCollector) streaming(e *collectors.Emitter) {
	f := c.feed()
	e.Add(descFollowed, float64(f.Samples), "samples")
	e.Add(descFollowed, float64(f.Queries), "query")
	e.Add(descFollowed, float64(f.Alerts), "alerts")
	q := c.queries()
	e.Add(descEvaluated, float64(q.Evaluations))
	e.Add(descEvalTime, q.Time.Seconds())
	for reason, n := range q.Failed {
		e.Add(descEvalFailed, float64(n), reason)
	}
	e.Add(descEvalSkipped, float64(q.Skipped))
	e.Add(descDeferred, float64(f.Deferred))
	e.Add(descPostponed, float64(f.Postponed))
	for code, n := range f.RefusedQueries {
		e.Add(descQueryRefused, float64(n), code)
	}
	e.Add(descPagesMade, float64(f.PagesMade))
	e.Add(descPagesShared, float64(f.PagesShared))
	e.Add(descHTTPRefused, float64(c.web.refused.host.Load()), "host")
	e.Add(descHTTPRefused, float64(c.web.refused.origin.Load()), "origin")
	e.Add(descHTTPRefused, float64(c.web.refused.crossSite.Load()), "cross_site")
	s := c.stream()
	e.Add(descConnections, float64(s.Connections))
	e.Add(descByTransport, float64(s.Connections-s.Events), "websocket")
	e.Add(descByTransport, float64(s.Events), "events")
	e.Add(descByTransport, float64(s.Polling), "polling")
	e.Add(descPolls, float64(s.Polls))
	e.Add(descConnLimit, float64(s.MaxConnections))
	e.Add(descSubscriptions, float64(s.Subscriptions))
	e.Add(descTopics, float64(s.Topics))
	e.Add(descRingBytes, float64(s.RingBytes))
	e.Add(descAccepted, float64(s.Accepted))
	for reason, n := range s.Refused {
		e.Add(descRefused, float64(n), reason)
	}
	for reason, n := range s.Closed {
		e.Add(descClosed, float64(n), reason)
	}
	e.Add(descBytesIn, float64(s.BytesReceived))
	e.Add(descBytesOut, float64(s.BytesSent))
	e.Add(descMessagesIn, float64(s.MessagesReceived))
	e.Add(descMessagesOut, float64(s.MessagesSent))
	for code, n := range s.Bad {
		e.Add(descBad, float64(n), code)
	}
	e.Add(descGaps, float64(s.Gaps))
	e.Add(descPings, float64(s.Pings))
	addRoundTrips(e, s.RoundTrips)
	e.Add(descPanics, float64(s.Panics))
}
