package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"monitord/cmd/monitord/clean"
	"monitord/stream/wire"
)

// watchPrinter writes what is followed. Its methods are called from one goroutine.
type watchPrinter interface {
	values(r wire.Request, m *wire.Samples, columns []wire.Labels) error
	alert(m *wire.Event, raw []byte) error
	message(raw []byte) error             // every message, as it came
	state(hello wire.Hello, words string) // of the connection
	beat(t int64)                         // the daemon's time, when it has nothing else to say
	note(s string)                        // what belongs on standard error
	close() error
}

func newWatchPrinter(o watchOptions, stdout, stderr io.Writer) (watchPrinter, error) {
	terminal := terminalOf(stdout)
	format := o.format
	if format == "" {
		format = "json"
		if terminal != nil {
			format = "table"
		}
	}
	out := watchOutput{out: bufio.NewWriter(stdout), stderr: stderr}
	switch format {
	case "table":
		return newWatchTable(o, stdout, stderr, terminal), nil
	case "raw":
		return &watchRaw{out}, nil
	case "csv":
		return &watchCSV{watchOutput: out, w: csv.NewWriter(out.out)}, nil
	case "prom":
		return &watchProm{out}, nil
	}
	return &watchJSON{out}, nil
}

// terminalOf returns the terminal that w is, nil if it is none.
func terminalOf(w io.Writer) *os.File {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return f
}

// watchOutput is what the formats for programs have in common: nothing is said
// about the connection on standard output, and every message is written at once.
type watchOutput struct {
	out    *bufio.Writer
	stderr io.Writer
}

func (w *watchOutput) message([]byte) error                                    { return nil }
func (w *watchOutput) state(wire.Hello, string)                                {}
func (w *watchOutput) beat(int64)                                              {}
func (w *watchOutput) note(s string)                                           { fmt.Fprintln(w.stderr, "monitord:", clean.Text(s)) }
func (w *watchOutput) close() error                                            { return w.out.Flush() }
func (w *watchOutput) alert(*wire.Event, []byte) error                         { return nil }
func (w *watchOutput) values(wire.Request, *wire.Samples, []wire.Labels) error { return nil }
