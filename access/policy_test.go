package access

import (
	"net"
	"net/http"
	"testing"
)

func TestAdmit(t *testing.T) {
	p, err := New(Config{
		Hosts:          []string{"mon.example.com", "192.0.2.7"},
		AllowedOrigins: []string{"https://wall.example.com", "http://Dash.example.com:8080"},
	}, []string{"127.0.0.1:6455", "unix:/run/monitord/monitord.sock", "localhost:7000"})
	if err != nil {
		t.Fatal(err)
	}
	tcp := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5}
	unix := &net.UnixAddr{Net: "unix"}
	tests := []struct {
		name   string
		method string
		host   string
		origin string // "-": no header
		remote net.Addr
		status int
	}{
		{"loopback address", "GET", "127.0.0.1:6455", "-", tcp, 0},
		{"another loopback address", "GET", "127.9.9.9", "-", tcp, 0},
		{"localhost", "GET", "localhost:6455", "-", tcp, 0},
		{"localhost in capitals", "GET", "LOCALHOST", "-", tcp, 0},
		{"IPv6 loopback", "GET", "[::1]:6455", "-", tcp, 0},
		{"mapped loopback", "GET", "[::ffff:127.0.0.1]:6455", "-", tcp, 0},
		{"listed name", "GET", "mon.example.com", "-", tcp, 0},
		{"listed name and port", "GET", "MON.example.com:443", "-", tcp, 0},
		{"listed address", "GET", "192.0.2.7:80", "-", tcp, 0},
		{"rebound name", "GET", "evil.example:6455", "-", tcp, 403},
		{"suffix of a listed name", "GET", "example.com", "-", tcp, 403},
		{"prefix before a listed name", "GET", "xmon.example.com", "-", tcp, 403},
		{"listed name as a prefix", "GET", "mon.example.com.evil.example", "-", tcp, 403},
		{"trailing dot", "GET", "localhost.", "-", tcp, 400},
		{"trailing dot and port", "GET", "localhost.:6455", "-", tcp, 400},
		{"empty host", "GET", "", "-", tcp, 400},
		{"user info in host", "GET", "a@localhost", "-", tcp, 400},
		{"two colons", "GET", "localhost:1:2", "-", tcp, 400},
		{"no port after colon", "GET", "localhost:", "-", tcp, 400},
		{"unclosed bracket", "GET", "[::1", "-", tcp, 400},
		{"zone", "GET", "[::1%25lo]:6455", "-", tcp, 400},
		{"decimal address", "GET", "2130706433", "-", tcp, 403},
		{"short address", "GET", "127.1", "-", tcp, 403},
		{"all addresses", "GET", "0.0.0.0:6455", "-", tcp, 403},
		{"space", "GET", "local host", "-", tcp, 400},
		{"punycode", "GET", "xn--lcalhost-54a", "-", tcp, 403},
		{"unicode", "GET", "lоcalhost", "-", tcp, 400},
		{"any host over a Unix socket", "GET", "whatever", "-", unix, 0},
		{"foreign origin over a Unix socket", "GET", "whatever", "https://evil.example", unix, 403},

		{"own origin", "GET", "127.0.0.1:6455", "http://127.0.0.1:6455", tcp, 0},
		{"own origin behind TLS", "GET", "mon.example.com", "https://mon.example.com", tcp, 0},
		{"own origin, default port spelled out", "GET", "mon.example.com:443", "https://mon.example.com", tcp, 0},
		{"own origin in capitals", "GET", "mon.example.com", "https://MON.example.com", tcp, 0},
		{"own IPv6 origin", "GET", "[::1]:6455", "http://[::1]:6455", tcp, 0},
		{"listed origin", "GET", "localhost", "https://wall.example.com", tcp, 0},
		{"listed origin, default port", "GET", "localhost", "https://wall.example.com:443", tcp, 0},
		{"listed origin, case", "GET", "localhost", "http://dash.EXAMPLE.com:8080", tcp, 0},
		{"listed name, wrong scheme", "GET", "localhost", "http://wall.example.com", tcp, 403},
		{"listed name, wrong port", "GET", "localhost", "http://dash.example.com", tcp, 403},
		{"other port of the same host", "GET", "127.0.0.1:6455", "http://127.0.0.1:8000", tcp, 403},
		{"other loopback name", "GET", "127.0.0.1:6455", "http://localhost:6455", tcp, 403},
		{"foreign origin", "GET", "localhost", "https://evil.example", tcp, 403},
		{"null", "GET", "localhost", "null", tcp, 403},
		{"empty origin", "GET", "localhost", "", tcp, 403},
		{"file", "GET", "localhost", "file://", tcp, 403},
		{"extension", "GET", "localhost", "chrome-extension://abcdef", tcp, 403},
		{"ws scheme", "GET", "localhost", "ws://localhost", tcp, 403},
		{"user info", "GET", "localhost", "http://localhost@evil.example", tcp, 403},
		{"user info before own", "GET", "localhost", "http://evil@localhost", tcp, 403},
		{"path", "GET", "localhost", "http://localhost/", tcp, 403},
		{"query", "GET", "localhost", "http://localhost?x", tcp, 403},
		{"fragment", "GET", "localhost", "http://localhost#x", tcp, 403},
		{"suffix", "GET", "localhost", "http://localhost.evil.example", tcp, 403},
		{"prefix", "GET", "localhost", "http://evillocalhost", tcp, 403},
		{"origin with trailing dot", "GET", "localhost", "http://localhost.", tcp, 403},
		{"backslash", "GET", "localhost", "http:\\\\localhost", tcp, 403},
		{"space in origin", "GET", "localhost", "http://localhost evil", tcp, 403},
		{"two in one", "GET", "localhost", "http://localhost, http://evil.example", tcp, 403},
		{"no scheme", "GET", "localhost", "localhost", tcp, 403},
		{"port zero", "GET", "localhost", "http://localhost:0", tcp, 403},
		{"port too long", "GET", "localhost", "http://localhost:8000000", tcp, 403},
		{"listed suffix", "GET", "localhost", "https://xwall.example.com", tcp, 403},
		{"listed subdomain", "GET", "localhost", "https://a.wall.example.com", tcp, 403},

		{"own page changes something", "POST", "localhost", "http://localhost", tcp, 0},
		{"no browser changes something", "POST", "localhost", "-", tcp, 0},
		{"foreign page changes something", "POST", "localhost", "https://evil.example", tcp, 403},
		{"listed page changes something", "POST", "localhost", "https://wall.example.com", tcp, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			if tt.origin != "-" {
				h.Set("Origin", tt.origin)
			}
			err := p.Admit(Request{Method: tt.method, Path: "/", Host: tt.host, Header: h, Remote: tt.remote})
			status := 0
			if err != nil {
				status = err.(*Refusal).Status
			}
			if status != tt.status {
				t.Errorf("Host %q, Origin %q: status %d (%v), want %d", tt.host, tt.origin, status, err, tt.status)
			}
		})
	}
}

