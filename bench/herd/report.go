package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"monitord/bench/linux"
)

// reading is the state of things at one moment.
type reading struct {
	at     time.Time
	memory linux.Memory
	slab   int64
	server time.Duration // processor time
	self   time.Duration
}

func (h *herd) read() (reading, error) {
	r := reading{at: time.Now()}
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return r, fmt.Errorf("getrusage: %w", err)
	}
	r.self = time.Duration(use.Utime.Nano() + use.Stime.Nano())
	var err error
	if r.slab, err = linux.Slab(); err != nil || h.pid == 0 {
		return r, err
	}
	if r.memory, err = linux.MemoryOf(h.pid); err != nil {
		return r, err
	}
	r.server, err = linux.CPU(h.pid)
	return r, err
}

// least reads the server's memory as often as asked for, a second apart, and
// returns the least: what a garbage collector has not got to yet is not needed.
func (h *herd) least() (linux.Memory, error) {
	var least linux.Memory
	for i := range h.readings {
		if i > 0 {
			if err := h.until(time.Now().Add(time.Second), 50*time.Millisecond); err != nil {
				return least, err
			}
		}
		r, err := h.read()
		if err != nil {
			return least, err
		}
		if i == 0 || r.memory.RSS < least.RSS {
			least = r.memory
		}
	}
	return least, nil
}

// Report is what a run found. Figures of the server are zero without -pid,
// durations that nothing was measured for are -1.
type Report struct {
	Connections    int     `json:"connections"`
	Failed         int     `json:"failed"`
	Alive          int     `json:"alive"`
	ConnectRate    float64 `json:"connects_per_s"`
	ConnectCPU     float64 `json:"connect_cpu_us"` // of the server, a handshake
	BaseRSS        int64   `json:"rss_base"`
	OpenRSS        int64   `json:"rss_open"`
	EndRSS         int64   `json:"rss_end"`
	UserBytes      float64 `json:"user_bytes_per_conn"` // resident, all included
	AnonBytes      float64 `json:"anon_bytes_per_conn"`
	KernelBytes    float64 `json:"kernel_bytes_per_conn_both_ends"`
	MessageRate    float64 `json:"messages_per_s"`
	ByteRate       float64 `json:"bytes_per_s"`
	MessageBytes   float64 `json:"bytes_per_message"`   // of all that came, frames included
	MessagePayload float64 `json:"payload_per_message"` // of those that were counted
	Messages       int64   `json:"messages"`
	ServerCPU      float64 `json:"server_cpu_us_per_message"`
	HerdCPU        float64 `json:"herd_cpu_us_per_message"`
	ServerPercent  float64 `json:"server_cpu_percent"`
	ServerSeconds  float64 `json:"server_cpu_s"`
	Seconds        float64 `json:"seconds"`
	Broadcasts     int     `json:"broadcasts"`
	FullBroadcasts int     `json:"full_broadcasts"` // that reached all
	SpreadP50      float64 `json:"spread_ms_p50"`
	SpreadP99      float64 `json:"spread_ms_p99"`
	SpreadMax      float64 `json:"spread_ms_max"`
	DelayP50       float64 `json:"delay_ms_p50"` // from a tick's time to its arrival
	DelayP99       float64 `json:"delay_ms_p99"`
	Pings          int     `json:"pings"`
	Closes         int     `json:"closes"`
	Bad            int     `json:"bad"`

	Resumed *Resumed `json:"resumed,omitempty"` // with -resume
}

// Resumed is how the herd came back after its connections had ended.
type Resumed struct {
	Lost        int     `json:"lost"`
	Hinted      int     `json:"hinted"`      // of them told when to come back
	Unreachable int     `json:"unreachable"` // attempts before the first that succeeded
	Refused     int     `json:"refused"`     // handshakes that came to nothing after that
	Reason      string  `json:"reason"`      // of the first of them
	Steady      int     `json:"steady"`      // that have had a sample since
	Seconds     float64 `json:"seconds"`     // from the first loss to the last of these
	Busiest     float64 `json:"busiest"`     // the most that came back in a tenth of a second, ÷ the mean
	Gaps        int     `json:"gaps"`        // that were named
	Holes       int     `json:"holes"`       // that were not
	Repeats     int     `json:"repeats"`
}

