package send

import (
	"os"
	"strconv"
	"strings"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
)

// envBytes bounds one variable: the kernel refuses to start a program with one
// above 128 KiB. Standard input has all of it.
const envBytes = 8 << 10

// alertPrefix begins the name of each variable that tells of the alert.
const alertPrefix = "MONITORD_ALERT_"

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

func inheritedEnviron() []string {
	var env []string
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); inherited(name) {
			env = append(env, v)
		}
	}
	return env
}

// environment is what a program finds in its environment. What the events of a
// group do not have alike is empty.
func environment(m *message.Message, instance string) []string {
	env := inheritedEnviron()
	if own := m.Payload.CommonLabels["instance"]; own != "" {
		instance = own
	}
	alike := func(of func(*alerts.Event) string) string {
		value := of(m.Newest())
		for i := range m.Events {
			if of(&m.Events[i]) != value {
				return ""
			}
		}
		return value
	}
	for _, v := range [][2]string{
		{"NAME", m.Payload.CommonLabels["alertname"]},
		{"STATUS", m.Payload.Status},
		{"SEVERITY", m.Payload.CommonLabels["severity"]},
		{"VALUE", alike(func(e *alerts.Event) string { return message.FormatValue(e.Alert.Value) })},
		{"INSTANCE", instance},
		{"STARTS_AT", alike(func(e *alerts.Event) string { return e.Alert.StartsAt.UTC().Format(time.RFC3339Nano) })},
		{"FINGERPRINT", alike(func(e *alerts.Event) string { return e.Alert.Fingerprint })},
		{"SEQ", strconv.FormatUint(m.Newest().Seq, 10)},
		{"SUMMARY", m.Payload.CommonAnnotations["summary"]},
		{"COUNT", strconv.Itoa(len(m.Events))},
	} {
		env = append(env, alertPrefix+v[0]+"="+envValue(v[1]))
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
