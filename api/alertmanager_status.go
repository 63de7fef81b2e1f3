package api

import (
	"encoding/json"
	"net/http"
	"runtime"
	"slices"
	"strings"
)

type amStatus struct {
	Cluster struct {
		Status string   `json:"status"`
		Peers  []string `json:"peers"`
	} `json:"cluster"`
	Config struct {
		Original string `json:"original"`
	} `json:"config"`
	Uptime      dateTime `json:"uptime"` // since when it is up
	VersionInfo struct {
		Version   string `json:"version"`
		Revision  string `json:"revision"`
		Branch    string `json:"branch"`
		BuildUser string `json:"buildUser"`
		BuildDate string `json:"buildDate"`
		GoVersion string `json:"goVersion"`
	} `json:"versionInfo"`
}

func (am *alertmanager) status(w http.ResponseWriter, _ *http.Request) {
	var s amStatus
	s.Cluster.Status, s.Cluster.Peers = "disabled", []string{}
	s.Config.Original = amConfig(am.Hooks())
	s.Uptime = dateTime(am.Started)
	s.VersionInfo.Version, s.VersionInfo.GoVersion = am.Version, runtime.Version()
	am.answer(w, http.StatusOK, &s)
}

// noReceiver is the receiver of what no hook is told of.
const noReceiver = "monitord"

// amConfig is a configuration of Alertmanager's that has the hooks as receivers:
// Grafana reads it, and takes no other. JSON's strings are YAML's.
func amConfig(hooks []string) string {
	var b strings.Builder
	b.WriteString("route:\n  receiver: " + noReceiver + "\n  group_by:\n  - alertname\nreceivers:\n- name: " + noReceiver + "\n")
	for _, name := range slices.Sorted(slices.Values(hooks)) {
		if name != noReceiver {
			quoted, _ := json.Marshal(name) // a string always can be
			b.WriteString("- name: " + string(quoted) + "\n")
		}
	}
	b.WriteString("templates: []\n")
	return b.String()
}