func (h *herd) resumed() *Resumed {
	r := &h.resumption
	d := &Resumed{
		Lost: r.lost, Hinted: r.hinted, Unreachable: r.unreachable, Refused: r.refused, Reason: h.firstRefusal, Steady: r.steady,
		Gaps: r.gaps, Holes: r.holes, Repeats: r.repeats,
		Seconds: time.Duration(max(0, r.lastSteady-r.firstLost)).Seconds(),
	}
	most, all := 0, 0
	for _, n := range r.back {
		most, all = max(most, n), all+n
	}
	if all > 0 {
		d.Busiest = float64(most) * float64(len(r.back)) / float64(all)
	}
	return d
}

func (h *herd) report(at [4]reading) Report {
	c := &h.counter
	r := Report{
		Connections: h.opened, Failed: h.failed, Messages: c.messages,
		BaseRSS: at[0].memory.RSS, OpenRSS: at[2].memory.RSS, EndRSS: at[3].memory.RSS,
		Broadcasts: len(c.broadcasts), Pings: h.pings, Closes: h.closes, Bad: h.bad,
	}
	if h.resume {
		r.Resumed = h.resumed()
	}
	for i := range h.conns {
		if h.conns[i].state == open {
			r.Alive++
		}
	}
	conns, messages := float64(max(h.opened, 1)), float64(max(c.messages, 1))
	server, took := at[3].server-at[2].server, at[3].at.Sub(at[2].at)
	r.ConnectRate = conns / at[1].at.Sub(at[0].at).Seconds()
	r.ConnectCPU = micro(at[1].server-at[0].server) / conns
	r.UserBytes = float64(at[2].memory.RSS-at[0].memory.RSS) / conns
	r.AnonBytes = float64(at[2].memory.Anon-at[0].memory.Anon) / conns
	r.KernelBytes = float64(at[2].slab-at[0].slab) / conns
	r.Seconds = took.Seconds()
	r.MessageRate = float64(c.messages) / took.Seconds()
	r.ByteRate = float64(h.bytes) / took.Seconds()
	r.MessageBytes = float64(h.bytes) / messages
	r.MessagePayload = float64(c.payload) / messages
	r.ServerCPU = micro(server) / messages
	r.HerdCPU = micro(at[3].self-at[2].self) / messages
	r.ServerSeconds = server.Seconds()
	r.ServerPercent = 100 * server.Seconds() / took.Seconds()

	spreads := c.spreads(r.Alive)
	r.FullBroadcasts = len(spreads)
	r.SpreadP50, r.SpreadP99, r.SpreadMax = milli(spreads, 0.5), milli(spreads, 0.99), milli(spreads, 1)
	delays := make([]time.Duration, len(c.delays))
	for i, d := range c.delays {
		delays[i] = time.Duration(d) * time.Microsecond
	}
	slices.Sort(delays)
	r.DelayP50, r.DelayP99 = milli(delays, 0.5), milli(delays, 0.99)
	return r
}

func micro(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// milli returns the q-quantile of durations in ascending order, -1 of none.
func milli(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return -1
	}
	return float64(sorted[int(q*float64(len(sorted)-1))].Nanoseconds()) / 1e6
}

// String is the report on one line.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "conns=%d failed=%d alive=%d connect_per_s=%.0f connect_cpu_us=%.1f ",
		r.Connections, r.Failed, r.Alive, r.ConnectRate, r.ConnectCPU)
	fmt.Fprintf(&b, "rss_base_kb=%d rss_open_kb=%d rss_end_kb=%d user_bytes_per_conn=%.0f anon_bytes_per_conn=%.0f kernel_bytes_per_conn_both_ends=%.0f ",
		r.BaseRSS>>10, r.OpenRSS>>10, r.EndRSS>>10, r.UserBytes, r.AnonBytes, r.KernelBytes)
	fmt.Fprintf(&b, "msgs_per_s=%.0f MB_per_s=%.1f bytes_per_msg=%.0f server_cpu_us_per_msg=%.3f herd_cpu_us_per_msg=%.3f server_cpu_pct=%.1f ",
		r.MessageRate, r.ByteRate/1e6, r.MessageBytes, r.ServerCPU, r.HerdCPU, r.ServerPercent)
	fmt.Fprintf(&b, "broadcasts=%d full_broadcasts=%d spread_ms_p50=%.1f spread_ms_p99=%.1f spread_ms_max=%.1f delay_ms_p50=%.1f delay_ms_p99=%.1f ",
		r.Broadcasts, r.FullBroadcasts, r.SpreadP50, r.SpreadP99, r.SpreadMax, r.DelayP50, r.DelayP99)
	fmt.Fprintf(&b, "pings=%d closes=%d bad=%d", r.Pings, r.Closes, r.Bad)
	return b.String()
}
