package wire

import "time"

// A Message is what a server sends: one of the pointer types of this file.
type Message interface {
	// AppendJSON appends the message as one JSON object and returns the
	// extended buffer.
	AppendJSON(dst []byte) []byte

	fields(o *object)
}

// Hello is the first message on a connection.
type Hello struct {
	Version  string
	Instance string
	Epoch    string // of the journal: to be sent back beside an after
	Interval int64  // of the ticks, milliseconds
	T        int64  // the newest tick there is, 0 if none
	Seq      uint64 // the newest number in the journal
}

// Subscribed answers a subscribe. T or Seq tell how far the subscription would
// go if nothing new came: a replay has caught up when it has reached that point.
// It is not yet a point to resume from.
type Subscribed struct {
	ID     string
	Sub    uint32 // the number that the subscription's messages carry
	Alerts bool   // Seq counts, not T
	T      int64
	Seq    uint64
}

// Series names the columns of the samples that follow, until the next Series of
// the same Sub.
type Series struct {
	Sub    uint32
	Rev    uint64
	Series []Labels
}

// Samples has one value per column of the newest Series with the same Sub and Rev.
type Samples struct {
	Sub uint32
	Rev uint64
	T   int64
	V   []float64 // [None] where the column has no sample
}

// Event is one step in the life of an alert (op "alert").
type Event struct {
	Sub        uint32
	Seq        uint64 // 0 while NotDurable
	T          int64
	Event      string    // pending, firing, resolved, inactive, silenced, unsilenced, notified, notify_failed
	Current    bool      // part of the picture of what is active, sent at the start
	NotDurable bool      // told before it could be written down; comes again with its number
	Delivery   *Delivery // of notified and notify_failed, else nil
	Alert      Alert
}

// Delivery is what a hook did with an event.
type Delivery struct {
	Hook     string
	Of       uint64   // number of the event that was delivered, the highest of several
	With     []uint64 // numbers of the others
	Repeat   int      // the how manieth time that they are said again; 0 for the first time
	Attempts int      // made so far
	Error    string   // of the last attempt; empty when it went well
	GivenUp  bool     // no further attempt will be made
}

// Alert is an alert as Alertmanager's API shows it.
type Alert struct {
	Fingerprint  string
	State        string
	Labels       Labels
	Annotations  Labels
	Value        float64
	ActiveAt     time.Time
	StartsAt     time.Time
	EndsAt       time.Time // zero while it fires
	GeneratorURL string
	SilencedBy   []string
	Flapping     bool      // it comes and goes so often that it is held firing
	Stale        bool      // a collector that its expression selects from fails
	Evidence     *Evidence // how it came to fire; nil if there is none
}

// Evidence is how an alert came to fire: what its expression gave in the minute
// before, in the order of time.
type Evidence struct {
	Values []Sample
}

// Sample is a value at a time in milliseconds.
type Sample struct {
	T int64
	V float64
}

// Gap stands where messages are missing. For samples and queries From and To
// are the first and last missing time and Missed their number; for alerts the
// numbers between After and Next, both exclusive, are missing. Next is never 0
// for alerts and always 0 for the others.
type Gap struct {
	Sub    uint32
	Reason Reason
	From   int64
	To     int64
	Missed int64
	After  uint64
	Next   uint64
}

// Heartbeat with a Sub says that all of that subscription up to Seq has been
// sent. Without (Sub 0), that the connection lives.
type Heartbeat struct {
	Sub uint32
	T   int64
	Seq uint64
}

// Unsubscribed answers an unsubscribe: nothing of Sub follows.
type Unsubscribed struct {
	ID  string
	Sub uint32
}

// Error says what was wrong. With an ID or none: a request came to nothing.
// With a Sub: that subscription misses time T and goes on.
type Error struct {
	ID      string
	Sub     uint32
	T       int64
	Code    Code
	Message string
}

// Error makes the message an error that may be returned.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Pong answers a ping.
type Pong struct {
	T   int64 // as in the ping
	Now int64 // the server's clock
}
