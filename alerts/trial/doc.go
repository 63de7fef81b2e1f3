// Package trial runs rules on a history that is not the daemon's: on made-up
// samples (unit tests), or on what a daemon has recorded (replay). The rules are
// evaluated by the daemon's own [alerts.Engine], so that what is tried is what runs.
//
// The life of a unit test:
//
//  1. Whoever reads the file decodes it into a [File]; [File.Validate] and
//     [File.Compile] return every fault, each with its key.
//  2. [File.Run] opens a history in memory that looks back five minutes, and an
//     engine that knows Prometheus' semantics and no more.
//  3. At each evaluation interval the samples up to then are stored, every rule is
//     evaluated, and what fires is held against what is expected at that time. A
//     rule that cannot be evaluated ends the test.
//  4. In the end the expressions are evaluated, each at its time.
//
// # Where it differs from promtool
//
// Every fault of a file is reported, not the first; NaN equals NaN; a file may
// hold the rules that it tests; native histograms are refused. A label whose template
// gives nothing is not in ALERTS, where Prometheus leaves the template's text. Samples
// of one test are bounded, and so is the number of its evaluations.
//
// # The life of a replay
//
//  1. Whoever wants it compiles the rules, keeps those that are [Needed], and opens
//     the recorded history read-only.
//  2. [Replay.Run] makes an engine for each rule and goes through the record by the
//     hour. For each rule in order, a range query gives the hour's results, and the
//     engine is taken through the hour's ticks: from the query's result where it has
//     the time, else (after a tick that is missing, where the expression looks
//     ahead, where a range query fails) from a query for the moment.
//  3. What a rule writes is appended beside the record if another reads it, and
//     stands there in the place of what is recorded under the same labels.
//  4. Rules that read none of this are evaluated ahead of their turn, on all
//     processors, a few windows at most.
//  5. Rules of which one reads what it writes itself, or what one behind it does,
//     are a block: they are taken from tick to tick together. Their range queries
//     hold only as long as none of them writes anything that is read.
//
// A test holds that this gives what one engine with all rules gives that steps from
// tick to tick.
//
// # Goroutines
//
//	goroutine      started by  stopped by    waited for by
//	range queries  Replay.Run  its end       Replay.Run
//
// Unit tests start none. A run is for one goroutine; several may go on at once.
//
// # Not promised
//
// A replay knows the silences of the configuration as they are now, none that people
// made, and of restarts no more than of any other hole. What it knows of before its beginning is a day's at most. That a collector failed
// it knows from the samples, but not that this is why a recording rule gave nothing.
package trial
