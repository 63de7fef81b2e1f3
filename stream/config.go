package stream

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"
)

// Config is what an operator may set: the keys of the table [stream] that
// concern the engine. The zero value is not usable; start from [DefaultConfig].
type Config struct {
	// PingInterval is how long a peer may be silent before it counts as silent. A
	// connection is pinged twice in that time. Shorter finds vanished peers
	// sooner and costs two packets each way per connection and interval.
	PingInterval time.Duration `toml:"ping_interval"`
	// PongTimeout is how much longer it may be silent then. A peer that vanished
	// is closed at most PingInterval + PongTimeout after its last sign of life.
	// Longer is kinder to those that are stopped or behind a link that is down
	// for a while.
	PongTimeout time.Duration `toml:"pong_timeout"`
	// HandshakeTimeout bounds each step that a peer could draw out: the request
	// of the handshake, and the closing handshake.
	HandshakeTimeout time.Duration `toml:"handshake_timeout"`
	// MessageTimeout bounds how long a message from a client may take from its
	// first byte to its last. Longer lets slow links send long messages, and
	// those who send half a message hold it for longer.
	MessageTimeout time.Duration `toml:"message_timeout"`
	// MaxControlFrames bounds the pings, pongs and close frames that a client may
	// send in a second. Each ping costs a system call for its pong.
	MaxControlFrames int `toml:"max_control_frames"`
	// MaxMessage bounds a message from a client, over all of its fragments and
	// inflated if it came compressed. Their number is bounded with it: 256, and
	// one for each 64 bytes.
	MaxMessage int64 `toml:"max_message" unit:"bytes"`
	// MaxSubscriptions bounds what one connection may follow.
	MaxSubscriptions int `toml:"max_subscriptions"`
	// MaxRing bounds the memory of all topics' rings together, but for the newest
	// entry of each, which is always kept. What does not fit is read back from the
	// Source, or skipped by readers that lag.
	MaxRing int64 `toml:"max_ring" unit:"bytes"`
	// MaxConnections bounds all connections. [New] lowers it to what the limit
	// of open files allows.
	MaxConnections int `toml:"max_connections"`
	// MaxPerAddress bounds the connections of one address. Loopback and Unix
	// sockets are exempt, since a proxy is one address.
	MaxPerAddress int `toml:"max_connections_per_address"`
}

// DefaultConfig returns the configuration as shipped.
func DefaultConfig() Config {
	return Config{
		PingInterval:     25 * time.Second,
		PongTimeout:      8 * time.Second,
		HandshakeTimeout: 5 * time.Second,
		MessageTimeout:   10 * time.Second,
		MaxControlFrames: 2000,
		MaxMessage:       64 << 10,
		MaxSubscriptions: 64,
		MaxRing:          32 << 20,
		MaxConnections:   100000,
		MaxPerAddress:    1000,
	}
}

// Validate returns every fault, each as "key: what is wrong, what to do".
func (c Config) Validate() []error {
	var faults []error
	duration := func(key string, v, low, high time.Duration) {
		if v < low || v > high {
			faults = append(faults, fmt.Errorf("%s: is %v, must be from %v to %v", key, v, low, high))
		}
	}
	number := func(key string, v, low, high int64) {
		if v < low || v > high {
			faults = append(faults, fmt.Errorf("%s: is %d, must be from %d to %d", key, v, low, high))
		}
	}
	duration("ping_interval", c.PingInterval, time.Second, time.Hour)
	duration("pong_timeout", c.PongTimeout, time.Second, time.Hour)
	duration("handshake_timeout", c.HandshakeTimeout, 100*time.Millisecond, time.Minute)
	duration("message_timeout", c.MessageTimeout, 100*time.Millisecond, time.Hour)
	number("max_control_frames", int64(c.MaxControlFrames), 10, 50000)
	number("max_message", c.MaxMessage, 1<<10, 64<<20)
	number("max_subscriptions", int64(c.MaxSubscriptions), 1, maxSubscriptions)
	number("max_ring", c.MaxRing, 1<<20, 1<<40)
	number("max_connections", int64(c.MaxConnections), 1, maxSlots)
	number("max_connections_per_address", int64(c.MaxPerAddress), 1, maxSlots)
	return faults
}

const (
	maxSubscriptions = 1024
	maxSlots         = 1 << 24 // slots share a connection's ID with its shard and generation
)

// Options is what the program decides for its engine. Only Config must be set;
// the zero value of everything else chooses the default that its comment names.
type Options struct {
	Config

	// Protocols are the subprotocols that are spoken, in no order: the first of
	// the client's that is among them is chosen. Empty: none is ever chosen, and
	// a client may offer what it likes.
	Protocols []string
	// Binary is the one of Protocols, if any, in which the messages of handlers,
	// topics and sources go out as what Encode makes of them, in binary frames.
	// Encode is called when the first connection needs a message so, in poll
	// loops too: it must not block. What it returns nil for is left out.
	Binary string
	Encode func(message []byte) []byte
	// OneType says that clients send messages of one type only, as each
	// subprotocol has it: binary with Binary, text with all others and without
	// any. The first frame of another closes the connection with 1003.
	OneType bool
	// Path is where a listener of [Engine.Listen] is asked for a stream. Empty:
	// at any path.
	Path string
	// Admit decides whether a client may come in that has asked so at a listener
	// of [Engine.Listen]. An error leaves the answer to who serves the others
	// there, which must come to the same. It is called in poll loops and must
	// not block. Nil: everybody may.
	Admit func(*Candidate) error
	// Heartbeat makes the message for a connection that was sent none for 15 s.
	// It is called in a poll loop and must not block. Nil: no such message.
	Heartbeat func(nowMs int64) []byte
	// Shards is the number of poll loops. 0: one for each processor.
	Shards int
	// Workers is the number of goroutines that call the Handler and the Sources,
	// a third of them at most the Sources. 0: six, or three times the number of
	// processors if that is more.
	Workers int
	// Log takes what an operator should know. Nil: nothing is logged.
	Log *slog.Logger

	heartbeatAfter time.Duration          // 0: 15 s
	poller         func() (poller, error) // nil: the system's best
}

func (o Options) withDefaults() Options {
	if o.Shards <= 0 {
		o.Shards = runtime.GOMAXPROCS(0)
	}
	o.Shards = min(o.Shards, maxShards)
	if o.Workers <= 0 {
		o.Workers = max(6, 3*runtime.GOMAXPROCS(0))
	}
	if o.heartbeatAfter <= 0 {
		o.heartbeatAfter = 15 * time.Second
	}
	if o.poller == nil {
		o.poller = newPoller
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

const maxShards = 64

// check looks only for what the engine could not run with: tests use shorter
// times than an operator may.
func (o Options) check() error {
	switch {
	case o.PingInterval <= 0, o.PongTimeout <= 0, o.HandshakeTimeout <= 0, o.MessageTimeout <= 0:
		return errors.New("a time limit is not positive")
	case o.MaxMessage <= 0, o.MaxRing <= 0, o.MaxSubscriptions <= 0, o.MaxConnections <= 0, o.MaxPerAddress <= 0, o.MaxControlFrames <= 0:
		return errors.New("a limit is not positive")
	case o.MaxSubscriptions > maxSubscriptions, o.MaxConnections > maxSlots, len(o.Protocols) > 8:
		return errors.New("a limit is too high")
	case o.Binary != "" && (o.Encode == nil || !slices.Contains(o.Protocols, o.Binary)):
		return errors.New("the binary subprotocol is not among those spoken, or has no encoding")
	}
	return nil
}
