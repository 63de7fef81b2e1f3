package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"

	"monitord/collectors"
)

// processReader reads what the kernel says of this process.
type processReader struct {
	started time.Time
	heap    []metrics.Sample
}

func newProcessReader(started time.Time) processReader {
	return processReader{started: started, heap: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}}
}

func (c *selfCollector) process(e *collectors.Emitter) error {
	e.Add(descStart, float64(c.proc.started.UnixMilli())/1000)
	e.Add(descGoroutines, float64(runtime.NumGoroutine()))
	metrics.Read(c.proc.heap)
	e.Add(descHeap, float64(c.proc.heap[0].Value.Uint64()))
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return fmt.Errorf("read own processor time: %w", err)
	}
	e.Add(descCPU, float64(used.Utime.Nano()+used.Stime.Nano())/1e9)
	if runtime.GOOS != "linux" {
		return nil
	}
	resident, err := residentPages()
	if err != nil {
		return err
	}
	e.Add(descRSS, float64(resident)*float64(os.Getpagesize()))
	return nil
}

// residentPages reads the second number of /proc/self/statm (proc(5)).
func residentPages() (uint64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("read own memory: %w", err)
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, fmt.Errorf("read own memory: %q has no second number", text)
	}
	n, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read own memory: %w", err)
	}
	return n, nil
}
