package stream

import "net/http"

type (
	busy     struct{}
	local    struct{}
	walk     struct{ active bool }
	part     struct{}
	join     struct{}
	pageDone struct{}
	parser   struct{}
)

const readBuffer = 64 << 10

func (s *shard) event(event)      {}
func (s *shard) note(*note)       {}
func (s *shard) again()           {}
func (s *shard) step()            {}
func (s *shard) sweep()           {}
func (s *shard) begin(m []*Topic) {}
func (s *shard) end()             {}
func (s *shard) closeAll()        {}
func (s *shard) release()         {}

// ServeHTTP upgrades a request to a WebSocket connection of the engine.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {}
