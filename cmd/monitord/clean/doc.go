// Package clean makes what others wrote fit to be shown: names of files, labels,
// answers of servers and messages of libraries may hold bytes that a terminal obeys.
//
// Whoever prints cleans, once, where it prints. What is meant for programs is not
// cleaned but quoted (JSON keeps its meaning). Files, the network and the log have
// their own escapes and are none of its business.
package clean
