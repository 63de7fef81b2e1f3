package api

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"monitord/alerts"
	"monitord/alerts/silence"
)

// AlertmanagerOptions are what Alertmanager's API shows. All are needed.
type AlertmanagerOptions struct {
	Rules    func() []alerts.RuleStatus // with their alerts
	Silences *silence.Silences
	Hooks    func() []string                            // names of all
	Told     func(*alerts.Rule, *alerts.Alert) []string // of these, those that are told of an alert
	Version  string
	Started  time.Time
	Log      *slog.Logger
}

// alertmanager answers the requests of Alertmanager's API.
type alertmanager struct {
	AlertmanagerOptions
	now func() time.Time
}

// Alertmanager returns the handler of everything below /api/v2/: Alertmanager's
// API (api/v2/openapi.yaml of its repository) for reading alerts and for
// silences. Alerts are not taken: rules make them. It is safe for concurrent use.
func Alertmanager(o AlertmanagerOptions) http.Handler {
	am := &alertmanager{o, time.Now}
	mux := http.NewServeMux()
	handle := func(path string, methods map[string]http.HandlerFunc) {
		h := am.byMethod(methods)
		mux.HandleFunc("/api/v2/"+path, h)
		mux.HandleFunc("/api/v2/"+path+"/{$}", h)
	}
	handle("status", map[string]http.HandlerFunc{http.MethodGet: am.status})
	handle("receivers", map[string]http.HandlerFunc{http.MethodGet: am.receivers})
	handle("alerts", map[string]http.HandlerFunc{http.MethodGet: am.alerts, http.MethodPost: am.postAlerts})
	handle("alerts/groups", map[string]http.HandlerFunc{http.MethodGet: am.groups})
	handle("silences", map[string]http.HandlerFunc{http.MethodGet: am.silences, http.MethodPost: am.postSilence})
	handle("silence/{id}", map[string]http.HandlerFunc{http.MethodGet: am.silence, http.MethodDelete: am.deleteSilence})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		am.invalid(w, http.StatusNotFound, http.StatusNotFound, "path "+r.URL.Path+" was not found")
	})
	return mux
}

func (am *alertmanager) byMethod(methods map[string]http.HandlerFunc) http.HandlerFunc {
	var names []string
	for _, m := range []string{http.MethodDelete, http.MethodGet, http.MethodPost} {
		if methods[m] != nil {
			names = append(names, m)
		}
	}
	return func(w http.ResponseWriter, r *http.Request) {
		h := methods[r.Method]
		if r.Method == http.MethodHead {
			h = methods[http.MethodGet]
		}
		if h != nil {
			h(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(names, ", "))
		am.invalid(w, http.StatusMethodNotAllowed, http.StatusMethodNotAllowed,
			fmt.Sprintf("method %s is not allowed, but [%s] are", r.Method, strings.Join(names, ",")))
	}
}

// answer writes one object, or the text of an error.
func (am *alertmanager) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	am.encode(w, body)
}

// list writes an array, one element after the other: however many there are, the
// answer takes the room of one.
func list[T any](am *alertmanager, w http.ResponseWriter, elements iter.Seq[T]) {
	w.Header().Set("Content-Type", "application/json")
	sep := "["
	for e := range elements {
		if _, err := io.WriteString(w, sep); err != nil || !am.encode(w, e) {
			return
		}
		sep = ","
	}
	if sep == "[" {
		sep = "[]"
	} else {
		sep = "]"
	}
	_, _ = io.WriteString(w, sep+"\n") // who has gone gets nothing
}

// encode reports whether the peer still takes it.
func (am *alertmanager) encode(w io.Writer, body any) bool {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		am.Log.Debug("answer was not taken", "err", err)
		return false
	}
	return true
}

// invalid refuses a request that is not of the API's form, as Alertmanager's
// framework does: code is its own.
func (am *alertmanager) invalid(w http.ResponseWriter, status, code int, message string) {
	am.answer(w, status, struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{code, message})
}

// dateTime is a time as Alertmanager writes it.
type dateTime time.Time

func (t dateTime) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

// named is a receiver.
type named struct {
	Name string `json:"name"`
}

func namedAll(names []string) []named {
	all := make([]named, len(names))
	for i, n := range names {
		all[i] = named{n}
	}
	return all
}

func (am *alertmanager) receivers(w http.ResponseWriter, _ *http.Request) {
	list(am, w, slices.Values(namedAll(am.Hooks())))
}
