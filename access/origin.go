package access

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// An origin is a page's scheme, host and port (RFC 6454 section 4), in one
// spelling: lower case, and without a port that is the scheme's own.
type origin struct {
	scheme string
	host   string // as in a URL: an IPv6 address in brackets
	port   string // empty: the scheme's default
}

var defaultPort = map[string]string{"http": "80", "https": "443"}

// parseOrigin accepts exactly scheme://host[:port] with scheme http or https.
// "null", user info, paths, queries and trailing dots are refused.
func parseOrigin(s string) (origin, bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	if _, known := defaultPort[scheme]; !ok || !known {
		return origin{}, false
	}
	if u, err := url.Parse(s); err != nil || u.User != nil || u.Host != rest {
		return origin{}, false
	}
	name, ok := splitHost(rest)
	if !ok {
		return origin{}, false
	}
	o := origin{scheme: scheme, host: name, port: portOf(rest)}
	if strings.Contains(name, ":") {
		o.host = "[" + name + "]"
	}
	if o.port == defaultPort[scheme] {
		o.port = ""
	}
	return o, true
}

func (o origin) String() string {
	if o.port == "" {
		return o.scheme + "://" + o.host
	}
	return o.scheme + "://" + o.host + ":" + o.port
}

// matchesHost reports whether the origin is that of a page served under this
// Host header: same host, same port.
func (o origin) matchesHost(host string) bool {
	h, ok := parseOrigin(o.scheme + "://" + host)
	return ok && h == o
}

// splitHost returns the name in a Host header, in lower case and without
// brackets and port; false if it is not well formed.
func splitHost(host string) (string, bool) {
	name := host
	switch {
	case strings.HasPrefix(host, "["):
		end := strings.IndexByte(host, ']')
		if end < 0 || (end+1 < len(host) && !validPort(host[end+1:])) {
			return "", false
		}
		name = host[1:end]
		if addr, err := netip.ParseAddr(name); err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", false
		}
	case strings.Count(host, ":") == 1:
		colon := strings.IndexByte(host, ':')
		if !validPort(host[colon:]) {
			return "", false
		}
		name = host[:colon]
	case strings.Contains(host, ":"):
		return "", false
	}
	return hostName(name)
}

// validPort reports whether s is a colon and a port number.
func validPort(s string) bool {
	if len(s) < 2 || len(s) > 6 || s[0] != ':' {
		return false
	}
	n := 0
	for _, c := range s[1:] {
		if c < '0' || c > '9' {
			return false
		}
		n = 10*n + int(c-'0')
	}
	return n <= 65535
}

func portOf(host string) string {
	if _, port, err := net.SplitHostPort(host); err == nil {
		return port
	}
	return ""
}

// hostName returns a host name or address in lower case; false if it contains
// what neither has, or ends in a dot, which browsers take for another site.
func hostName(s string) (string, bool) {
	if s == "" || len(s) > 253 || strings.HasSuffix(s, ".") || strings.HasPrefix(s, ".") {
		return "", false
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.String(), addr.Zone() == ""
	}
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '*':
		default:
			return "", false
		}
	}
	return strings.ToLower(s), true
}
