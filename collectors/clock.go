package collectors

import "time"

const (
	// nearby is how far the wall clock may be from the daemon's to be followed at once.
	nearby = time.Minute
	// stands is how long it must have stood elsewhere to be followed there.
	stands = time.Minute
	// still is how much the time that it is off by may vary meanwhile.
	still = time.Second
)

// A Reading is what the clocks of the host show at one moment.
type Reading struct {
	Wall   time.Time     // what people set
	Awake  time.Duration // since some moment, without the time in which the host slept; cannot be set
	Asleep time.Duration // since the same moment, how long the host slept
}

// A Clock reads the clocks of a host. It is used by one goroutine.
type Clock interface {
	Read() Reading
	// Synchronised reports whether something keeps the wall clock right.
	Synchronised() bool
}

// An anchor is the daemon's clock: time that passes, asleep or awake, counted from
// where the wall clock stood. When the wall clock is set, by a minute at most, the
// daemon's clock follows it at once. When it jumps further, in either direction,
// it is followed once it has stood there for a minute, or is synchronised; what
// comes back before that was never there. Make it with newAnchor; it is not safe
// for concurrent use.
type anchor struct {
	clock Clock
	base  int64 // what the daemon's clock showed when no time had passed, Unix nanoseconds
	apart int64 // the same of the wall clock, while it is not followed
	since time.Duration
	off   time.Duration // how far the wall clock is ahead of the daemon's, while it is not followed
}

// A moment is a reading of the daemon's clock.
type moment struct {
	t      time.Time // without a monotonic part
	awake  time.Duration
	asleep time.Duration
	base   int64
}

func newAnchor(c Clock) *anchor {
	r := c.Read()
	passed := r.Awake + r.Asleep
	return &anchor{clock: c, base: r.Wall.UnixNano() - int64(passed)}
}

// read returns the time of the daemon's clock, and sees to where the wall clock
// has gone.
func (a *anchor) read() moment {
	r := a.clock.Read()
	passed := r.Awake + r.Asleep
	base := r.Wall.UnixNano() - int64(passed)
	a.off = time.Duration(base - a.base)
	switch {
	case a.off.Abs() <= nearby:
		a.base, a.since = base, 0
	case a.since == 0 || time.Duration(base-a.apart).Abs() > still:
		a.apart, a.since = base, passed
	case passed-a.since >= stands:
		a.base, a.since = base, 0
	}
	if a.since != 0 && a.clock.Synchronised() {
		a.base, a.since = base, 0
	}
	if a.since == 0 {
		a.off = 0
	}
	return a.moment(r)
}

func (a *anchor) moment(r Reading) moment {
	return moment{t: time.Unix(0, a.base+int64(r.Awake+r.Asleep)), awake: r.Awake, asleep: r.Asleep, base: a.base}
}

// stepped returns by how much the daemon's clock was set between two moments.
func stepped(from, to moment) time.Duration { return time.Duration(to.base - from.base) }

// slept returns how long the host slept between two moments.
func slept(from, to moment) time.Duration { return to.asleep - from.asleep }
