// Package bench is where monitord is measured from outside, by programs of its
// own that share nothing with the daemon but the kernel and the protocol.
//
//   - herd opens thousands of subscribers from many loopback addresses and
//     counts what arrives and what it cost the server, and comes back as
//     well-behaved clients do when the server restarts;
//   - floor is the least that a broadcast server can do: one thread, one send
//     per connection of a frame that was made once;
//   - peers are small servers made with other people's libraries, which take the
//     floor's flags;
//   - run starts the servers and the herd, each on a processor of its own, and
//     prints the figures beside their targets;
//   - linux is what they ask of the kernel directly.
//
// Everything here needs Linux.
//
// # How far to trust it
//
// One server against itself differs by a third from round to round: only ratios
// to the floor of the same run mean something, and only as medians over several
// pairs. A receiver that sleeps has its wake-up paid by the sender, so the herd
// polls while it counts. No figure decides whether a run succeeded.
package bench
