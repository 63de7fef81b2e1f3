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
	all := hookNames(runner)
	return func(r *alerts.Rule, _ *alerts.Alert) []string {
		names := all()
		if r.Hooks == nil {
			return names
		}
		return slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(r.Hooks, name) })
	}
}
