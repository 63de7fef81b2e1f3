// Package message makes what hooks say of the events that they deliver: one
// immutable [Message] a delivery, in the words of Alertmanager's webhook JSON,
// version 4, with what is ours under one key.
//
// The life of a message:
//
//  1. Whoever delivers has an [Origin] (which daemon speaks) and a [Draft] (which
//     hook, which events, by what they are grouped, the how manieth repeat).
//  2. [Origin.Compose] makes the message. Its key depends on the draft alone, and
//     its body on both: the same events give the same bytes under the same key,
//     however often an attempt is made, before and after a restart.
//  3. A sender posts the body as it is, or says what is in the payload in other
//     words. Nobody changes either.
//
// It starts no goroutine, reads no clock and opens nothing. It does not bound what
// it is given: whoever makes a draft has bounded its events.
package message
