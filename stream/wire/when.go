package wire

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A From is where a subscription to samples or a query begins. The zero value is
// the newest there is.
type From struct {
	set      bool
	relative bool
	ms       int64 // Unix milliseconds, or how far back from now
}

// At begins at a time, inclusive.
func At(ms int64) From { return From{set: true, ms: ms} }

// Ago begins so long before the newest tick, inclusive.
func Ago(d time.Duration) From { return From{set: true, relative: true, ms: d.Milliseconds()} }

// IsSet is false for "the newest there is".
func (f From) IsSet() bool { return f.set }

// Time returns the Unix milliseconds that f means at a time.
func (f From) Time(now int64) int64 {
	if f.relative {
		return now - f.ms
	}
	return f.ms
}

// String writes f as ParseFrom reads it; empty if it is not set.
func (f From) String() string {
	switch {
	case !f.set:
		return ""
	case f.relative:
		return "-" + strconv.FormatInt(f.ms, 10) + "ms"
	}
	return strconv.FormatInt(f.ms, 10)
}

// maxTime is the year 9999: beyond it RFC 3339 ends, and sums could overflow.
const maxTime = 253402300799999

// maxDuration keeps sums of times and durations far from overflow.
const maxDuration = 200 * 365 * 24 * time.Hour

// ParseFrom reads Unix milliseconds, an RFC 3339 time or a negative duration.
func ParseFrom(s string) (From, error) {
	if len(s) > 64 {
		return From{}, errors.New("from is too long for a time")
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		if ms < 0 {
			return From{}, fmt.Errorf("from is %s without a unit, write -%sms", s, s[1:])
		}
		if ms > maxTime {
			return From{}, fmt.Errorf("from is %s, beyond the year 9999", s)
		}
		return At(ms), nil
	}
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		d, err := ParseDuration(rest)
		if err != nil {
			return From{}, fmt.Errorf("from: %w", err)
		}
		return Ago(d), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return From{}, fmt.Errorf("from is %q, neither milliseconds nor RFC 3339 nor a negative duration such as -5m", s)
	}
	if t.Unix() < 0 {
		return From{}, fmt.Errorf("from is %q, before 1970", s)
	}
	return At(t.UnixMilli()), nil
}

// units are those of time.ParseDuration, days and weeks. Days have 24 hours.
var units = []struct {
	name string
	d    time.Duration
}{
	{"ns", time.Nanosecond}, {"us", time.Microsecond}, {"µs", time.Microsecond}, {"ms", time.Millisecond},
	{"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour},
}

// ParseDuration reads a duration without a sign in Go's syntax, and also days and
// weeks: 1.5h, 1m30s, 7d.
func ParseDuration(s string) (time.Duration, error) {
	if s == "" || len(s) > 64 {
		return 0, fmt.Errorf("%.20q is not a duration such as 5s, 1m30s or 7d", s)
	}
	var sum float64
	for rest := s; rest != ""; {
		n := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if n <= 0 {
			return 0, fmt.Errorf("%q is not a duration such as 5s, 1m30s or 7d", s)
		}
		v, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration such as 5s, 1m30s or 7d", s)
		}
		rest = rest[n:]
		end := strings.IndexAny(rest, ".0123456789")
		if end < 0 {
			end = len(rest)
		}
		unit, ok := unitOf(rest[:end])
		if !ok {
			return 0, fmt.Errorf("%q has the unknown unit %q, known are ms, s, m, h, d and w", s, rest[:end])
		}
		rest = rest[end:]
		sum += v * float64(unit)
	}
	if sum > float64(maxDuration) {
		return 0, fmt.Errorf("%q is longer than 200 years", s)
	}
	return time.Duration(math.Round(sum)), nil
}

func unitOf(name string) (time.Duration, bool) {
	for _, u := range units {
		if u.name == name {
			return u.d, true
		}
	}
	return 0, false
}

// FormatDuration writes d as ParseDuration reads it, whole milliseconds or units.
func FormatDuration(d time.Duration) string {
	for i := len(units) - 1; i >= 0; i-- {
		if u := units[i]; d >= u.d && d%u.d == 0 {
			return strconv.FormatInt(int64(d/u.d), 10) + u.name
		}
	}
	return "0s"
}
