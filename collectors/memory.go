package collectors

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"monitord/metric"
)

// memoryCollector reads all of /proc/meminfo. The libraries know a fixed list of
// its lines, of which a kernel of today has more.
type memoryCollector struct {
	file  *kernelFile
	descs map[string]*metric.Desc // by metric name
}

func newMemory(procRoot string) *memoryCollector {
	return &memoryCollector{
		file:  newKernelFile(filepath.Join(procRoot, "meminfo")),
		descs: make(map[string]*metric.Desc),
	}
}

func (*memoryCollector) Name() string { return "meminfo" }

func (c *memoryCollector) Collect(_ context.Context, e *Emitter) error {
	data, err := c.file.read()
	if err != nil {
		return err
	}
	return parseMeminfo(data, func(field []byte, bytes bool, v float64) error {
		d, err := c.desc(field, bytes)
		if err == nil {
			e.Add(d, v)
		}
		return err
	})
}

// maxMeminfoFields bounds what is remembered of a file that should have sixty lines.
const maxMeminfoFields = 1000

func (c *memoryCollector) desc(field []byte, bytes bool) (*metric.Desc, error) {
	if d, ok := c.descs[string(field)]; ok {
		return d, nil
	}
	if len(c.descs) >= maxMeminfoFields {
		return nil, fmt.Errorf("more than %d fields in %s", maxMeminfoFields, c.file.path)
	}
	name, unit := meminfoName(string(field)), ""
	if bytes {
		name, unit = name+"_bytes", "bytes"
	}
	typ := metric.Gauge
	if strings.HasSuffix(name, "_total") {
		typ = metric.Counter
	}
	d := metric.NewDesc("node_memory_"+name, typ, unit, "Memory information field "+name+".")
	c.descs[string(field)] = d
	return d, nil
}

func (c *memoryCollector) Close() error { return c.file.Close() }
