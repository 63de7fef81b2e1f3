package wire

// Names of the messages, the value of "op".
const (
	OpHello        = "hello"
	OpSubscribed   = "subscribed"
	OpSeries       = "series"
	OpSamples      = "samples"
	OpAlert        = "alert"
	OpGap          = "gap"
	OpHeartbeat    = "heartbeat"
	OpUnsubscribed = "unsubscribed"
	OpError        = "error"
	OpPong         = "pong"

	OpSubscribe   = "subscribe"
	OpUnsubscribe = "unsubscribe"
	OpPing        = "ping"
)

// A Kind says what a subscription follows. Its value is the name of the key, in
// a message and in the URL, that holds the selector, expression or matchers.
type Kind string

// The kinds of subscription.
const (
	KindSamples Kind = "samples"
	KindQuery   Kind = "query"
	KindAlerts  Kind = "alerts"
)

// A Code names what was wrong with a request, or with one tick of a subscription.
type Code string

// Codes that answer a request: it came to nothing.
const (
	BadMessage  Code = "bad_message"
	UnknownOp   Code = "unknown_op"
	BadSelector Code = "bad_selector"
	BadQuery    Code = "bad_query"
	BadTime     Code = "bad_time"
	Duplicate   Code = "duplicate"
	UnknownID   Code = "unknown_id"
	TooMany     Code = "too_many"
	Forbidden   Code = "forbidden"
)

// QueryFailed is the code of an error that belongs to a subscription: one tick
// of its query could not be evaluated, and the subscription goes on.
const QueryFailed Code = "query_failed"

// A Reason says why messages are missing.
type Reason string

// Reasons of a gap.
const (
	Slow    Reason = "slow"    // the reader was behind; it is stored, ask again with from
	Down    Reason = "down"    // never taken: the daemon was stopped or the host asleep
	Long    Reason = "long"    // more than the server replays: ask the HTTP API
	Expired Reason = "expired" // no longer kept
	Lost    Reason = "lost"    // another journal
	Clock   Reason = "clock"   // the wall clock was stepped
)

// Bounds of what a client may send.
const (
	MaxID   = 256      // bytes of an id in a message; in a URL the parameter's length bounds it
	MaxExpr = 16 << 10 // bytes of a selector, expression or matchers
	MaxURL  = 1024     // subscriptions in one URL
)
