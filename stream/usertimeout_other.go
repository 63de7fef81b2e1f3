//go:build !linux

package stream

import (
	"net"
	"time"
)

// setUserTimeout does nothing here: the probes of TCP's own keepalive must do.
func setUserTimeout(*net.TCPConn, time.Duration) error { return nil }
