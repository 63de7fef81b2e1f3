// Package trial runs rules on a history that is not the daemon's: on made-up
// samples (unit tests). The rules are evaluated by the daemon's own
// [alerts.Engine], so that what is tried is what runs.
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
// hold the rules that it tests; native histograms are refused. Samples of one test
// are bounded, and so is the number of its evaluations.
//
// # Goroutines
//
// Nothing here starts any. A run is for one goroutine; several may go on at once.
package trial
