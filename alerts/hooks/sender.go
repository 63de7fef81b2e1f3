package hooks

import "context"

// A sender makes one attempt. It returns before the context's end, or soon
// after, and leaves nothing running. Safe for concurrent use.
type sender interface {
	send(ctx context.Context, m *message) outcome
	target() string // where it leads, without what may be secret
	close()         // lets go of idle connections; sends that run are not touched
}
