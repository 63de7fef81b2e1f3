// Package silence keeps the silences: those that people make, and the quiet hours of
// the configuration. It decides which are in force when, and which alerts they are
// for; that hooks keep still about those is up to the hooks.
//
// The life of a silence:
//
//  1. [Silences.Put] checks it, gives it an ID and writes its [Record] to the [Log].
//     Only then is it in force, or waits for its start. A change that makes it
//     another silence ends the old one, as with Alertmanager.
//  2. A [Follower], at each tick, says which silences are in force, and for an alert
//     the IDs of those that match it. A tick at which none begins or ends costs a
//     comparison.
//  3. A quarter of an hour before its end the alert [Notice] says so, which it does
//     not silence; a built-in rule makes that.
//  4. It ends at its time or by [Silences.Expire]. It is shown for five days more,
//     and forgotten with the next change after that.
//
// Those of the configuration ([Config]) come in and go with [Silences.Load] and cannot
// be changed otherwise. One that recurs has the times of the window that it is in, or
// else of the next one: hours of the day in a time zone, of which a change of the
// clocks may skip some and repeat others (see quiet.go).
//
// Times are those of the wall clock, in whole milliseconds. Number and size of what
// people make are bounded. It starts no goroutine.
//
// # Not promised
//
// A wall clock that is set wrong begins and ends silences early or late; it makes
// none be forgotten, unless one is changed meanwhile.
package silence
