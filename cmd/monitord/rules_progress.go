package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A progress is a bar on a terminal; elsewhere it is nothing.
type progress struct {
	out   *os.File // nil: nothing is shown
	begun time.Time
	shown time.Time
}

// progressWidth is the bar's, in characters.
const progressWidth = 30

func newProgress(w io.Writer) *progress {
	return &progress{out: terminalOf(w), begun: time.Now()}
}

// show draws how much is done, from 0 to 1, ten times a second at most.
func (p *progress) show(done float64) {
	now := time.Now()
	if p.out == nil || now.Sub(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = now
	fmt.Fprint(p.out, "\r"+progressBar(done, now.Sub(p.begun))+"\x1b[K")
}

// progressBar is the bar with what is left, by the time it took so far.
func progressBar(done float64, took time.Duration) string {
	full := int(done * progressWidth)
	text := fmt.Sprintf("[%s%s] %3.0f %%", strings.Repeat("#", full), strings.Repeat(".", progressWidth-full), done*100)
	if left := time.Duration(float64(took) * (1 - done) / max(done, 0.01)).Round(time.Second); left > time.Second {
		text += fmt.Sprintf(", %v left", left)
	}
	return text
}

// clear takes the bar away.
func (p *progress) clear() {
	if p.out != nil && !p.shown.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
