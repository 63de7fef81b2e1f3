package main

import (
	"bytes"
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
type tools struct{ dir, herd, floor string }

func build(ctx context.Context, dir string) (tools, error) {
	t := tools{dir: dir, herd: filepath.Join(dir, "herd"), floor: filepath.Join(dir, "floor")}
	args := []string{"build", "-o", dir + string(filepath.Separator), "monitord/bench/herd", "monitord/bench/floor"}
	for _, name := range others {
		args = append(args, "monitord/bench/peers/"+name)
	}
	out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
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
	AnonBytes     float64 `json:"anon_bytes_per_conn"`
	Messages      int64   `json:"messages"`
	MessageRate   float64 `json:"messages_per_s"`
	Payload       float64 `json:"payload_per_message"`
	ServerSeconds float64 `json:"server_cpu_s"`
	Seconds       float64 `json:"seconds"`
	SpreadP50     float64 `json:"spread_ms_p50"`
	Closes        int     `json:"closes"`

	Resumed *resumed `json:"resumed"`
}

// resumed is how the herd came back after a restart.
type resumed struct {
	Lost, Hinted, Refused, Steady, Holes, Repeats int
	Seconds, Busiest                              float64
	Reason                                        string
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
	silent   bool // nothing is to come: only connect
	resume   bool // come back, and say when all are there
}

// running is a herd at work.
type running struct {
	cmd  *exec.Cmd
	load load
	s    *server
	out  *tail
}

// begin starts the herd.
func (t tools) begin(ctx context.Context, s *server, l load) (*running, error) {
	pid := s.pid()
	if l.resume {
		pid = 0 // it may end
	}
	args := []string{
		"-json", "-to", s.address, "-path", l.path, "-pid", strconv.Itoa(pid), "-n", strconv.Itoa(l.n),
		"-for", l.counting.String(), "-readings", strconv.Itoa(max(l.readings, 1)),
		"-poll=" + strconv.FormatBool(l.poll), "-tick=" + strconv.FormatBool(l.tick), "-resume=" + strconv.FormatBool(l.resume),
	}
	if l.silent {
		args = append(args, "-settle", "100ms")
	}
	r := &running{cmd: exec.CommandContext(ctx, t.herd, args...), load: l, s: s, out: &tail{}}
	r.cmd.Stdout, r.cmd.Stderr = r.out, os.Stderr
	if err := linux.StartOn(l.cpu, r.cmd); err != nil {
		return nil, fmt.Errorf("herd: %w", err)
	}
	return r, nil
}

// open waits until a herd that can come back says that all are there.
func (r *running) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for !bytes.HasPrefix(r.out.bytes(), []byte("open\n")) {
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("herd against %s: not all connected: %w", r.s.name, err)
		}
	}
	return nil
}

// end ends a herd that nobody has waited for.
func (r *running) end() {
	if r.cmd.ProcessState == nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait() // it was killed
	}
}

// wait returns what the herd found.
func (r *running) wait() (herdReport, error) {
	if err := r.cmd.Wait(); err != nil {
		return herdReport{}, fmt.Errorf("herd against %s: %w; it said: %s", r.s.name, err, r.s.said)
	}
	var report herdReport
	if err := json.Unmarshal(bytes.TrimPrefix(r.out.bytes(), []byte("open\n")), &report); err != nil {
		return herdReport{}, fmt.Errorf("report of the herd: %w", err)
	}
	return report, nil
}

// run runs the herd against a server that goes on.
func (t tools) run(ctx context.Context, s *server, l load) (herdReport, error) {
	herd, err := t.begin(ctx, s, l)
	if err != nil {
		return herdReport{}, err
	}
	r, err := herd.wait()
	if err != nil {
		return r, err
	}
	if r.Messages == 0 && !l.silent || r.Alive < l.n {
		return r, fmt.Errorf("herd against %s: %d of %d connections alive, %d messages; it said: %s", s.name, r.Alive, l.n, r.Messages, s.said)
	}
	return r, nil
}
