package access

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Config says by which names the daemon may be called, and from which pages.
type Config struct {
	// Hosts are names or addresses that the Host header may carry besides
	// loopback and the addresses listened on. Without ports.
	Hosts []string `toml:"hosts"`
	// AllowedOrigins are origins (scheme://host[:port]) of pages on other
	// sites that may use the API and the stream.
	AllowedOrigins []string `toml:"allowed_origins"`
}

// Validate returns every fault, each as "key: what is wrong, what to do".
func (c Config) Validate() []error {
	var faults []error
	for i, h := range c.Hosts {
		if _, ok := hostName(h); !ok || strings.Contains(h, "*") {
			faults = append(faults, fmt.Errorf("hosts[%d]: %q is not a host name or address, write it without scheme, port and wildcard", i, h))
		}
	}
	for i, o := range c.AllowedOrigins {
		if _, ok := parseOrigin(o); !ok {
			faults = append(faults, fmt.Errorf("allowed_origins[%d]: %q is not an origin, write it as https://host or https://host:port", i, o))
		}
	}
	return faults
}

// A Request is what a decision depends on.
type Request struct {
	Method string
	Path   string
	Host   string // the Host header
	Header http.Header
	Remote net.Addr // the peer; a *net.UnixAddr for a Unix socket
	Secure bool     // it came over TLS, here: a proxy's is not known
}

// A Refusal says why a request was not admitted.
type Refusal struct {
	Status int    // HTTP status
	Reason string // for people: what is wrong and what to do
	Why    string // for counting: host, origin or cross_site
}

func (r *Refusal) Error() string { return r.Reason }

// A Policy decides. It must be made by [New].
type Policy struct {
	hosts   map[string]bool
	origins map[string]bool
	cross   *http.CrossOriginProtection
}

// New returns the policy for a daemon that listens on the given addresses
// (host:port, or unix:path).
func New(c Config, listen []string) (*Policy, error) {
	if faults := c.Validate(); len(faults) > 0 {
		return nil, faults[0]
	}
	p := &Policy{
		hosts:   map[string]bool{"localhost": true},
		origins: map[string]bool{},
		cross:   http.NewCrossOriginProtection(),
	}
	for _, l := range listen {
		if host, _, err := net.SplitHostPort(l); err == nil {
			if name, ok := hostName(host); ok {
				p.hosts[name] = true
			}
		}
	}
	for _, h := range c.Hosts {
		name, _ := hostName(h)
		p.hosts[name] = true
	}
	for _, o := range c.AllowedOrigins {
		parsed, _ := parseOrigin(o)
		p.origins[parsed.String()] = true
		if err := p.cross.AddTrustedOrigin(parsed.String()); err != nil {
			return nil, fmt.Errorf("trust origin %q: %w", o, err)
		}
	}
	return p, nil
}

// Admit returns nil if the request may go on, else a [*Refusal].
func (p *Policy) Admit(r Request) error {
	if _, unix := r.Remote.(*net.UnixAddr); !unix {
		if err := p.admitHost(r.Host); err != nil {
			return err
		}
	}
	if err := p.admitOrigin(r); err != nil {
		return err
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil // which Check allows as well, and it wants a whole request
	}
	if err := p.cross.Check(&http.Request{Method: r.Method, Host: r.Host, Header: r.Header, URL: &url.URL{Path: r.Path}}); err != nil {
		return &Refusal{http.StatusForbidden, "a request that changes something came from another site; add the site to server.allowed_origins if it may", "cross_site"}
	}
	return nil
}

func (p *Policy) admitHost(host string) error {
	name, ok := splitHost(host)
	if !ok {
		return &Refusal{http.StatusBadRequest, "the Host header is missing or malformed", "host"}
	}
	if p.hosts[name] {
		return nil
	}
	if addr, err := netip.ParseAddr(name); err == nil && addr.Unmap().IsLoopback() {
		return nil
	}
	return &Refusal{http.StatusForbidden, fmt.Sprintf("this daemon is not called %q; add the name to server.hosts if it should be", name), "host"}
}

func (p *Policy) admitOrigin(r Request) error {
	values := r.Header["Origin"]
	if len(values) == 0 {
		return nil
	}
	refused := &Refusal{http.StatusForbidden, fmt.Sprintf("the page at %q may not use this daemon; add its origin to server.allowed_origins if it may", strings.Join(values, ", ")), "origin"}
	if len(values) > 1 {
		return refused
	}
	o, ok := parseOrigin(values[0])
	if !ok {
		return refused
	}
	// Nobody but who sits on the wire serves a page in the clear where TLS is spoken.
	own := o.matchesHost(r.Host) && (!r.Secure || o.scheme == "https")
	if p.origins[o.String()] || own {
		return nil
	}
	return refused
}
