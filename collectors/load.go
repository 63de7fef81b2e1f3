package collectors

import (
	"context"

	"github.com/shirou/gopsutil/v3/load"

	"monitord/metric"
)

var (
	descLoad1  = metric.NewDesc("node_load1", metric.Gauge, "", "1m load average.")
	descLoad5  = metric.NewDesc("node_load5", metric.Gauge, "", "5m load average.")
	descLoad15 = metric.NewDesc("node_load15", metric.Gauge, "", "15m load average.")
)

// loadCollector reads /proc/loadavg.
type loadCollector struct{}

func (loadCollector) Name() string { return "loadavg" }

func (loadCollector) Collect(ctx context.Context, e *Emitter) error {
	avg, err := load.AvgWithContext(ctx)
	if err != nil {
		return err
	}
	e.Add(descLoad1, avg.Load1)
	e.Add(descLoad5, avg.Load5)
	e.Add(descLoad15, avg.Load15)
	return nil
}
