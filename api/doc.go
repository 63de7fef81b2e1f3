// Package api answers HTTP requests in the forms that others have made common:
// Prometheus' query API and text exposition, and Alertmanager's API.
//
// The life of a query:
//
//  1. [Query] or [QueryRange] reads the parameters, from the URL or a POSTed
//     form, with Prometheus' own rules for times, durations and bounds.
//  2. The history evaluates the expression; only a few requests are worked on at
//     once, and each for a limited time.
//  3. The result is encoded while it is written, in Prometheus' JSON; an error
//     has Prometheus' type, text and status.
//
// [Rules] and [Alerts] show the rules and what is pending or firing, as Prometheus
// does.
//
// [Metrics] renders the newest batch for whoever scrapes this host.
//
// [Alertmanager] shows the alerts that fire and the hooks as receivers, and lists,
// makes and ends silences: shapes and statuses are those of Alertmanager's
// openapi.yaml, so that amtool and Grafana work against it. A silence is answered
// when it is on disk.
//
// [Hooks] shows what the hooks of alerts have delivered, what waits and what was
// given up, tries it again, and tries a hook out.
//
// # Goroutines
//
// None but those that net/http runs the handlers in. Handlers are safe for
// concurrent use and hold nothing between requests.
//
// # Not promised
//
// Who may ask is not decided here but by what wraps the handlers. Alertmanager's
// groups are by the alerts' name here, whatever the hooks group by. Native
// histograms are left out of results: nothing here stores any.
package api
