package history

import (
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

// blocksOf makes blocks of an hour and a byte each that end at the given hours.
func blocksOf(hours ...int64) []blockInfo {
	hour := time.Hour.Milliseconds()
	var out []blockInfo
	for i, h := range hours {
		out = append(out, blockInfo{id: ulid.ULID{byte(i + 1)}, minTime: (h - 1) * hour, maxTime: h * hour, bytes: 1})
	}
	return out
}

func hours(from, to int64) []int64 {
	var out []int64
	for h := from; h <= to; h++ {
		out = append(out, h)
	}
	return out
}

func TestWhichBlockIsDue(t *testing.T) {
	const year = 24 * 365
	for name, tt := range map[string]struct {
		blocks  []blockInfo
		log     int64
		keep    time.Duration
		maxSize int64
		want    byte // the block's number, 0 for none
	}{
		"nothing":            {nil, 0, time.Hour, 1, 0},
		"the only one stays": {blocksOf(100), 0, time.Hour, 0, 0},
		"young":              {blocksOf(hours(1, 48)...), 0, 48 * time.Hour, 1000, 0},
		"old":                {blocksOf(hours(1, 49)...), 0, 48 * time.Hour, 1000, 1},
		"old, any order":     {blocksOf(append(hours(2, 49), 1)...), 0, 48 * time.Hour, 1000, 49},
		"too large":          {blocksOf(1, 2, 3), 0, time.Hour * 100, 2, 1},
		"log counts":         {blocksOf(1, 2), 2, time.Hour * 100, 3, 1},
		"just fits":          {blocksOf(1, 2), 1, time.Hour * 100, 3, 0},
		"clock jumped ahead": {blocksOf(append(hours(1, 20), hours(10*year, 10*year+12)...)...), 0, 168 * time.Hour, 1000, 0},
		"host was off":       {blocksOf(append(hours(1, 20), hours(year, year+24)...)...), 0, 168 * time.Hour, 1000, 1},
		"short retention":    {blocksOf(1, 2, 3, 4), 0, 2 * time.Hour, 1000, 1},
	} {
		id, due := oldestDue(tt.blocks, tt.log, tt.keep, tt.maxSize)
		if got := id[0]; due != (tt.want != 0) || due && got != tt.want {
			t.Errorf("%s: block %d, %v; want %d", name, got, due, tt.want)
		}
	}
}

func TestOneDeletionInTenMinutes(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(Options{Dir: dir, Config: Config{Retention: 2 * time.Hour, MaxSize: 1 << 30}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	h := newHost(1)
	more := func(from, to time.Duration) {
		for ts := start + from.Milliseconds(); ts < start+to.Milliseconds(); ts += 20_000 {
			if err := db.Append(h.batch(ts)); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.disk.db.Compact(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wait := func() {
		db.keep.mu.Lock()
		defer db.keep.mu.Unlock()
		db.keep.last = db.keep.last.Add(-deleteEvery)
	}
	more(0, 5*time.Hour)
	if got := db.Oldest(); got != start {
		t.Errorf("deleted right after the start: oldest is %d", got)
	}
	wait()
	more(5*time.Hour, 6*time.Hour)
	first := db.Oldest()
	if first == start {
		t.Error("nothing was deleted")
	}
	more(6*time.Hour, 7*time.Hour)
	if got := db.Oldest(); got != first {
		t.Error("a second block was deleted at once")
	}
	wait()
	more(7*time.Hour, 8*time.Hour)
	if got := db.Oldest(); got <= first {
		t.Errorf("oldest is %d still", got)
	}
}

func TestFaultsOfTheConfiguration(t *testing.T) {
	if faults := DefaultConfig().Validate(); len(faults) > 0 {
		t.Errorf("the default: %v", faults)
	}
	faults := Config{Retention: time.Minute, MaxSize: -1}.Validate()
	if len(faults) != 2 {
		t.Fatalf("faults: %v", faults)
	}
	for i, want := range []string{"retention: is 1m0s, must be at least 2h0m0s", "max_size: is -1 bytes, must be at least 67108864 (64MiB)"} {
		if faults[i].Error() != want {
			t.Errorf("got %q, want %q", faults[i], want)
		}
	}
}
