package hooks

import (
	"context"

	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
)

// A sender makes one attempt. It returns before the context's end, or soon
// after, and leaves nothing running. Safe for concurrent use.
type sender interface {
	Send(ctx context.Context, m *message.Message) send.Outcome
	Target() string // where it leads, without what may be secret
	Close()         // lets go of idle connections; sends that run are not touched
}
