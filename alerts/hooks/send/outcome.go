package send

import "time"

// An Outcome says how an attempt went. The zero value is success.
type Outcome struct {
	Err        error         // what went wrong; holds no secret
	Permanent  bool          // trying again is of no use
	Unanswered bool          // it may have been taken all the same
	RetryAfter time.Duration // what the receiver asked for; 0 if nothing
	Lacking    error         // of a success: who did not take it all the same

	// What was sent and what came back, for people: only of a message that is
	// traced, through transcript, without secrets.
	Request, Answer string
}
