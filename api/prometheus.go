package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"monitord/history"
)

const (
	maxPoints    = 11_000  // of one series in a range, as in Prometheus
	maxQueryForm = 1 << 20 // bytes of a POSTed query
)

// Query returns the handler of Prometheus' /api/v1/query: an expression at one
// time. It is safe for concurrent use.
func Query(db *history.DB, log *slog.Logger) http.Handler {
	return queryHandler(db, log, instantRequest)
}

// QueryRange returns the handler of Prometheus' /api/v1/query_range: an
// expression at every step of a time range. It is safe for concurrent use.
func QueryRange(db *history.DB, log *slog.Logger) http.Handler {
	return queryHandler(db, log, rangeRequest)
}

func queryHandler(db *history.DB, log *slog.Logger, read func(*http.Request, time.Time) (history.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxQueryForm)
		if err := r.ParseForm(); err != nil {
			writeError(w, log, badData, fmt.Errorf("error parsing form values: %w", err))
			return
		}
		req, err := read(r, time.Now())
		if err != nil {
			writeError(w, log, badData, err)
			return
		}
		limit, err := parseLimit(r.FormValue("limit"))
		if err != nil {
			writeError(w, log, badData, invalid("limit", err))
			return
		}
		ctx, cancel, err := withTimeout(r)
		if err != nil {
			writeError(w, log, badData, err)
			return
		}
		defer cancel()
		res, err := db.Query(ctx, req)
		if err != nil {
			kind, err := queryFailure(err)
			writeError(w, log, kind, err)
			return
		}
		defer res.Close()
		writeResult(w, log, res, limit)
	})
}

func instantRequest(r *http.Request, now time.Time) (history.Request, error) {
	req := history.Request{Expr: r.FormValue("query"), Start: now}
	if s := r.FormValue("time"); s != "" {
		t, err := parseTime(s)
		if err != nil {
			return req, invalid("time", fmt.Errorf("invalid time value for 'time': %w", err))
		}
		req.Start = t
	}
	var err error
	req.Lookback, err = parseLookback(r)
	return req, err
}

func rangeRequest(r *http.Request, _ time.Time) (history.Request, error) {
	req := history.Request{Expr: r.FormValue("query")}
	var err error
	if req.Start, err = parseTime(r.FormValue("start")); err != nil {
		return req, invalid("start", err)
	}
	if req.End, err = parseTime(r.FormValue("end")); err != nil {
		return req, invalid("end", err)
	}
	if req.End.Before(req.Start) {
		return req, invalid("end", errors.New("end timestamp must not be before start time"))
	}
	if req.Step, err = parseDuration(r.FormValue("step")); err != nil {
		return req, invalid("step", err)
	}
	if req.Step < time.Millisecond {
		return req, invalid("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	if width := float64(req.End.UnixMilli()) - float64(req.Start.UnixMilli()); width/float64(req.Step.Milliseconds()) > maxPoints {
		return req, errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
	}
	req.Lookback, err = parseLookback(r)
	return req, err
}

func parseLookback(r *http.Request) (time.Duration, error) {
	s := r.FormValue("lookback_delta")
	if s == "" {
		return 0, nil
	}
	d, err := parseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("error parsing lookback delta duration: %w", err)
	}
	return max(d, 0), nil
}

func withTimeout(r *http.Request) (context.Context, context.CancelFunc, error) {
	s := r.FormValue("timeout")
	if s == "" {
		return r.Context(), func() {}, nil
	}
	d, err := parseDuration(s)
	if err != nil {
		return nil, nil, invalid("timeout", err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return ctx, cancel, nil
}

func invalid(parameter string, err error) error {
	return fmt.Errorf("invalid parameter %q: %w", parameter, err)
}
