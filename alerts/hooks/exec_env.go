package hooks

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// envBytes bounds one variable: the kernel refuses to start a program with one
// above 128 KiB. Standard input has all of it.
const envBytes = 8 << 10

// inherited says whether a program gets one of the daemon's own variables. It
// does not get what configures the daemon, which may be secret, nor what
// systemd gave to the daemon alone.
func inherited(name string) bool {
	switch name {
	case "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "CREDENTIALS_DIRECTORY":
		return false
	}
	return !strings.HasPrefix(name, "MONITORD_")
}

// environment is what a program finds in its environment.
func environment(m *message, instance string) []string {
	var env []string
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); inherited(name) {
			env = append(env, v)
		}
	}
	a := &m.event.Alert
	if own := a.Labels.Get("instance"); own != "" {
		instance = own
	}
	for _, v := range [][2]string{
		{"NAME", a.Labels.Get("alertname")},
		{"STATUS", status(&m.event)},
		{"SEVERITY", a.Labels.Get("severity")},
		{"VALUE", formatValue(a.Value)},
		{"INSTANCE", instance},
		{"STARTS_AT", a.StartsAt.UTC().Format(time.RFC3339Nano)},
		{"FINGERPRINT", a.Fingerprint},
		{"SEQ", strconv.FormatUint(m.event.Seq, 10)},
		{"SUMMARY", a.Annotations["summary"]},
		{"COUNT", "1"},
	} {
		env = append(env, "MONITORD_ALERT_"+v[0]+"="+envValue(v[1]))
	}
	return env
}

// envValue drops what an environment cannot hold.
func envValue(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	if len(s) > envBytes {
		s = strings.ToValidUTF8(s[:envBytes], "")
	}
	return s
}
