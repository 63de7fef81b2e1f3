// Package promrules reads rule files as Prometheus writes them: text in, groups or
// faults out.
//
//  1. [Parse] gives the text to Prometheus' own reader. What that accepts is
//     accepted, and becomes [alerts.GroupConfig]s.
//  2. What it does not accept is looked at again, value by value (tree.go), because
//     that reader ends at the first duration that is none and names no key. What has
//     a fault is taken out and the rest is held against Prometheus' rules for
//     rules (fault.go), so that every fault is reported at once.
//  3. Each fault has its line (lines.go), the path of its key, what is wrong and what
//     to do. A text that is not YAML has one.
//
// The files are somebody else's: depth, number and length of what is looked at are
// bounded, and no text makes it panic. It starts no goroutine.
package promrules
