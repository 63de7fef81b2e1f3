// Command monitord samples this host every second, keeps the history, evaluates
// alert rules and pushes samples and alerts to whoever watches.
//
// The life of the daemon (runDaemon, one straight line in daemon.go):
//
//  1. The configuration is read: defaults, file, environment, flags. Any fault
//     ends it with exit code 78 and the list of all of them.
//  2. History and journal are opened; either is refused to a second daemon, and a
//     disk that takes nothing is no reason not to start.
//  3. The listeners are opened, then everything is made in the order of a
//     sample's life and connected.
//  4. The parts run. After the first tick that is stored the daemon is ready and
//     says so to the service manager.
//  5. SIGHUP or POST /-/reload reads the configuration again: everything that
//     can fail first, then the swap.
//  6. SIGTERM, an interrupt or a part that ends by itself stops the parts: what
//     makes ticks first, then what serves and delivers, then what records. A
//     subscriber is told within two seconds, all is over within five.
//
// A tick (tickDriver) is committed to the history, judged by the rules, handed to
// the journal and published, in this order, by the sampler's goroutine.
//
// # Goroutines
//
//	goroutine   started by   stopped by        does
//	collectors  runDaemon    its context       takes ticks and carries them through
//	history     runDaemon    its context       retention, compaction, reopening
//	journal     runDaemon    its context       writes alert events, announces them
//	feed        runDaemon    its context       tells subscribers what the journal took
//	stream      runDaemon    its context       poll loops and workers
//	hooks       runDaemon    its context       delivers
//	tls         runDaemon    its context       follows the files of the certificate
//	http        runDaemon    its context       serves the listeners
//	garbage     runDaemon    its context       collects garbage between ticks
//	watchdog    runDaemon    its context       feeds the service manager's watchdog
//	reload      runDaemon    its context       waits for SIGHUP
//
// Each is a component: runDaemon waits for all of them.
//
// The other files are one subcommand each (check, watch, silence add, hook list,
// version; those that ask a running daemon share remote.go, those that print an
// answer print.go). The configuration is package config.
package main
