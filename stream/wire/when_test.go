package wire

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"5s": 5 * time.Second, "1.5h": 90 * time.Minute, "1m30s": 90 * time.Second, "7d": 7 * 24 * time.Hour,
		"2w": 14 * 24 * time.Hour, "250ms": 250 * time.Millisecond, "0s": 0, "10us": 10 * time.Microsecond, ".5s": time.Second / 2,
	} {
		if got, err := ParseDuration(in); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "5", "s", "-5s", "5 s", "5x", "1..5s", ".s", "1e3s", "NaNs", "99999999999999999999h", "300000d", "5s ", "1m30"} {
		if got, err := ParseDuration(in); err == nil {
			t.Errorf("%q is accepted as %v", in, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"5s": 5 * time.Second, "90s": 90 * time.Second, "2w": 14 * 24 * time.Hour, "1500ms": 1500 * time.Millisecond, "0s": 0,
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
		if back, err := ParseDuration(want); err != nil || back != d {
			t.Errorf("%s reads as %v, %v", want, back, err)
		}
	}
}

func TestFrom(t *testing.T) {
	const now = 1763683200000
	for in, want := range map[string]int64{
		"-5m": now - 300_000, "1763683100000": 1763683100000, "0": 0, "2025-11-21T00:00:00Z": now,
		"2025-11-21T01:00:00.25+01:00": now + 250, "-0s": now,
	} {
		f, err := ParseFrom(in)
		if err != nil || !f.IsSet() || f.Time(now) != want {
			t.Errorf("%q: got %d, %v, want %d", in, f.Time(now), err, want)
		}
		if back, err := ParseFrom(f.String()); err != nil || back != f {
			t.Errorf("%q is written as %q and read as %+v, %v", in, f.String(), back, err)
		}
	}
	if (From{}).IsSet() || (From{}).String() != "" {
		t.Error("the zero From is set")
	}
	for _, in := range []string{"", "-", "-5", "5m", "1960-01-01T00:00:00Z", "253402300800000", "tomorrow"} {
		if f, err := ParseFrom(in); err == nil {
			t.Errorf("%q is accepted as %+v", in, f)
		}
	}
}
