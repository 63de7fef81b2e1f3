package client

import (
	"crypto/tls"
	"time"
)

// Bounds and times that are used where Options leaves a zero.
const (
	DefaultURL        = "http://127.0.0.1:6455"
	DefaultTimeout    = 10 * time.Second
	DefaultSilence    = 18 * time.Second
	DefaultMaxMessage = 16 << 20
)

// Options says where the server is and what is expected of it. The zero value is
// usable.
type Options struct {
	// URL of the server: http://HOST[:PORT][/PREFIX], https:// likewise, or
	// unix:/PATH/OF/SOCKET. Empty: DefaultURL.
	URL string
	// TLS is for https; nil: the system's authorities.
	TLS *tls.Config
	// Timeout bounds the dial with its handshake, and each write.
	Timeout time.Duration
	// Silence is how long the server may say nothing before it is taken for
	// dead: as shipped, one that is gone is noticed within 20 s. Less than 16 s
	// would take a quiet server for a dead one.
	Silence time.Duration
	// MaxMessage bounds a message from the server, in bytes.
	MaxMessage int
}

func (o Options) withDefaults() Options {
	if o.URL == "" {
		o.URL = DefaultURL
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Silence <= 0 {
		o.Silence = DefaultSilence
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	return o
}
