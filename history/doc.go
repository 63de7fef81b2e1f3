// Package history is what the daemon remembers: Prometheus' TSDB and PromQL
// behind a small type.
//
// The life of a tick:
//
//  1. [DB.Append] puts a batch into the storage's log and head and commits: one
//     write, no sync. When it returns, queries see it, and a kill -9 does not
//     lose it. Series that ended get a staleness marker in the same commit.
//  2. [DB.AppendValues] adds what rules made of it, at the same time.
//  3. After half an hour to an hour the storage writes the head's oldest half
//     hour to a block, and later merges blocks, up to a day each.
//  4. The oldest block goes when it is older than the retention, or when all is
//     larger than the limit: at most one in ten minutes.
//
// When the disk does not take a tick:
//
//  1. The failed storage stays open for queries and gets no further commit: what
//     its log takes after a failed write is lost at the next start.
//  2. Ticks go to memory, which queries read as well. It is bounded to the newest
//     hours; what leaves it is counted as dropped.
//  3. Every three seconds [DB.Run] writes a probe. When that holds, the storage is
//     closed, the torn end of its log is cut off, and it is opened again. Queries
//     wait meanwhile; ticks do not. While it cannot be opened, queries that reach
//     back to what it has are errors.
//  4. The ticks in memory are copied to it, and then it takes the new ones.
//
// When a daemon starts:
//
//  1. It locks the directory, sets aside what is damaged (damaged-*) and cuts the
//     torn end of the log. A directory that cannot be written does not stop it:
//     it begins in memory, as above.
//  2. The storage replays its log: about 0.3 s of processor time for an hour of
//     500 series.
//  3. Series that the run before left alive and this one does not have get their
//     staleness marker: at the first tick that has their metric, or after half a
//     lookback, when slow collectors and rules have delivered too.
//
// # A clock that was set
//
// Ticks carry the daemon's time (package collectors). When the clock is set
// ahead, times are left out. When it is set back, times come twice, and the
// storage would mix what it has of both. So
//
//   - what was stored the first time stays as it is;
//   - the second time, until the newest tick of before is passed, ticks are held in
//     memory, and queries of these times read that in place of the disk: for up
//     to six hours, and until a restart;
//   - of these the disk takes, out of order, those whose time it has nothing of and
//     that are less than a day behind; the others are counted;
//   - Instant sees nothing of the time before the clock was set back, so that no rate
//     is one over both. Range and queries from outside see all there is.
//
// A history need not be the daemon's: [OpenMemory] is one of made-up samples, and
// [OpenReadOnly] is what a daemon has on disk at one moment, with room in memory for
// what somebody makes of it.
//
// # Goroutines
//
//	goroutine            started by  stopped by        waited for by
//	DB.Run               the caller  its context       the caller
//	the storage's own    Open, Run   Close, Run        Close, Run
//
// # Not promised
//
// A power cut may lose what the system had not written yet: the log is not
// synced. Times in between ticks have no meaning of their own. The order of
// series in the result of Instant and Range is that of their labels, whatever the
// expression: there, sort() does not order.
package history
