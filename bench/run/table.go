package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// table prints figures as they are found, one a line, each beside its target.
type table struct{ w io.Writer }

func newTable(w io.Writer) *table { return &table{w} }

func (t *table) heading(format string, args ...any) {
	fmt.Fprintf(t.w, "\n%s\n", fmt.Sprintf(format, args...))
}

func (t *table) row(what, figure, target string) {
	if target != "" {
		target = "target " + target
	}
	fmt.Fprintf(t.w, "  %-58s %24s   %s\n", what, figure, target)
}

func (t *table) note(text string) { fmt.Fprintf(t.w, "  (%s)\n", text) }

// machine says where the figures are from.
func (t *table) machine() {
	var u syscall.Utsname
	kernel := "unknown kernel"
	if syscall.Uname(&u) == nil {
		kernel = "Linux " + field(u.Release[:])
	}
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				model = strings.TrimSpace(v)
				break
			}
		}
	}
	fmt.Fprintf(t.w, "%s, %d processors, %s, %s, %s\n", model, runtime.NumCPU(), kernel, runtime.Version(), time.Now().UTC().Format("2006-01-02 15:04 UTC"))
}

func field(c []int8) string {
	var b strings.Builder
	for _, x := range c {
		if x == 0 {
			break
		}
		b.WriteByte(byte(x))
	}
	return b.String()
}

// quantile returns the q-quantile of values, which it sorts; -1 of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return -1
	}
	slices.Sort(values)
	return values[int(q*float64(len(values)-1)+0.5)]
}

// spread writes the median of values with the lowest and the highest.
func spread(values []float64, format string) string {
	f := func(q float64) string { return fmt.Sprintf(format, quantile(values, q)) }
	if len(values) < 2 {
		return f(0.5)
	}
	return fmt.Sprintf("%s [%s..%s]", f(0.5), f(0), f(1))
}
