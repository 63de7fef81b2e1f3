package client

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/gobwas/ws"
)

// ErrStop, returned by the function that Run hands items to, ends Run without an
// error.
var ErrStop = errors.New("stop")

// A ConnectError says that there was no server to talk to.
type ConnectError struct {
	URL string
	Err error
}

func (e *ConnectError) Error() string {
	hint := ""
	if errors.As(e.Err, new(x509.UnknownAuthorityError)) {
		hint = " (set SSL_CERT_FILE to the file of an authority of your own)"
	}
	if errors.Is(e.Err, ws.ErrHandshakeBadProtocol) {
		hint = " (does it speak TLS? then write https://)"
	}
	return fmt.Sprintf("connect to %s: %v%s", e.URL, e.Err, hint)
}
func (e *ConnectError) Unwrap() error { return e.Err }

// A RefusedError is an HTTP status in place of a connection.
type RefusedError struct {
	Status  int
	Message string        // what the server said, bounded, may be empty
	Retry   time.Duration // how long it asked to wait; 0 if it did not
}

func (e *RefusedError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("refused with status %d", e.Status)
	}
	return fmt.Sprintf("refused with status %d: %s", e.Status, e.Message)
}

// final is true when the same request will be refused again.
func (e *RefusedError) final() bool {
	return e.Status >= 400 && e.Status < 500 && e.Status != 408 && e.Status != 429
}

// A ClosedError says that the server closed the connection, and why.
type ClosedError struct {
	Code   int
	Reason string
	Retry  time.Duration // from retry=MS in the reason; 0 if there is none
}

func (e *ClosedError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("closed by the server with code %d", e.Code)
	}
	return fmt.Sprintf("closed by the server with code %d: %s", e.Code, e.Reason)
}

// final is true for the codes that blame the client: it would do the same again.
func (e *ClosedError) final() bool {
	switch ws.StatusCode(e.Code) {
	case ws.StatusProtocolError, ws.StatusUnsupportedData, ws.StatusInvalidFramePayloadData,
		ws.StatusPolicyViolation, ws.StatusMessageTooBig:
		return true
	}
	return false
}

// A protocolError is something that no server may send.
type protocolError struct {
	code ws.StatusCode
	what string
}

func (e *protocolError) Error() string { return "protocol error of the server: " + e.what }

// final tells whether there is no use in coming back after err.
func final(err error) bool {
	var refused *RefusedError
	var closed *ClosedError
	switch {
	case errors.As(err, &refused):
		return refused.final()
	case errors.As(err, &closed):
		return closed.final()
	}
	return false
}

// retryAfter is how long the server asked to wait, 0 if it did not.
func retryAfter(err error) time.Duration {
	var refused *RefusedError
	var closed *ClosedError
	switch {
	case errors.As(err, &refused):
		return refused.Retry
	case errors.As(err, &closed):
		return closed.Retry
	}
	return 0
}
