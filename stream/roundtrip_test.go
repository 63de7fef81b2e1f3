package stream

import (
	"encoding/binary"
	"testing"
	"time"
)

// What clients answer to pings is counted; what they make up is not.
func TestRoundTripsAreCounted(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.PingInterval = 200 * time.Millisecond
	s := serve(t, funcs{}, o)
	c := s.dial()
	for range 3 {
		c.expect("ping:")
		c.send(masked(0x8a, "made up") + masked(0x8a, "") + masked(0x8a, string(c.pinged)))
	}
	count := func() (n uint64) {
		for _, k := range s.Stats().RoundTrips.Counts {
			n += k
		}
		return n
	}
	eventually(t, "three answers", func() bool { return count() >= 3 })
	if r := s.Stats().RoundTrips; count() != 3 || r.Sum <= 0 || r.Sum > 3*patience || len(r.Counts) != len(r.Bounds)+1 {
		t.Errorf("%+v", r)
	}
}

func TestPongsFromOutsideAreJudged(t *testing.T) {
	s, _ := still(t, Options{Config: DefaultConfig()}, 0)
	const now = time.Hour
	at := func(ago time.Duration) []byte {
		return binary.BigEndian.AppendUint64(nil, uint64((now - ago).Microseconds()))
	}
	for _, v := range []struct {
		name    string
		payload []byte
		bucket  int // -1: none
	}{
		{"just now", at(0), 0},
		{"a while ago", at(40 * time.Millisecond), 5},
		{"long ago", at(30 * time.Second), 13},
		{"so long ago that it would have been closed", at(34 * time.Second), -1},
		{"before the shard began", at(2 * time.Hour), -1},
		{"in the future", at(-time.Second), -1},
		{"zero", make([]byte, 8), -1},
		{"all ones", []byte("\xff\xff\xff\xff\xff\xff\xff\xff"), -1},
		{"nothing", nil, -1},
		{"short", at(0)[:7], -1},
		{"long", append(at(0), 0), -1},
	} {
		s.count.roundTrips = roundTrips{}
		s.answered(v.payload, now)
		for i := range s.count.roundTrips.counts {
			want := uint64(0)
			if i == v.bucket {
				want = 1
			}
			if got := s.count.roundTrips.counts[i].Load(); got != want {
				t.Errorf("%s: %d in bucket %d, want %d", v.name, got, i, want)
			}
		}
	}
}
