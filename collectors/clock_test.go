package collectors

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"monitord/metric"
)

// A happening is something that is done to the clock while a tick is delivered.
type happening struct {
	after time.Duration
	what  func(*setClock)
}

func set(d time.Duration) func(*setClock)   { return func(c *setClock) { c.set.Add(int64(d)) } }
func sleep(d time.Duration) func(*setClock) { return func(c *setClock) { c.asleep.Add(int64(d)) } }
func keep() func(*setClock)                 { return func(c *setClock) { c.synced.Store(true) } }

// A leap is two ticks that do not follow on each other as time did.
type leap struct {
	after time.Duration // the first tick, since the start
	by    time.Duration // from it to the second
	step  time.Duration // what the second says
}

// TestClockIsSet sets the wall clock in every way and looks at how far ticks are
// apart: all of them by a second, but for the leaps.
func TestClockIsSet(t *testing.T) {
	const year = 365 * 24 * time.Hour
	s := time.Second
	for _, tt := range []struct {
		name   string
		what   []happening
		leaps  []leap
		missed uint64 // because of the clock
	}{
		{"never", nil, nil, 0},
		{"a little ahead", []happening{{10 * s, set(30 * s)}}, []leap{{10 * s, 30 * s, 30 * s}}, 29},
		{"a little back", []happening{{10 * s, set(-30 * s)}}, []leap{{10 * s, -29 * s, -30 * s}}, 0},
		{"by less than shows", []happening{{10 * s, set(s / 3)}, {20 * s, set(-s / 3)}}, nil, 0},
		{"an hour ahead, and it stays", []happening{{10 * s, set(time.Hour)}}, []leap{{69 * s, time.Hour + s, time.Hour}}, 3600},
		{"an hour back, and it stays", []happening{{10 * s, set(-time.Hour)}}, []leap{{69 * s, -time.Hour + 2*s, -time.Hour}}, 0},
		{"ten years ahead, for half a minute", []happening{{10 * s, set(10 * year)}, {40 * s, set(-10 * year)}}, nil, 0},
		{"ten years back, for half a minute", []happening{{10 * s, set(-10 * year)}, {40 * s, set(10 * year)}}, nil, 0},
		{"ten years ahead, and it stays", []happening{{10 * s, set(10 * year)}}, []leap{{69 * s, 10*year + s, 10 * year}}, uint64(10 * year / s)},
		{"ten years back, and it stays", []happening{{10 * s, set(-10 * year)}}, []leap{{69 * s, -10*year + 2*s, -10 * year}}, 0},
		{"ahead, and synchronised after that", []happening{{10 * s, set(time.Hour)}, {20 * s, keep()}}, []leap{{20 * s, time.Hour, time.Hour}}, 3599},
		{"synchronised, then ahead", []happening{{5 * s, keep()}, {10 * s, set(time.Hour)}}, []leap{{10 * s, time.Hour, time.Hour}}, 3599},
		{"again and again", []happening{{10 * s, set(time.Hour)}, {50 * s, set(time.Hour)}}, []leap{{109 * s, 2*time.Hour + s, 2 * time.Hour}}, 7200},
		{"ahead and nearly back", []happening{{10 * s, set(time.Hour)}, {30 * s, set(-time.Hour + 5*s)}}, []leap{{30 * s, 5 * s, 5 * s}}, 4},
		{"asleep", []happening{{10 * s, sleep(8 * time.Hour)}}, []leap{{10 * s, 8 * time.Hour, 0}}, 8*3600 - 1},
		{"asleep, and set meanwhile", []happening{{10 * s, sleep(time.Hour)}, {10 * s, set(-2 * time.Hour)}},
			[]leap{{10 * s, time.Hour, 0}, {time.Hour + 69*s, -2*time.Hour + 2*s, -2 * time.Hour}}, 3599},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := recorded()
				clock := src.clock.(*setClock)
				slow := &fake{name: "slow"}
				smp := testSampler(t, onlyExtra(), src, slow)
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				var at, steps []int64
				if err := smp.Run(ctx, func(_ context.Context, b metric.Batch) {
					at, steps = append(at, b.T), append(steps, int64(b.Step))
					for _, h := range tt.what {
						if int(h.after/s) == len(at) {
							h.what(clock)
						}
					}
					if len(at) == 150 {
						cancel()
					}
				}); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took < 149*s || took > 152*s {
					t.Errorf("150 ticks took %v", took)
				}
				var leaps []leap
				for i := range at[1:] {
					if by := time.Duration(at[i+1]-at[i]) * time.Millisecond; by != s || steps[i+1] != 0 {
						leaps = append(leaps, leap{time.Duration(at[i]-began.UnixMilli()) * time.Millisecond, by, time.Duration(steps[i+1])})
					}
				}
				if !slices.Equal(leaps, tt.leaps) {
					t.Errorf("leaps %v, want %v", leaps, tt.leaps)
				}
				if m := smp.Stats().Missed; m != (Missed{Clock: tt.missed}) {
					t.Errorf("missed %+v, want %d by the clock", m, tt.missed)
				}
				if a := smp.Stats().Ahead; a != 0 {
					t.Errorf("in the end the wall clock is still ahead by %v", a)
				}
			})
		})
	}
}

// TestAheadShows: while the wall clock is not followed, it says by how much it is off.
func TestAheadShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := recorded()
		clock := src.clock.(*setClock)
		s := testSampler(t, onlyExtra(), src)
		ctx, cancel := context.WithCancel(t.Context())
		ticks := 0
		if err := s.Run(ctx, func(context.Context, metric.Batch) {
			switch ticks++; ticks {
			case 3:
				set(-time.Hour)(clock)
			case 5:
				if a := s.Stats().Ahead; a != -time.Hour {
					t.Errorf("ahead by %v", a)
				}
			case 80:
				if st := s.Stats(); st.Ahead != 0 || st.Steps != 1 {
					t.Errorf("followed, and still %+v", st)
				}
				cancel()
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHostClock(t *testing.T) {
	var c hostClock
	a := c.Read()
	b := c.Read()
	if b.Awake < a.Awake || b.Asleep < 0 || time.Since(a.Wall) > time.Minute {
		t.Errorf("read %+v, then %+v", a, b)
	}
	_ = c.Synchronised()
}
