package main

import (
	"fmt"
	"strings"
)

// listened and hooked are how many rules have an alert that comes and goes: it
// fires in each even second and resolves in each odd one. Hooks are told of the
// hooked ones alone.
const (
	listened = 6
	hooked   = 2
)

// hundredRules are what a host with all that is to be had would have, and those
// whose alerts are measured among them.
func hundredRules() string {
	var b strings.Builder
	rule := func(key, name, expr, more string) {
		fmt.Fprintf(&b, "[[alerts.rules]]\n%s = %q\nexpr = '%s'\n%s\n", key, name, expr, more)
	}
	const quiet = `severity = "warning"` + "\n" + `for = "2m"`
	n := 0
	alert := func(format string, args ...any) {
		n++
		rule("name", fmt.Sprintf("Rule%d", n), fmt.Sprintf(format, args...), quiet)
	}
	for i, record := range []string{"instance:cpu_busy:rate1m", "instance:disk_busy:rate1m", "instance:net_in:rate1m", "instance:net_out:rate1m"} {
		expr := []string{
			`1 - avg without (cpu, mode) (rate(node_cpu_seconds_total{mode="idle"}[1m]))`, `rate(node_disk_io_time_seconds_total[1m])`,
			`rate(node_network_receive_bytes_total[1m])`, `rate(node_network_transmit_bytes_total[1m])`,
		}[i]
		rule("record", record, expr, "")
		alert("%s > 1e12", record)
	}
	for i := range 10 {
		alert(`up == -%d`, i+1)
		alert(`node_load%d > 1e%d`, []int{1, 5, 15}[i%3], i+6)
		alert(`node_memory_MemAvailable_bytes < %d`, i)
		alert(`node_filesystem_avail_bytes{fstype!="tmpfs"} / node_filesystem_size_bytes{fstype!="tmpfs"} < 0.000%d`, i)
		alert(`monitord_history_writable == -%d`, i+1)
		alert(`rate(node_disk_io_time_seconds_total[%dm]) > 90`, i+1)
		alert(`rate(node_network_receive_errs_total[%dm]) + rate(node_network_transmit_errs_total[%dm]) > 1e6`, i+1, i+1)
		alert(`100 * (1 - avg without (cpu, mode) (rate(node_cpu_seconds_total{mode="idle"}[%dm]))) > 101`, i+1)
	}
	for i := range 6 {
		alert(`predict_linear(node_filesystem_avail_bytes{fstype!="tmpfs"}[1h], %d*3600) < -1e18`, i+1)
	}
	for i := range listened {
		hooks := `hooks = []`
		if i < hooked {
			hooks = `hooks = ["stamp"]`
		}
		n++
		rule("name", fmt.Sprintf("EvenSecond%d", i), fmt.Sprintf(`node_load1 * 0 + time() %% 2 + %d < %d`, i, i+1), `severity = "info"`+"\n"+hooks)
	}
	return b.String()
}
