package client

import (
	"context"
	"net"
	"net/http"
	"strings"
)

// HTTP returns a client for what the server has beside the stream, and the URL
// that all of it is below. The client follows no redirects: it talks to one
// server, or to none. Whoever is done with it closes its idle connections.
func HTTP(o Options) (*http.Client, string, error) {
	o = o.withDefaults()
	at, err := parseAddress(o.URL)
	if err != nil {
		return nil, "", err
	}
	transport := &http.Transport{TLSClientConfig: o.TLS, TLSHandshakeTimeout: o.Timeout, DisableKeepAlives: true}
	dialer := &net.Dialer{Timeout: o.Timeout}
	transport.DialContext = dialer.DialContext
	if at.socket != "" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", at.socket)
		}
	}
	c := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, "http" + strings.TrimPrefix(strings.TrimSuffix(at.url, streamPath), "ws"), nil
}
