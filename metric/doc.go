// Package metric has the nouns that every other package speaks: a series, a
// sample of it, and the batch of samples that one tick produced.
//
// The life of a series:
//
//  1. A collector describes a metric once, with [NewDesc].
//  2. When it reads a value it asks the [Registry] for the series of that Desc
//     and those label values. The registry interns: while a series lives, the
//     same labels give the same pointer, so everything downstream may keep what
//     it knows about a series (a storage reference, a column number) in a map
//     keyed by the pointer, and compares no label sets on the path of a tick.
//  3. When its collector no longer finds it, the sampler lists it in
//     [Batch.Ended] and retires it. Should the same labels come back, they get
//     a new pointer: to those who watch, it is a new column.
//
// # Concurrency
//
// A Registry may be used by several goroutines. Series, Desc and a published
// Batch are immutable. The package starts no goroutine.
//
// # Not promised
//
// Two live pointers never carry the same labels, but a retired one and a live
// one may: compare labels, not pointers, across ticks in which a series ended.
package metric
