package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"monitord/cmd/monitord/clean"
	"monitord/stream/client"
	"monitord/stream/wire"
)

// Why a watch ended, beside what the client says.
var (
	errWatchTimeout = errors.New("timed out")
	errWatchNothing = errors.New("nothing came")
)

// runWatch follows until it has what was asked for and returns what the program
// ends with.
func runWatch(parent context.Context, o watchOptions, stdout, stderr io.Writer) error {
	c, err := client.New(client.Options{URL: o.url}, o.requests...)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	printer, err := newWatchPrinter(o, stdout, stderr)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	if o.timeout > 0 {
		t := time.AfterFunc(o.timeout, func() { cancel(errWatchTimeout) })
		defer t.Stop()
	}
	w := &watch{watchOptions: o, printer: printer, cancel: cancel}
	if o.once {
		w.awaiting = newWatchOnce(o.printed())
		defer w.stop()
	}
	result := watchResult(parent, c.Run(ctx, w.item))
	if err := printer.close(); err != nil && result == nil {
		result = &exitError{exitFailed, err}
	}
	return result
}

// watchResult turns the end of a client into the end of the program.
func watchResult(parent context.Context, err error) error {
	var connect *client.ConnectError
	var refused *client.RefusedError
	var exit *exitError
	switch {
	case err == nil, errors.Is(err, errWatchNothing):
		return nil
	case errors.As(err, &exit):
		return exit
	case errors.Is(err, errWatchTimeout):
		return &exitError{exitTimedOut, nil}
	case parent.Err() != nil:
		return &exitError{exitInterrupted, nil}
	}
	code := exitFailed
	switch {
	case errors.As(err, &refused) && (refused.Status == 401 || refused.Status == 403):
		code = exitNotAllowed
	case errors.As(err, &connect):
		code = exitNoConnect
	}
	return &exitError{code, errors.New(clean.Text(err.Error()))} // it may quote the server
}

// watch is a run under way. Its item method is called from one goroutine.
type watch struct {
	watchOptions
	printer  watchPrinter
	cancel   context.CancelCauseFunc
	hello    wire.Hello
	messages int         // printed
	awaiting *watchOnce  // nil without --once
	giveUp   *time.Timer // likewise, and until the first message
}

func (w *watch) stop() {
	if w.giveUp != nil {
		w.giveUp.Stop()
	}
}

func (w *watch) request(id string) wire.Request {
	for _, r := range w.requests {
		if r.ID == id {
			return r
		}
	}
	return wire.Request{}
}

// item takes what the client hands over.
func (w *watch) item(i client.Item) error {
	if w.awaiting == nil || i.Message == nil {
		return w.print(i)
	}
	awaited := w.awaiting.awaits(i.ID)
	if awaited || i.ID == "" || i.ID == w.until {
		if err := w.print(i); err != nil {
			return err
		}
	}
	if w.awaiting.take(i.ID, i.Message); w.awaiting.done() {
		return client.ErrStop
	}
	if w.giveUp == nil {
		w.giveUp = time.AfterFunc(w.awaiting.patience(), func() { w.cancel(errWatchNothing) })
	} else if awaited {
		w.giveUp.Reset(w.awaiting.patience())
	}
	return nil
}

func (w *watch) print(i client.Item) error {
	if i.Message != nil {
		if err := w.printer.message(i.Raw); err != nil {
			return err
		}
	}
	switch m := i.Message.(type) {
	case nil:
		w.printer.state(w.hello, "reconnecting")
		w.printer.note(fmt.Sprintf("%v; connecting again in %v", i.Lost, i.Retry.Round(time.Millisecond)))
	case *wire.Hello:
		w.hello = *m
		w.printer.state(*m, "live")
	case *wire.Samples:
		return w.samples(i.ID, m, i.Columns)
	case *wire.Event:
		if err := w.printer.alert(m, i.Raw); err != nil {
			return err
		}
		return w.count()
	case *wire.Heartbeat:
		w.printer.beat(m.T)
	case *wire.Gap:
		w.printer.note(w.describe(i.ID, m))
	case *wire.Error:
		return w.fault(i.ID, m)
	}
	return nil
}

func (w *watch) samples(id string, m *wire.Samples, columns []wire.Labels) error {
	r := w.request(id)
	ends := id == w.until && hasValue(m)
	if id != w.hidden || (ends && w.quiet) {
		if err := w.printer.values(r, m, columns); err != nil {
			return err
		}
	}
	if ends {
		return client.ErrStop
	}
	if id == w.hidden {
		return nil
	}
	return w.count()
}

func hasValue(m *wire.Samples) bool {
	for _, v := range m.V {
		if !wire.IsNone(v) {
			return true
		}
	}
	return false
}

// count ends the run after as many messages as were asked for.
func (w *watch) count() error {
	if w.messages++; w.watchOptions.count > 0 && w.messages >= w.watchOptions.count {
		return client.ErrStop
	}
	return nil
}

func (w *watch) fault(id string, m *wire.Error) error {
	expr := w.request(id).Expr
	if m.Sub != 0 {
		w.printer.note(fmt.Sprintf("%s at %s: %s: %s", expr, clock(m.T), m.Code, m.Message))
		return nil
	}
	code := exitFailed
	switch m.Code {
	case wire.BadQuery, wire.BadSelector, wire.BadTime, wire.BadMessage, wire.Duplicate:
		code = exitUsage
	case wire.Forbidden:
		code = exitNotAllowed
	}
	return &exitError{code, errors.New(clean.Text(fmt.Sprintf("%s: %s: %s", expr, m.Code, m.Message)))}
}

// reasons of a gap, in words.
var watchReasons = map[wire.Reason]string{
	wire.Slow:    "this reader was too slow",
	wire.Down:    "the daemon did not run, or the host slept",
	wire.Long:    "more than the daemon replays",
	wire.Expired: "no longer kept",
	wire.Lost:    "the daemon has another journal",
	wire.Clock:   "the host's clock was set",
}

// describe says what is missing.
func (w *watch) describe(id string, g *wire.Gap) string {
	why, known := watchReasons[g.Reason]
	if !known {
		why = string(g.Reason)
	}
	if g.Next != 0 {
		return fmt.Sprintf("gap: alerts between number %d and %d: %s", g.After, g.Next, why)
	}
	return fmt.Sprintf("gap: %s: %d values from %s to %s: %s", w.request(id).Expr, g.Missed, clock(g.From), clock(g.To), why)
}

// clock writes a time of the wire for people.
func clock(ms int64) string { return time.UnixMilli(ms).Format("2006-01-02 15:04:05.000") }
