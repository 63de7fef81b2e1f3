// Package defaults holds the rules that are in force unless the configuration
// says otherwise: those that matter on any host, written so that none of them
// fires on one that is idle or merely busy.
//
// There is a file for each subject, in the format of a rule file, and beside it
// its unit tests, as `monitord rules test` takes them:
//
//	monitord rules test alerts/defaults/*_test.toml
//
// Every rule has a severity, a summary, a description that says what to do, and a
// test in which it fires and one in which it does not.
//
// # How they stay quiet
//
//   - They look at what is felt, a process that waits, room that runs out, not at
//     what is merely high.
//   - They ask for it over minutes, and end some time after it has ended.
//   - What may always have been so on a host, a file system that is read-only, is
//     an alert only when it was not so ten minutes ago. ALERTS, which is what the
//     rule gave before, keeps it one for as long as it lasts, restarts included.
//   - An expression whose series do not exist returns nothing.
//
// # What they cost
//
// Each says how often it is evaluated. Long ranges are read seldom, and as
// subqueries, which hold one sample a minute instead of sixty.
package defaults
