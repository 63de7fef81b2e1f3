package client

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

const streamPath = "/api/v1/stream"

// address is where to dial and what to ask for there.
type address struct {
	socket string // path of a Unix socket, or empty
	url    string // ws: or wss:
	host   string // Host header, or empty for the URL's own
}

// parseAddress reads the URL of a server.
func parseAddress(s string) (address, error) {
	u, err := url.Parse(s)
	if err != nil {
		return address{}, fmt.Errorf("%q is not a URL such as %s", s, DefaultURL)
	}
	switch u.Scheme {
	case "unix":
		socket := u.Path
		if u.Opaque != "" {
			socket = u.Opaque
		}
		if socket == "" || u.Host != "" {
			return address{}, fmt.Errorf("%q has no path of a socket, write unix:/run/monitord/monitord.sock", s)
		}
		// The Host header must be a name of the server; a socket has none.
		return address{socket: socket, url: "ws://localhost" + streamPath, host: "localhost"}, nil
	case "http", "https":
	default:
		return address{}, fmt.Errorf("%q is no address, write http://HOST:PORT, https://HOST:PORT or unix:PATH", s)
	}
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return address{}, fmt.Errorf("%q is more or less than a host, a port and a path, such as %s", s, DefaultURL)
	}
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return address{}, fmt.Errorf("%q has a host that is not plain ASCII", s)
	}
	target := url.URL{
		Scheme: strings.Replace(u.Scheme, "http", "ws", 1),
		Host:   u.Host,
		Path:   path.Join("/", u.Path, streamPath),
	}
	return address{url: target.String(), host: u.Host}, nil
}
