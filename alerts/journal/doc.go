// Package journal is an append-only log on disk: numbered events, and the state
// records beside them from which their writer rebuilds what it knew.
//
// The life of an event:
//
//  1. [Journal.Append] encodes it with its number, its time and a checksum
//     (record.go has the layout), writes it into the current segment and
//     returns once fdatasync has: whoever has the number may tell it on.
//  2. Readers find it by its number with [Journal.Read], as often as they like.
//     A reader is nothing but the last number it saw.
//  3. A segment that is full is followed by the next, which was allocated ahead
//     of time, so that a full disk does not stop the log at the end of one.
//  4. At the next start the writer calls [Journal.Fold]: the newest complete
//     snapshot, then every event and state record behind it.
//  5. Segments behind the newest snapshot are dropped, the oldest first, when
//     the journal is larger or older than its limits.
//
// # What damage costs
//
// A damaged record costs itself: reading goes on at the next record whose
// checksum holds. What is missing shows as a hole in the numbers, in
// [Stats.Damaged] and in the log. A record that was cut off while it was
// written was acknowledged to nobody: it is removed at the next start and its
// number is given out again. A number that may have been acknowledged is never
// given out twice. Only when no segment can be recognised at all is the journal
// a new one, with a new epoch; the old files are kept beside it.
//
// A file whose write or sync failed is never synced again (the second fsync
// reports success and the data is gone): its acknowledged part stays, and what
// was being written goes into a fresh segment.
//
// # A disk that takes nothing
//
// [Open] reads what there is and needs to write nothing. What it could not do (make
// or lock the directory, put away what is no part of the journal, write the end of
// the newest segment once more) is done before the next write: [Journal.Append]
// and [Journal.Tend] fail until then. If the directory could not be read or locked
// and turns out to have something else in it than was read, the journal takes
// nothing any more ([ErrReplaced]): its numbers and its writer's state are not
// those of what is there.
//
// # Goroutines
//
// None. Append, Snapshot, Tend and Close may be called from any goroutine and
// wait for each other; Read, First, Last and Stats never wait for a disk write.
//
// # Not promised
//
// Events of one Append are not atomic: after a crash the first of them may be
// there without the rest (they had not been acknowledged). Old events may go
// before a slow reader has seen them: Read says so. A power cut in the middle
// of a write can leave a hole of the numbers that were being written.
package journal
