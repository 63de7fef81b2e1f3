package main

import (
	"slices"

	"monitord/alerts"
	"monitord/alerts/hooks"
)

// hookNames returns the names of the hooks in force.
func hookNames(runner *hooks.Runner) func() []string {
	return func() []string {
		var names []string
		for _, h := range runner.Stats() {
			names = append(names, h.Name)
		}
		slices.Sort(names)
		return names
	}
}

// toldOf returns the hooks that are told of an alert.
func toldOf(runner *hooks.Runner) func(*alerts.Rule, *alerts.Alert) []string {
	return func(r *alerts.Rule, a *alerts.Alert) []string { return runner.Receivers(r.Hooks, a.Labels) }
}
