// Package access decides who may do what. There is one [Policy] for the whole
// daemon, and every way in asks it before anything else happens: the HTTP
// routes through [Policy.Middleware], the stream's own handshake through
// [Policy.Admit].
//
// The life of a request:
//
//  1. Its Host must name this daemon: a loopback name or address, an address
//     that it listens on, or a name in server.hosts. This is what stops a page
//     of another site whose name was rebound to 127.0.0.1. A request over a
//     Unix socket comes from no browser and may carry any Host.
//  2. Its Origin, when there is one, must be the page's own (its host and port
//     are those of Host) or be listed in server.allowed_origins. This covers
//     WebSocket handshakes, which browsers let any page make. Its scheme is not
//     compared unless the request came over TLS: a proxy may have taken that off.
//  3. A request that may change something must not come from another site
//     ([net/http.CrossOriginProtection], which also reads Sec-Fetch-Site).
//
// A refusal is a [*Refusal]: a status and a sentence that says what to do.
//
// A Policy is immutable and safe for concurrent use. The package starts no
// goroutine.
//
// # Not promised
//
// There is no authentication: until there is, [CheckListen] refuses to listen
// where other machines could reach the daemon.
package access
