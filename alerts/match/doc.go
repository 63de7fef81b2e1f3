// Package match says which alerts are meant: [Parse] reads matchers as people,
// Alertmanager's clients and configurations write them, and [Matchers] hold labels
// against them. Hooks choose their alerts with it, and so do silences, followers
// of the stream and whoever lists alerts.
//
// What is accepted is bounded in length and number; two ways to write the same
// matchers give equal texts (see [Matchers.String]), so that those can be compared
// and shared. It starts no goroutine.
package match
