package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"monitord/cmd/monitord/clean"
	"monitord/stream/wire"
)

// Styles of a segment: select graphic rendition, ECMA-48 section 8.3.117.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// segment is a piece of a line; its text has no control bytes once it is drawn.
type segment struct{ text, style string }

type tableLine []segment

// redraw is the least time between two pictures.
const redraw = 100 * time.Millisecond

// watchTable shows a table: on a terminal in place, elsewhere one after the other.
// It owns a goroutine that draws on the terminal; close ends it.
type watchTable struct {
	out      io.Writer
	stderr   io.Writer
	terminal *os.File // nil: not a terminal that can be drawn on
	colour   bool
	apart    bool // standard error is not what the table is drawn on
	once     bool
	drawn    int // lines of the last picture
	quit     chan struct{}
	done     sync.WaitGroup

	mu    sync.Mutex // guards the fields below
	model *tableModel
	dirty bool
}

func newWatchTable(o watchOptions, stdout, stderr io.Writer, terminal *os.File) *watchTable {
	if os.Getenv("TERM") == "dumb" {
		terminal = nil
	}
	w := &watchTable{
		out: stdout, stderr: stderr, terminal: terminal, once: o.once,
		colour: terminal != nil && os.Getenv("NO_COLOR") == "",
		apart:  terminal == nil || terminalOf(stderr) == nil,
		model:  newTableModel(o.printed()),
		quit:   make(chan struct{}),
	}
	if terminal != nil {
		w.done.Go(w.draw)
	}
	return w
}

// draw brings the terminal up to date.
func (w *watchTable) draw() {
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-ticker.C:
			// A terminal that cannot be written to shows when the table is closed.
			_ = w.picture()
		}
	}
}

// change alters the model.
func (w *watchTable) change(f func(*tableModel)) error {
	w.mu.Lock()
	f(w.model)
	w.dirty = true
	w.mu.Unlock()
	return nil
}

// changed is change for what is worth a picture of its own where pictures follow
// one another.
func (w *watchTable) changed(f func(*tableModel)) error {
	if err := w.change(f); err != nil || w.terminal != nil || w.once {
		return err
	}
	return w.picture()
}

func (w *watchTable) values(r wire.Request, m *wire.Samples, columns []wire.Labels) error {
	return w.changed(func(t *tableModel) { t.values(r, m, columns) })
}

func (w *watchTable) alert(m *wire.Event, _ []byte) error {
	return w.changed(func(t *tableModel) { t.alert(m) })
}

func (w *watchTable) message([]byte) error { return nil }

func (w *watchTable) state(hello wire.Hello, words string) {
	tick := time.Duration(hello.Interval) * time.Millisecond
	_ = w.change(func(t *tableModel) { t.instance, t.tick, t.words = hello.Instance, tick, words })
}

func (w *watchTable) beat(t int64) {
	_ = w.change(func(m *tableModel) { m.beat(t) })
}

func (w *watchTable) note(s string) {
	if w.apart {
		fmt.Fprintln(w.stderr, "monitord:", clean.Text(s))
		return
	}
	_ = w.change(func(t *tableModel) { t.note(s) })
}

func (w *watchTable) close() error {
	close(w.quit)
	w.done.Wait()
	return w.picture()
}

// picture draws what has changed since the last one.
func (w *watchTable) picture() error {
	w.mu.Lock()
	if !w.dirty {
		w.mu.Unlock()
		return nil
	}
	w.dirty = false
	width, height := 0, 0
	if w.terminal != nil {
		var err error
		if width, height, err = term.GetSize(int(w.terminal.Fd())); err != nil {
			width, height = 80, 24
		}
	}
	lines := w.model.lines(width)
	w.mu.Unlock()

	var b bytes.Buffer
	paint(&b, lines, width, height, w.drawn, w.colour)
	if w.terminal != nil {
		w.drawn = bytes.Count(b.Bytes(), []byte("\n"))
	}
	_, err := w.out.Write(b.Bytes())
	return err
}

// paint writes lines; with a width and height, over the last picture, cut to fit.
func paint(b *bytes.Buffer, lines []tableLine, width, height, drawn int, colour bool) {
	inPlace := width > 0 && height > 0
	if inPlace && len(lines) > height-1 {
		more := len(lines) - max(height-2, 1)
		lines = append(lines[:max(height-2, 1):max(height-2, 1)], tableLine{{fmt.Sprintf("… and %d more lines", more), dim}})
	}
	if inPlace && drawn > 0 {
		fmt.Fprintf(b, "\x1b[%dA\r", drawn)
	}
	for _, line := range lines {
		room := -1
		if inPlace {
			room = width - 1
		}
		line.paint(b, room, colour)
		if inPlace {
			b.WriteString("\x1b[K")
		}
		b.WriteByte('\n')
	}
	if inPlace {
		b.WriteString("\x1b[J")
	}
}

// paint writes a line in at most room columns; negative: as long as it is.
func (l tableLine) paint(b *bytes.Buffer, room int, colour bool) {
	for i, s := range l {
		text := []rune(clean.Text(s.text))
		if i == len(l)-1 {
			text = []rune(strings.TrimRight(string(text), " "))
		}
		cut := room >= 0 && len(text) > room
		if cut {
			text = text[:max(room-1, 0)]
		}
		styled := colour && s.style != "" && len(text) > 0
		if styled {
			fmt.Fprintf(b, "\x1b[%sm", s.style)
		}
		b.WriteString(string(text))
		if styled {
			b.WriteString("\x1b[0m")
		}
		if cut {
			b.WriteString("…")
			return
		}
		if room >= 0 {
			room -= len(text)
		}
	}
}
