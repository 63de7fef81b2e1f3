package config

import (
	"strings"

	"monitord/alerts"
	"monitord/cmd/monitord/clean"
)

// A Fault is one thing that is wrong with a configuration: of a file, the
// environment or a flag.
type Fault = alerts.Fault

// Line is a fault as one line, safe for a terminal: names of files and texts
// in them may hold anything.
func Line(f Fault) string {
	return clean.Text(strings.NewReplacer("\n", " ", "\t", " ").Replace(f.Error()))
}

// Error is every fault of a configuration, in the order of the file.
type Error struct{ Faults []Fault }

func (e *Error) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = Line(f)
	}
	return strings.Join(lines, "\n")
}
