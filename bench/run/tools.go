package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"monitord/bench/linux"
)

// tools are the load generator and the floor, built for this run.
type tools struct{ herd, floor string }

func build(ctx context.Context, dir string) (tools, error) {
	t := tools{herd: filepath.Join(dir, "herd"), floor: filepath.Join(dir, "floor")}
	out, err := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator), "monitord/bench/herd", "monitord/bench/floor").CombinedOutput()
	if err != nil {
		return t, fmt.Errorf("build the tools in the folder bench: %w\n%s", err, out)
	}
	return t, nil
}

// herdReport is what is used of the herd's report.
type herdReport struct {
	Connections   int     `json:"connections"`
	Failed        int     `json:"failed"`
	Alive         int     `json:"alive"`
	ConnectCPU    float64 `json:"connect_cpu_us"`
	UserBytes     float64 `json:"user_bytes_per_conn"`
	Messages      int64   `json:"messages"`
	MessageRate   float64 `json:"messages_per_s"`
	Payload       float64 `json:"payload_per_message"`
	ServerSeconds float64 `json:"server_cpu_s"`
	Seconds       float64 `json:"seconds"`
	SpreadP50     float64 `json:"spread_ms_p50"`
	Closes        int     `json:"closes"`
}

// load is one run of the herd against a server.
type load struct {
	path     string
	n        int
	counting time.Duration
	readings int
	cpu      int
	poll     bool
	tick     bool // count samples messages only
}

func (t tools) run(ctx context.Context, s *server, l load) (herdReport, error) {
	args := []string{
		"-json", "-to", s.address, "-path", l.path, "-pid", strconv.Itoa(s.pid()), "-n", strconv.Itoa(l.n),
		"-for", l.counting.String(), "-readings", strconv.Itoa(max(l.readings, 1)),
		"-poll=" + strconv.FormatBool(l.poll), "-tick=" + strconv.FormatBool(l.tick),
	}
	cmd := exec.CommandContext(ctx, t.herd, args...)
	out := &tail{}
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := linux.StartOn(l.cpu, cmd); err != nil {
		return herdReport{}, fmt.Errorf("herd: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return herdReport{}, fmt.Errorf("herd against %s: %w; it said: %s", s.name, err, s.said)
	}
	var r herdReport
	if err := json.Unmarshal(out.bytes(), &r); err != nil {
		return herdReport{}, fmt.Errorf("report of the herd: %w", err)
	}
	if r.Messages == 0 || r.Alive < l.n {
		return r, fmt.Errorf("herd against %s: %d of %d connections alive, %d messages; it said: %s", s.name, r.Alive, l.n, r.Messages, s.said)
	}
	return r, nil
}
