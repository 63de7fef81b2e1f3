// Package collectors reads the host, one file per subject, and has the sampler
// that makes ticks of it. Names, labels, types, units and filters are those of
// node_exporter, so that whoever reads its metrics can read these.
//
// The life of a tick:
//
//  1. A tick is a multiple of the interval on the daemon's clock (below).
//     [Sampler.Run] sleeps until then; a tick that would be taken more than half
//     an interval late is left out and counted ([Missed]), never made up.
//  2. The quick collectors run, one after the other, in a goroutine that the
//     tick can walk away from: one that takes longer than a fifth of the
//     interval (at most a second) hangs. It is skipped until it returns; the
//     others go on in a new goroutine.
//  3. Collectors that may block, or take long, run between ticks. The batch takes
//     their newest finished reading. If the next one is overdue by slowDeadline,
//     it takes none.
//  4. Every collector reports how long it took and whether it succeeded; what a
//     scrape would write about itself (up, scrape_…) is added.
//  5. Series that the batch before had and this one lacks are listed as ended and
//     retired from the registry.
//     Counters of the host that have fallen go on from where they were, also over
//     a restart of the daemon ([Sampler.Resume]): whoever reads them would take a
//     fall for a reset, and all that they ever counted for the growth of a second.
//  6. The batch, whose points all carry the tick's nominal time, is handed to
//     deliver. While deliver runs there is no other tick.
//  7. Readings between ticks that are due are started.
//
// A collector that fails, panics or hangs says so in
// node_scrape_collector_success and in the log, once; it harms no other. The batch
// names the metrics that it read when it was last well, or those that it is to
// read, as not read ([metric.Batch], Unread), and the series of mounts that do not
// answer: that they are absent says nothing.
//
// # Time
//
// The daemon's clock is the time that passes, while the host sleeps too, counted
// from where the wall clock stood at the start. Ticks carry its time:
//
//   - A wall clock that is set by a minute at most is followed at once.
//   - One that jumps further, ahead or back, is followed when it has stood there
//     for a minute or is synchronised (adjtimex). Until then ticks go on as if
//     nothing had happened, with the times that follow on those before, and
//     [Stats].Ahead says how far the wall clock is off. If it comes back, nothing
//     has happened.
//   - When it is followed, ticks leap: ahead, where those in between are missed by
//     the clock, or back, where times come again. [metric.Batch].Step of the first
//     one says by how much.
//   - A host that slept has missed its ticks by the clock, and Step is 0.
//   - Readings between ticks age by the time in which the host is awake.
//
// # Goroutines
//
//	goroutine               started by                     stopped by                  waited for by
//	the tick's              caller of Run                  Run's context               caller of Run
//	worker                  first tick, or the tick after  Run's return; one that was  nobody once its collector
//	                        another was walked away from   walked away from: its       hangs
//	                                                       collector's return
//	one per slow collector  Run                            Run's context               Run, at most stopGrace
//	the one that waits for  Run, when it ends              the end of the last reading Run, at most stopGrace
//	those
//	one per mount asked     prober.ask                     statfs(2)'s return          the reading, at most mountTimeout;
//	                                                                                   no second one for the same mount
//
// # Not promised
//
// A counter that fell is, for as long as the machine runs, ahead of the kernel's by
// as much. A wall clock that is set by less than an interval moves one tick by that
// much. A goroutine stuck in the kernel outlives Run. A mount that stops answering
// is noticed when it is next asked, which is an interval of the file system
// collector at most.
package collectors
