package hooks

import (
	"slices"
	"time"

	"monitord/alerts"
)

// delivery is what a hook has to deliver at once: one event or, of a hook with
// group_by, those of a group. It is open until the journal says that it is
// closed. The runner's goroutine owns it.
type delivery struct {
	seqs   []uint64      // numbers of its events, ascending; one 0 while its only event has none
	keys   []string      // the alert of each
	event  *alerts.Event // only while it has no number
	repeat int           // the how manieth repeat; 0: said for the first time

	lane   *lane
	group  string    // more of this group may join until it is sealed; empty: none may
	bytes  int       // of its events, about
	ready  time.Time // not to be attempted before
	sealed bool      // what it consists of is settled: an attempt may have been made
	stored bool      // and the journal knows it

	unsure  bool        // an attempt may have been taken that nobody knows of
	revived bool        // it is a dead letter that is retried
	follows bool        // it says again what is true, behind what was given up and is retried
	owed    []*delivery // of what is retried: those that follow. The journal knows them before it is told

	attempts int
	since    time.Time // of the first failure
	err      string    // of the last failure
	running  bool
	done     bool          // delivered, given up or not needed any more; the journal need not know yet
	verdict  *alerts.Event // what is to be said of it once it has a number
}

// ticket is what a delivery is known by: one of its events and its repeat.
type ticket struct {
	seq    uint64
	repeat int
}

// of is the number that names the delivery: the highest.
func (d *delivery) of() uint64 { return d.seqs[len(d.seqs)-1] }

func (d *delivery) ticket() ticket { return ticket{d.of(), d.repeat} }

// after says whether a delivery comes after another in the journal. What has no
// number yet came last.
func (d *delivery) after(other *delivery) bool {
	if d.of() == 0 || other.of() == 0 {
		return d.of() == 0
	}
	return d.of() > other.of() || d.of() == other.of() && d.repeat > other.repeat
}

// tickets are all by which it is found. A repeat has one: its events have been
// delivered under their own.
func (d *delivery) tickets() []ticket {
	if d.repeat > 0 {
		return []ticket{d.ticket()}
	}
	all := make([]ticket, len(d.seqs))
	for i, seq := range d.seqs {
		all[i] = ticket{seq: seq}
	}
	return all
}

// needsSeal says whether what it consists of cannot be told from the journal without
// a seal. What is retried stood alone or not when it was given up, whatever groups
// are now.
func (d *delivery) needsSeal() bool { return d.revived || d.group != "" || len(d.seqs) > 1 }

// owes says whether the journal does not know all yet that is to follow.
func (d *delivery) owes() bool {
	return slices.ContainsFunc(d.owed, func(owed *delivery) bool { return !owed.stored && !owed.done })
}

// with are the numbers beside the one that names it.
func (d *delivery) with() []uint64 { return slices.Clone(d.seqs[:len(d.seqs)-1]) }

// add puts an event in.
func (d *delivery) add(seq uint64, key string) {
	at, _ := slices.BinarySearch(d.seqs, seq)
	d.seqs = slices.Insert(d.seqs, at, seq)
	d.keys = slices.Insert(d.keys, at, key)
}

// failing is since when it fails, as the journal's times say.
func (d *delivery) failing(t time.Time) {
	if d.since.IsZero() {
		d.since = t
	}
}

// ago returns a moment of the past, by a wall clock that may have been set since:
// it is not in the future, and goes on by the monotonic clock.
func ago(now time.Time, ms int64) time.Time {
	return now.Add(-max(now.Sub(time.UnixMilli(ms)), 0))
}
