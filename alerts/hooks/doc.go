// Package hooks tells others about alerts: it reads the journal and decides what
// is to be delivered, when, and when again. A hook is one more reader of the alert
// journal, with its own cursor; there is no outbox beside the journal to keep in
// step. What is said is made by package message; the attempt itself, by a program,
// a webhook, an Alertmanager or a service, is made by package send.
//
// The life of a delivery:
//
//  1. The hook reads an event that begins to tell of a firing, or a resolved: of a
//     rule that names the hook or, naming none, of an alert that its matchers fit.
//     The delivery is open, and stands in the lane of its alert behind those of
//     the same alert that came before. With Config.GroupBy, what comes within
//     Config.GroupWait of the first of a group is one delivery in the group's lane.
//  2. When it is the first of its lane, and the hook and the runner have room
//     (Config.Concurrency and MaxPerMinute of a hook, 16 in all), it is attempted.
//     What is delivered together is noted in the journal before (a seal).
//  3. If that fails, a notify_failed event says so, the first time, and the lane
//     waits: 1 s at first, 5 min in the end, with jitter. Other lanes go on.
//  4. When it succeeds, or is given up, an event in the journal says so. The
//     delivery is closed when the hook reads that event back, so that what is
//     open after a restart is what the journal says, and nothing else. What was
//     given up is kept as a dead letter, the newest 1,000 of a hook, until it is
//     retried by hand and delivered.
//  5. A note in the journal says from time to time how far the hook has read, what
//     was open by then, and what it had told, so that a start need not read
//     everything. What follows the note is read again before anything is attempted.
//
// A delivery whose closing event did not reach the disk is made again after a
// restart, of the same events and with the same idempotency key:
// EPOCH-HOOK-SEQ, with -rN for the Nth repeat. What has no number of an event
// (a heartbeat, a test, an event announced while the disk takes nothing) has
// EPOCH-HOOK-FINGERPRINT-MS-EVENT, MS being its time in Unix milliseconds.
//
// # What was told
//
// A hook keeps account of the alerts that fire and that it delivered, or owes. A
// resolved is for those alone, whatever matchers and silences say by then. An
// alert that begins to fire under a silence is not told; when the silence ends
// and it still fires, it is. With Config.Repeat it is said again that long after
// the last delivery (or after that was given up), unless it is silenced; a repeat
// that waits when the alert ends is taken back. Time is counted by the monotonic
// clock, and by the wall clock while no daemon runs.
//
// A hook that is new begins with the alerts that are firing at that moment.
// While the journal's disk takes nothing, events have no number; they are
// delivered nevertheless ([Runner.Announce]), each by itself, and not again once
// they have one.
//
// # Retried by hand
//
// [Runner.Retry] delivers dead letters as they were, under their keys, though what
// they say may be over: a firing whose resolved the receiver has had. The last that
// a receiver hears of an alert must be what is true. Where no delivery that waits
// says that last, what the hook told last of the alert follows as a repeat, with
// a key that is new: a receiver that knows keys would drop it under the old one.
// So it does when the last is there, but an attempt at it was never answered. What
// follows is in the journal (a seal) before the letter is told, so that no kill
// comes between; while the disk takes nothing, the letter stays one. It also does
// when it cannot be known how its alert went on, when some of that has no number
// yet, and when its alerts wait in different lanes since groups changed.
//
// # Bounds
//
// At most 16,384 events wait for a hook in memory, and about 131,072 for all of
// them; beyond that a hook reads no further until it has delivered, and the
// journal keeps the rest. A delivery has at most 256 events and about 1 MiB. A
// hook knows 4,096 alerts to fire (all hooks about 131,072); of more it delivers
// the resolved whether or not it told the firing, and repeats nothing.
//
// # Beside deliveries
//
// An Alertmanager forgets what it does not hear again. What fires is resent to it
// every Config.Resend, and for a quarter of an hour what has ended: a fold of the
// journal (standing) that a start has again at once. An alert that is silenced
// here is neither delivered nor resent; the Alertmanager takes it for ended after
// four resends, and hears of it again when the silence is over. That an alert has
// ended waits for a resend under way that may still say the opposite, though the
// configuration has been read again since.
//
// A hook with Config.Heartbeat is told of no alerts: its receiver hears one thing,
// that all is well, and raises the alarm when it hears nothing. The first comes
// one interval after the start, so that a daemon that starts again and again is
// noticed, too.
//
// Both take the places of deliveries, within the same bounds; the journal hears
// nothing of them, and what fails is tried again when it is due.
//
// # Goroutines
//
//	goroutine      started by      ends when                        waited for by
//	Run            the caller      its context ends, within 3 s     the caller
//	scribe         Run             Run ends it, after a last write  Run
//	one seal       an attempt      the disk has taken it            the attempt, for 2 s; Run
//	one attempt    Run             done or out of time              Run, resends and heartbeats likewise
//
// An attempt has goroutines of its own, and has ended them when it returns.
//
// # Not promised
//
// Deliveries are made at least once, not exactly once. Nothing is promised about
// the order of different alerts. A hook that is taken out of the configuration
// forgets what it had not delivered. MaxPerMinute counts over a start; a kill may
// leave out what was begun in the second before, an eighth of the cap at most. When
// groups change over a restart, what had been delivered together still is, one
// delivery after the other until that is done.
package hooks
