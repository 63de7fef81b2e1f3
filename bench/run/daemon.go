package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// startDaemon starts monitord on a fresh data directory, with rules and hooks
// given as TOML.
func startDaemon(ctx context.Context, p plan, cpu int, rules string) (*server, error) {
	dir, err := os.MkdirTemp(p.dir, "daemon-")
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "monitord.toml")
	return start(ctx, "monitord", p.monitord, cpu, func(address string) []string {
		text := fmt.Sprintf("data_dir = %q\n[server]\nlisten = [%q]\n%s", filepath.Join(dir, "data"), address, rules)
		// Should this fail, the daemon says so.
		_ = os.WriteFile(config, []byte(text), 0o600)
		return []string{"run", "--config", config}
	})
}

// startTwo starts two daemons side by side: one to ask, and one that is left alone,
// to be compared with in the same seconds.
func startTwo(ctx context.Context, p plan) (asked, alone *server, stop func(), err error) {
	if asked, err = startDaemon(ctx, p, -1, ""); err != nil {
		return nil, nil, nil, err
	}
	if alone, err = startDaemon(ctx, p, -1, ""); err != nil {
		asked.stop()
		return nil, nil, nil, err
	}
	return asked, alone, func() { alone.stop(); asked.stop() }, nil
}

// viewerQueries are what the page has open.
var viewerQueries = []string{
	`100 * avg by (mode) (irate(node_cpu_seconds_total{mode!="idle"}[5s]))`,
	`100 * (1 - sum by (cpu) (irate(node_cpu_seconds_total{mode=~"idle|iowait"}[5s])))`,
	`{__name__=~"node_load1|node_load5|node_load15"}`,
	`{__name__=~"node_memory_MemTotal_bytes|node_memory_MemFree_bytes|node_memory_MemAvailable_bytes|node_memory_Buffers_bytes|node_memory_Cached_bytes"}`,
	`irate(node_disk_read_bytes_total[5s])`,
	`irate(node_disk_written_bytes_total[5s])`,
	`100 * irate(node_disk_io_time_seconds_total[5s])`,
	`irate(node_network_receive_bytes_total[5s])`,
	`irate(node_network_transmit_bytes_total[5s])`,
	`100 * irate(node_pressure_cpu_waiting_seconds_total[5s])`,
	`100 * irate(node_pressure_memory_waiting_seconds_total[5s])`,
	`100 * irate(node_pressure_memory_stalled_seconds_total[5s])`,
	`100 * irate(node_pressure_io_waiting_seconds_total[5s])`,
	`100 * irate(node_pressure_io_stalled_seconds_total[5s])`,
	`{__name__=~"node_filesystem_size_bytes|node_filesystem_avail_bytes|node_filesystem_free_bytes|node_filesystem_files|node_filesystem_files_free|node_filesystem_readonly"}`,
}
