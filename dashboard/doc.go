// Package dashboard is the web page, embedded.
//
// Its TypeScript source is in src; `npm run build` (part of `make build`) turns
// it into dist, which is not committed. The life of the page:
//
//  1. The compiler embeds dist as it finds it: the built page, or only a
//     placeholder. Then the page served says how to build the real one.
//  2. [Handler] reads the files into memory once and compresses them once.
//  3. The browser loads the page, draws the chosen span from
//     /api/v1/query_range, and follows the same expressions on /api/v1/stream
//     from the last row that it has, so that history and live meet without hole
//     or overlap.
//  4. Alerts come by the stream, with the ids of the silences that they are under.
//     The silences themselves are asked for at /api/v2/silences when an event says
//     that they have changed, and are made, made longer and ended there.
//
// The package starts no goroutine. Everything it serves is immutable.
//
// # Not promised
//
// Names under /assets/ change with every build; only / is an address to keep.
package dashboard
