package access

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// CheckListen returns an error if the daemon must not listen on the address:
// because it is malformed, or because other machines could reach it there
// while the daemon cannot tell who they are.
func CheckListen(address string) error {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return fmt.Errorf("%q names no path, write unix:/path/of/the.sock", address)
		}
		// sockaddr_un.sun_path holds 108 bytes, one of them the terminator (unix(7)).
		if len(path) > 107 {
			return fmt.Errorf("%q has %d bytes of path, a Unix socket's may have 107", address, len(path))
		}
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || !validPort(":"+port) {
		return fmt.Errorf("%q is not an address, write 127.0.0.1:6455, [::1]:6455 or unix:/path/of/the.sock", address)
	}
	if strings.EqualFold(host, "localhost") {
		return nil
	}
	addr, err := netip.ParseAddr(host)
	if err == nil && addr.Unmap().IsLoopback() {
		return nil
	}
	return fmt.Errorf("%q can be reached from other machines, and monitord has no authentication yet: listen on 127.0.0.1, [::1] or unix:PATH and put a reverse proxy that authenticates before it", address)
}
