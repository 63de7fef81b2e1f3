// Package send makes one attempt to deliver a message: it starts a program
// ([Exec]), posts to a webhook ([Webhook]) or to Alertmanagers ([Alertmanager]), or
// tells a chat, push or mail service ([Shoutrrr]). When to attempt what, and
// again, is others' to decide.
//
// The life of an attempt:
//
//  1. Send is called with a message and a context that has a deadline.
//  2. The message goes out: on a program's standard input and in its environment,
//     as the body of a request, or in words that a service's readers understand.
//  3. What came back is judged: done, to be tried again (and when, if the receiver
//     said so), or of no use ever. [Outcome] says so, with an error in one line
//     that is fit for a terminal, and that holds no secret of the configuration
//     though a stranger's answer quotes it.
//  4. Send returns soon after the context's end at the latest, and has ended what
//     it started: a program with its process group, a request, a helper.
//
// What is read of an answer, and kept of a program's output, is bounded, and so is
// what of it gets into an error or is shown to people. A redirect is not followed,
// by whatever service: it would hand the message, and maybe a token, to another
// party.
//
// # A service's process
//
// Each delivery to a service is made by a process of its own ([ServeHelper]): the
// library's services cannot be stopped, and one that panics or waits for minutes
// must not take the daemon along. It costs some 20 ms and 20 MB for as long as
// the delivery takes.
//
// # Goroutines
//
//	goroutine      started by    ends when                        waited for by
//	exit of a      Send          the program has ended            Send
//	  program
//	its pipes      os/exec       the program's group is gone      Send
//	a member       Send, Resend  answered, or the attempt's end   Send, Resend (Alertmanager clusters)
//	net/http's     Send          answered, or idle for 30 s       nobody: Close closes idle connections
//	bound          ServeHelper   with the helper's process        nobody
//
// # Not promised
//
// A program that leaves its process group (setsid) is not found when the group
// is killed.
package send
