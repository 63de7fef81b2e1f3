package api

import (
	"errors"
	"log/slog"
	"net/http"

	"monitord/history"
)

// A failure is how Prometheus' API names a kind of error, and its status.
type failure struct {
	errorType string
	status    int
}

// The failures of Prometheus' API that occur here.
var (
	badData   = failure{"bad_data", http.StatusBadRequest}
	execution = failure{"execution", http.StatusUnprocessableEntity}
	timeout   = failure{"timeout", http.StatusServiceUnavailable}
	canceled  = failure{"canceled", 499}
	internal  = failure{"internal", http.StatusInternalServerError}
)

// Others, in the same form.
var (
	notFound    = failure{"not_found", http.StatusNotFound}
	unavailable = failure{"unavailable", http.StatusServiceUnavailable}
)

// queryFailure returns the failure that an error of a query is, and the error as
// Prometheus words it.
func queryFailure(err error) (failure, error) {
	var qe *history.QueryError
	if !errors.As(err, &qe) {
		return internal, err
	}
	switch qe.Kind {
	case history.BadQuery:
		return badData, invalid("query", err)
	case history.Timeout:
		return timeout, err
	case history.Canceled:
		return canceled, err
	case history.Storage:
		return internal, err
	default:
		return execution, err
	}
}

func writeError(w http.ResponseWriter, log *slog.Logger, f failure, err error) {
	b := append([]byte(`{"status":"error","errorType":"`), f.errorType...)
	b = append(b, `","error":`...)
	b = appendString(b, err.Error())
	b = append(b, '}')
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	if _, err := w.Write(b); err != nil {
		log.Debug("query error was not taken", "err", err)
	}
}
