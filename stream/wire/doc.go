// Package wire has the public messages of the stream: what a server sends, what
// a client asks for, how both are written as JSON or CBOR and read back. It knows
// no socket and no metric; the server, the Go client and (through the golden files
// in testdata) the page all speak it.
//
// The life of a message from the server:
//
//  1. The feed fills one of the structs ([Hello], [Samples], [Event]…) and calls
//     its AppendJSON. Encoders append to the caller's buffer and use no
//     reflection: a [Samples] with a thousand columns is encoded every second.
//  2. For those that speak [SubprotocolCBOR], [ToCBOR] makes the other encoding of
//     it, once for all of them.
//  3. The engine frames the bytes and sends them, often to thousands at once.
//     For an answer to a poll [AppendAnswer] puts several into one object, and
//     [AppendAnswerCBOR] into one map.
//  4. A client calls [Decode] or [DecodeCBOR] and switches over the type it gets.
//
// The life of a request:
//
//  1. A client fills a [Request] and calls AppendJSON, or writes it into the URL.
//  2. The server calls [ParseClient], [ParseClientCBOR] or, whatever the transport,
//     [ParseURL], which also knows cursor, wait and limit. Every length, name, type and
//     time is checked here; a fault comes back as the very [Error] to answer with.
//
// The structs carry no encoding's tags. What a message consists of is written
// down once (its fields), and holds for both encodings. They differ in this: in
// CBOR every time is an integer, in milliseconds, also those of an alert, which
// are RFC 3339 texts in JSON (the zero time, at which nothing has ended, is
// -62135596800000); values are float64, NaN and the infinities included.
//
// # Golden files
//
// testdata/server_*.json and testdata/client_*.json hold one message each,
// exactly as it stands on the wire, and a line feed; *.cbor beside them the same
// messages in the other encoding. They are read by the tests
// of this package and by the page's, so that neither side drifts.
//
// # Concurrency
//
// The package starts no goroutine and keeps no state. The structs are plain
// values: safe to share as long as nobody changes them.
//
// # Not promised
//
// The order of keys is not part of the protocol, although the encoders keep one.
// [Decode] ignores keys that it does not know, so that a newer server may say
// more; [ParseClient] refuses them, so that a misspelt option is not silently
// without effect.
package wire
