// Package standing keeps the PromQL expressions that somebody wants to be told
// the result of, tick by tick: what panels and query subscriptions stand on.
//
// The life of a standing query:
//
//  1. [Set.Get] parses an expression. Whoever asks for the same one, however it
//     is written, and the same interval, gets the same [Query]; their number is
//     bounded.
//  2. At every tick [Set.Due] says which queries are due: those whose interval
//     the tick's time is a multiple of. The caller evaluates each once, with
//     [Query.Eval], for everybody.
//  3. Who comes late or was away calls [Query.Replay]: the same results, for the
//     ticks that are stored.
//  4. Everyone who called Get calls [Query.Release] once. A query that nobody
//     holds lives on for a minute, for those who come back, and is then among
//     what [Set.Lapsed] returns.
//
// # Bounds
//
// One evaluation is bounded in time, in the samples that it holds and in the
// series of its result; all newest results together are, too. What goes beyond a
// bound is an [EvalError] that says which and how to raise it. A query that does so
// twice in a row is left alone for a while, a minute at most, and gives the same
// error meanwhile. A replay takes a range that is too much at once in pieces, and
// ends early rather than take much longer than one evaluation may.
//
// # Concurrency
//
// Everything may be called by several goroutines at once. The package starts none.
//
// # Not promised
//
// What was left alone has an error live, and may have a result in a replay. Apart
// from that, Eval and Replay agree as long as what is stored does not change: a sample that
// is stored out of order later, or a rule's result for the time of a tick that
// is stored after Eval, shows in Replay only.
package standing