func TestAdmitCrossSiteFetchWithoutOrigin(t *testing.T) {
	p, err := New(Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{"Sec-Fetch-Site": {"cross-site"}}
	req := Request{Method: "POST", Path: "/-/reload", Host: "localhost", Header: h}
	if p.Admit(req) == nil {
		t.Error("a cross-site POST was admitted")
	}
	req.Method = "GET"
	if err := p.Admit(req); err != nil {
		t.Errorf("a cross-site link was refused: %v", err)
	}
}

func TestCheckListen(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:6455":      true,
		"127.1.2.3:0":         true,
		"[::1]:6455":          true,
		"localhost:6455":      true,
		"unix:/run/m.sock":    true,
		"unix:":               false,
		":6455":               false,
		"0.0.0.0:6455":        false,
		"[::]:6455":           false,
		"192.0.2.1:6455":      false,
		"example.com:80":      false,
		"127.0.0.1":           false,
		"127.0.0.1:http":      false,
		"127.0.0.1:-1":        false,
		"127.0.0.1:99999":     false,
		"localhost.evil:6455": false,
	} {
		if err := CheckListen(address); (err == nil) != ok {
			t.Errorf("CheckListen(%q) = %v, want ok=%v", address, err, ok)
		}
	}
}

func TestConfigValidateReturnsAllFaults(t *testing.T) {
	c := Config{Hosts: []string{"ok.example", "https://no", "*.example.com"}, AllowedOrigins: []string{"ftp://x", "https://ok.example"}}
	if faults := c.Validate(); len(faults) != 3 {
		t.Errorf("got %d faults, want 3: %v", len(faults), faults)
	}
}
