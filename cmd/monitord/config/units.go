package config

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// ParseDuration reads a duration as Go writes it ("1m30s", "1.5h") or as
// Prometheus does ("7d", "2w").
func ParseDuration(s string) (time.Duration, error) {
	if d, err := time.ParseDuration(s); err == nil {
		return d, nil
	}
	d, err := model.ParseDuration(s)
	return time.Duration(d), err
}

// FormatDuration writes a duration as ParseDuration reads it, in the fewest
// units, at millisecond precision or as Go would.
func FormatDuration(d time.Duration) string {
	if d%time.Millisecond == 0 && d >= 0 {
		return model.Duration(d).String()
	}
	return d.String()
}

var sizeUnits = []struct {
	suffix string
	factor int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"TiB", 1 << 40},
	{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"TB", 1e12}, {"B", 1},
}

// parseSize reads a number of bytes: "64KiB", "1.5GiB", "10MB", "512B".
func parseSize(s string) (int64, error) {
	factor := int64(1)
	number := strings.TrimSpace(s)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = strings.TrimSpace(rest), u.factor
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n < 0 || math.IsNaN(n) || n*float64(factor) > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	return int64(n * float64(factor)), nil
}

// formatSize writes a number of bytes in the largest binary unit that divides it.
func formatSize(n int64) string {
	for _, u := range []int{3, 0, 1, 2} {
		unit := sizeUnits[u]
		if n != 0 && n%unit.factor == 0 {
			return strconv.FormatInt(n/unit.factor, 10) + unit.suffix
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// resolve makes a path in a field that is tagged as one relative to the file.
func (d *decoder) resolve(s string, tag reflect.StructTag) string {
	if s == "" || tag.Get("path") == "" || filepath.IsAbs(s) || d.dir == "" {
		return s
	}
	return filepath.Join(d.dir, s)
}
