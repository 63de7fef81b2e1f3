// Package alerts evaluates rules on the history and keeps an account of every
// alert that is never without its number.
//
// The life of an alert:
//
//  1. [Compile] makes rules of the configuration, group after group, reporting
//     every fault at once; package promrules reads groups as Prometheus writes
//     them. [Engine.Load] puts them in force at the next tick, all or none.
//  2. [Engine.Eval] runs at each tick, behind the tick's samples: the rules of a
//     group one after the other, each as often as it or its group asks for, each
//     on what those before it wrote at the same tick. A group that records what
//     another reads comes before it. An expression that does no more than compute
//     with and compare current values and the time is evaluated on the samples that
//     [Engine.Observe] took, if they reach back as far as a query would look; any
//     other is a query.
//  3. Each element of an alert rule's result is an alert, told apart by its labels
//     after templating. [Transition], a pure function, says what the evaluation
//     did to it: pending, firing, resolved, inactive.
//     One that begins to fire gets its [Evidence]: the last minute of what its
//     expression compares, from one query for all of a rule's that fire at the
//     tick, as far as the tick has time for it, when all rules have been evaluated. The event of its firing carries
//     it, and the alert as long as it fires; no other event does.
//  4. The transitions are [Event]s. The [Recorder] takes them without waiting and
//     appends them to the [Log], which numbers them and has them on disk before
//     it returns.
//  5. Only then does the Recorder announce them, to the stream. What the disk
//     refuses is announced at once, without a number, and known to [Log.Picture] and
//     [Log.Loose] until it is on disk. Hooks are readers
//     of the log with a cursor of their own, woken by [Log.Changed].
//  6. A [silence.Silence] keeps the hooks from telling about the alerts that it matches, and
//     nothing else: they are in the log and the stream as ever, marked by
//     SilencedBy. An alert that comes under one while it is active, or out from
//     under all of them, has an event of its own, at the first tick after that.
//     Package silence knows those in force; what people make is in the log before it
//     is one of them.
//  7. What is to be remembered of an alert and is no event (since when it is kept
//     firing, when it came and went) is a [Memories] note in the same journal.
//  8. At the next start [OpenLog] folds the journal into the alerts that were
//     active; [EngineOptions] hands them on, and they are as they were: active
//     since the same time, firing since the same time, gone since the same time.
//
// # Where to look
//
//	what there is       alert.go event.go evidence.go
//	1 rules             config.go group.go rule.go expr.go template.go flap.go;
//	                    compile.go (with fault.go) makes them, builtin*.go has our own
//	2 a tick            engine.go eval.go: first clock.go (holes), silenced.go, unread.go;
//	                    of each rule ahead.go (queries beside each other), current.go
//	                    plain.go paired.go (no query), tracker.go; writer.go for what
//	                    rules write, outcome.go for all that comes of it
//	3 an alert          elements.go (which ones a result is), instance.go, apply.go (the
//	                    verdict on each), transition.go (what that does), proof.go (evidence)
//	4 to disk           recorder.go backlog.go log.go read.go loose.go; codec.go event by event
//	7 beside the events note.go memory.go silence_note.go; fold.go adds all up
//	asked from outside  status.go figures.go
//	matchers            package match, for hooks and whoever else chooses alerts
//
// # Where it goes beyond Prometheus
//
// The semantics are those of Prometheus 3, with these additions:
//
//   - After a start that left a hole, and after a hole while the daemon ran (ten
//     ticks missed, a suspend) that is longer than a tenth of the expression's
//     longest range, the absence of an element resolves nothing until that range,
//     with its offset, is full again: at most for as long as the daemon had run
//     before a hole. To the range belongs that of the recording rules before it that
//     the expression reads of. Nor does it for an alert from before a start until every
//     collector can have read once since.
//   - The time of such a hole counts for neither `for` nor `keep_firing_for`, nor
//     does the time in which absence says nothing.
//   - While a collector that the expression selects from fails, or a mount does
//     not answer that the alert is about, absence resolves nothing either, the
//     time counts for neither `for` nor `keep_firing_for`, and the alert says that
//     it is stale: until it is read again and, if that took longer than a tenth of
//     the longest range, the range is full. What a rule records of such metrics is as they are.
//   - With `clear` an alert that fires ends only when that returns what the
//     expression returned it as; until then, and while the rule's `keep_firing_for`
//     runs from there, it goes on. It is evaluated only while it decides something.
//   - With `flap` (see [Flap]) an alert that comes and goes too often is held firing.
//   - keep_firing_for goes on over a restart.
//   - By how much the clock is set ([metric.Batch].Step) counts for nothing; the
//     time that passed meanwhile does. An expression that looks back says nothing at
//     all until its range is full of the time since, or as full as it was: it would
//     be a rate over two times.
//   - An evaluation that fails leaves the rule's alerts as they are, ALERTS
//     included.
//   - ALERTS, ALERTS_FOR_STATE and what recording rules last gave are written at
//     every tick, also between the evaluations of a rule that is not due at
//     each: the history looks back for seconds, not for five minutes, and an
//     alert on a rule's result must not depend on which tick it is. While a
//     recording rule fails, nothing is written, and its series do not end either.
//   - What a group with a query offset writes has the time of the tick, not that
//     of the query.
//   - What goes beyond a group's limit ends the alerts of the rule, as there; here
//     that is told: each that fired resolves.
//   - A firing alert whose rule gets a longer `for` goes on firing.
//   - Annotations are expanded when there is an event, not at each evaluation.
//   - A template ends: its loops and definitions take 10,000 turns at most.
//
// # Goroutines
//
//	goroutine     started by            stopped by    waited for by
//	Recorder.Run  whoever wires it up   its context   the same
//	a query's     Engine.Eval           its query     Engine.Eval
//
// Engine.Eval runs in the tick's goroutine. Everything else is called from
// anywhere and starts nothing.
//
// # Not promised
//
// Events that are not on disk when the daemon is killed are made again from the
// history after the start, at a later time; a hole that is not on disk yet, at the
// first tick after a start, counts for `for` after all. While the disk takes nothing at all,
// events are announced without a number, and again with one; if thousands wait,
// those that say least are left out. Silences begin and end by the wall clock: one
// that is set wrong ends them early or late. Two rules whose alerts have equal labels
// share their ALERTS series, though not their events.
package alerts
