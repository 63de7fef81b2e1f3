//go:build outside

package main

import (
	_ "embed"
	"strings"
	"testing"
)

//go:embed testdata/subscribe.py
var pythonSubscriber string

// TestOutsidePython has Python's websockets follow a query: a handshake with
// permessage-deflate, pings in both directions, messages, a closing handshake.
func TestOutsidePython(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	address := "ws" + strings.TrimPrefix(d.URL(), "http") + "/api/v1/stream"
	out := outside(t, pythonSubscriber, "/usr/bin/python3", "-", address)
	if strings.TrimSpace(out) != "ok" {
		t.Errorf("it says:\n%s", out)
	}
}
