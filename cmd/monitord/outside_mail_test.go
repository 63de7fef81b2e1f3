//go:build outside

package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// Mail through shoutrrr, as Debian's aiosmtpd takes it in.
func TestOutsideMail(t *testing.T) {
	t.Parallel()
	addr := freeAddress(t)
	printed := background(t, "aiosmtpd", "-n", "-l", addr)
	eventually(t, "the mail server answers", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	d := startDaemon(t, daemonDir(t, fmt.Sprintf(`
[[alerts.rules]]
name = "Watched"
expr = "monitord_stream_connections > 0"
severity = "warning"
annotations = { summary = "Jemand schaut zu: {{ $value }} – grüß Gott", description = "one\ntwo" }
[[alerts.hooks]]
name = "mail"
type = "shoutrrr"
url = "smtp://%s/?from=monitord@example.com&fromname=monitord&to=ops@example.com"
`, addr)))
	viewer, ok := d.subscriber(patience)
	if !ok {
		t.Fatal("no connection")
	}
	has := func(parts ...string) func() bool {
		return func() bool {
			for _, p := range parts {
				if !strings.Contains(printed(), p) {
					return false
				}
			}
			return true
		}
	}
	eventually(t, "the mail arrives", has("Subject: FIRING Watched on test-host (warning)\n", "From: monitord <monitord@example.com>\n",
		"\nJemand schaut zu: 1 – grüß Gott\none\ntwo\nvalue 1, since "))
	viewer.Close()
	eventually(t, "so does that of the end", has("Subject: RESOLVED Watched on test-host (warning)\n"))
}
