package hooks

import "time"

// An outcome says how an attempt went. The zero value is success.
type outcome struct {
	err        error         // what went wrong; holds no secret
	permanent  bool          // trying again is of no use
	retryAfter time.Duration // what the receiver asked for; 0 if nothing
	lacking    error         // of a success: who did not take it all the same

	// What was sent and what came back, for people: only of a message that is
	// traced, through transcript, without secrets.
	request, answer string
}
