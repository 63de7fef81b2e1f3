// Package feed makes the stream's topics out of batches, standing queries and
// the alert journal, and answers what clients ask. It is the only package that
// knows both metrics and the stream: the engine moves opaque bytes, and history
// and alerts know nobody who watches.
//
// The life of a subscription:
//
//  1. A client sends subscribe, or has it in its URL. The engine calls the feed
//     from one of its workers ([Feed.Open], [Feed.Message]).
//  2. The feed finds the topic: the kind, the canonical selector, expression or
//     matchers, and the interval. All who ask for the same share one topic, one
//     number and the same bytes. A topic that is new is primed with the newest
//     tick, so that nobody waits for the next one.
//  3. The answer is given to the engine together with the position after which
//     the client wants to be told. What the topic's ring does not hold, the
//     engine reads by the page from the topic, which is a [stream.Source].
//  4. At every tick ([Feed.Tick]) each topic that is due makes its messages
//     once. A reader of the journal does the same for what is appended there.
//  5. A minute after its last follower left, a topic is dropped.
//
// # Live is replay
//
// A replay goes through the very code that made the live messages (timeline and
// columns): what differs is only where the values come from. A page of a replay
// begins with its own series message, since it is shared by all who pass there.
//
// # Who waits for whom
//
// A tick has half an interval for queries. First come those of clients that have
// lately taken the least of it, so one client's slow queries hold up its own. Beside
// the tick, new queries and replays are evaluated one at a time for each processor
// but one. A new query that finds no place gets its first result from the next
// tick; replays wait, on workers that calls do not need. Topics are bounded in
// number, in all and by the address that asked for them first; those that nobody
// follows give way at once.
//
// # Cursors
//
// A tick is whole when everything that is due at it has been published. Then, and
// with the events of the journal, the marker moves, and gives the engine the cursor
// of that moment: up to which tick and which number everything has been told. It is
// the same for all who are there, whatever they follow, and it is what an event
// stream has as its id and an answer to a poll as its cursor. Whoever comes back
// with it is told what came after: from the rings, or from history and journal, of
// this daemon or of the next one on the same data.
//
// A poll ([Feed.Poll]) reads its topics where connections are sent them from, up to
// the mark; of different topics it reads those first that are behind, so that an
// answer which ends early ends at the same tick for all. It waits until one of its
// topics has said something and the tick is whole.
//
// # Positions
//
// The position of a tick is its time, plus an offset that grows when the wall
// clock is stepped back, so that positions never do. The position of an event is
// its number, shifted, which leaves room for what has no number of its own: the
// announcements of events that no disk has taken yet. Those that no ring holds any
// more are read from the log, which knows them until they are on disk, so that
// whoever comes late hears them behind the numbers; the picture of what is pending or
// firing is made with them. After a disk that took some of them and refuses again,
// the rest is told once more: it is newer than the numbers that came. Numbers whose
// events the journal cannot read are a gap for everybody, whatever they match.
//
// # Goroutines
//
//	goroutine        started by     ends                 waited for by
//	Run              the daemon     with its context     the daemon
//	(callers)        Tick by the sampler's, Events by the recorder's, everything
//	                 else by the engine's workers and poll loops
//
// # Not promised
//
// Queries that a tick has no time left for are evaluated with the next one: late,
// not left out. After 16 such ticks the oldest are left out, with a gap. A page
// of a replay is cached: a sample stored out of order later may not show in it.
// Live messages are the same for everybody: to who asked from a time that was
// still to come, the first gap may begin before it.
package feed
