package silence

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func quietOf(t *testing.T, c Config) *quiet {
	t.Helper()
	c.Name, c.Matchers = "q", []string{`a="1"`}
	all, faults := compile([]Config{c}, time.Time{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return all[0]
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	u, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return u.UTC()
}

// The transitions are those of the time zone database: Berlin skips 02:00 to
// 03:00 on 2026-03-29 and has it twice on 2026-10-25; New York skips 02:00 to
// 03:00 on 2026-03-08 and has 01:00 to 02:00 twice on 2026-11-01; Lord Howe moves
// by half an hour; Santiago skips 00:00 to 01:00 on 2026-09-06; Apia left out
// the whole of 2011-12-30.
func TestQuietWindows(t *testing.T) {
	nights := Config{From: "22:00", To: "06:00"}
	weekNights := Config{From: "22:00", To: "06:00", Days: []string{"mon-fri"}}
	for _, c := range []struct {
		zone       string
		config     Config
		now        string
		start, end string
	}{
		{"Europe/Berlin", nights, "2026-01-10T12:00:00Z", "2026-01-10T21:00:00Z", "2026-01-11T05:00:00Z"},
		{"Europe/Berlin", nights, "2026-01-11T04:59:59Z", "2026-01-10T21:00:00Z", "2026-01-11T05:00:00Z"},
		{"Europe/Berlin", nights, "2026-01-11T05:00:00Z", "2026-01-11T21:00:00Z", "2026-01-12T05:00:00Z"},
		{"Europe/Berlin", nights, "2026-03-29T01:00:00Z", "2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"}, // seven hours
		{"Europe/Berlin", nights, "2026-10-25T01:00:00Z", "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"}, // nine hours
		{"Europe/Berlin", Config{From: "02:15", To: "02:45"}, "2026-03-28T12:00:00Z", "2026-03-30T00:15:00Z", "2026-03-30T00:45:00Z"},
		{"Europe/Berlin", Config{From: "02:30", To: "04:00"}, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"},
		{"Europe/Berlin", Config{From: "01:00", To: "02:30"}, "2026-03-29T00:10:00Z", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", Config{From: "02:30", To: "02:45"}, "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z"}, // the first of the two
		{"Europe/Berlin", Config{From: "02:45", To: "03:00"}, "2026-10-25T00:50:00Z", "2026-10-25T00:45:00Z", "2026-10-25T02:00:00Z"},
		// Friday's night is the last of the week.
		{"Europe/Berlin", weekNights, "2026-01-10T04:00:00Z", "2026-01-09T21:00:00Z", "2026-01-10T05:00:00Z"},
		{"Europe/Berlin", weekNights, "2026-01-10T22:00:00Z", "2026-01-12T21:00:00Z", "2026-01-13T05:00:00Z"},
		{"Europe/Berlin", Config{Days: []string{"sat", "sun"}}, "2026-01-10T12:00:00Z", "2026-01-09T23:00:00Z", "2026-01-11T23:00:00Z"},
		{"Europe/Berlin", Config{Days: []string{"Fri-Mon"}}, "2026-01-07T12:00:00Z", "2026-01-08T23:00:00Z", "2026-01-12T23:00:00Z"},
		{"America/New_York", nights, "2026-03-08T06:30:00Z", "2026-03-08T03:00:00Z", "2026-03-08T10:00:00Z"},
		{"America/New_York", Config{From: "01:30", To: "02:30"}, "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T07:30:00Z"},
		{"Australia/Lord_Howe", Config{From: "01:45", To: "02:15"}, "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z", "2026-04-04T15:45:00Z"},
		{"America/Santiago", Config{From: "00:00", To: "24:00", Days: []string{"sun"}}, "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"},
		{"Pacific/Apia", Config{Days: []string{"fri"}}, "2011-12-29T12:00:00Z", "2012-01-05T10:00:00Z", "2012-01-06T10:00:00Z"},
		{"Pacific/Apia", Config{From: "22:00", To: "06:00", Days: []string{"thu"}}, "2011-12-30T09:00:00Z", "2011-12-30T08:00:00Z", "2011-12-30T10:00:00Z"},
		{"Asia/Kolkata", Config{From: "00:00", To: "00:00", Days: []string{"wed"}}, "2026-01-07T00:00:00Z", "2026-01-06T18:30:00Z", "2026-01-07T18:30:00Z"},
		{"UTC", Config{Start: "2026-12-24T18:00:00+01:00", End: "2026-12-27T06:00:00+01:00"}, "2027-01-01T00:00:00Z", "2026-12-24T17:00:00Z", "2026-12-27T05:00:00Z"},
	} {
		if c.config.Start == "" {
			c.config.TimeZone = c.zone
		}
		q := quietOf(t, c.config)
		s := q.at(at(t, c.now))
		if !s.StartsAt.Equal(at(t, c.start)) || !s.EndsAt.Equal(at(t, c.end)) {
			t.Errorf("%s %+v at %s: %s to %s, want %s to %s", c.zone, c.config, c.now,
				s.StartsAt.Format(time.RFC3339), s.EndsAt.Format(time.RFC3339), c.start, c.end)
		}
	}
}

// TestQuietByTheMinute compares the windows with what somebody would find out
// who looked at a clock of the zone every minute: it is quiet from the first
// minute at which the clock shows the beginning, or is past it, until the first
// at which it shows the end.
func TestQuietByTheMinute(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ zone, around string }{
		{"Europe/Berlin", "2026-03-29"}, {"Europe/Berlin", "2026-10-25"}, {"America/New_York", "2026-11-01"}, {"America/Santiago", "2026-09-06"},
		{"Australia/Lord_Howe", "2026-04-05"}, {"Australia/Lord_Howe", "2026-10-04"}, {"Africa/Casablanca", "2026-02-15"}, {"Asia/Beirut", "2026-03-29"},
		{"Asia/Kathmandu", "2026-05-01"}, {"Pacific/Apia", "2011-12-30"}, {"Pacific/Kiritimati", "2026-01-01"}, {"Etc/GMT+12", "2026-01-01"}, {"America/St_Johns", "2026-03-08"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			config := Config{TimeZone: c.zone}
			from, to := rng.IntN(24*60), rng.IntN(24*60)
			if rng.IntN(2) == 0 { // near midnight and the usual hours of the change
				from, to = rng.IntN(4*60), rng.IntN(4*60)
			}
			config.From, config.To = fmt.Sprintf("%02d:%02d", from/60, from%60), fmt.Sprintf("%02d:%02d", to/60, to%60)
			var on [7]bool
			for i, day := range weekdays {
				if rng.IntN(3) > 0 {
					config.Days, on[i] = append(config.Days, day), true
				}
			}
			if len(config.Days) == 0 {
				on = [7]bool{true, true, true, true, true, true, true}
			}
			q := quietOf(t, config)
			begin := at(t, c.around+"T00:00:00Z").Add(-4 * 24 * time.Hour)
			want := quietMinutes(zone, begin, 8*24*60, on, from, to)
			for m, quietThen := range want {
				now := begin.Add(time.Duration(m) * time.Minute)
				w := q.window(now)
				if got := !now.Before(w.start) && now.Before(w.end); got != quietThen {
					t.Fatalf("%+v: at %s quiet is %v, the clock says %v (%s to %s)", config, now.In(zone), got, quietThen, w.start.In(zone), w.end.In(zone))
				}
			}
		}
	}
}

// quietMinutes looks at the clock: minutes from begin on, each quiet or not.
func quietMinutes(zone *time.Location, begin time.Time, minutes int, on [7]bool, from, to int) []bool {
	if to <= from {
		to += 24 * 60
	}
	const before = 4 * 24 * 60
	shows := make([]int, before+minutes) // minutes since 1970 that the clock shows
	for i := range shows {
		local := begin.Add(time.Duration(i-before) * time.Minute).In(zone)
		shows[i] = int(time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC).Unix() / 60)
	}
	first := func(minute int) int {
		return slices.IndexFunc(shows, func(shown int) bool { return shown >= minute })
	}
	quiet := make([]bool, len(shows))
	for day := shows[0]/(24*60) + 1; day*24*60 < shows[len(shows)-1]; day++ {
		if !on[time.Unix(int64(day)*86400, 0).UTC().Weekday()] {
			continue
		}
		start, end := first(day*24*60+from), first(day*24*60+to)
		if end < 0 {
			end = len(quiet)
		}
		for i := start; start >= 0 && i < end; i++ {
			quiet[i] = true
		}
	}
	return quiet[before:]
}

func TestCheck(t *testing.T) {
	good := Config{Name: "n", Matchers: []string{`a="1"`}, From: "22:00", To: "06:00"}
	for name, c := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"none":           {func(*Config) {}, nil},
		"no name":        {func(c *Config) { c.Name = "" }, []string{"silences[0].name: is missing, write one: it is what the silence is known by"}},
		"no matcher":     {func(c *Config) { c.Matchers = nil }, []string{`silences[0].matchers: are missing, write at least one such as severity="warning"`}},
		"bad matcher":    {func(c *Config) { c.Matchers = []string{`a="1"`, "b"} }, []string{`silences[0].matchers[1]: "b" is no matcher, write one such as severity="critical" or team=~"ops|db"`}},
		"not one":        {func(c *Config) { c.Matchers = []string{`a!="1"`} }, nil},
		"everything":     {func(c *Config) { c.Matchers = []string{`a=""`, `b=~"x|"`} }, []string{`silences[0].matchers: match every alert: add one such as severity="warning", or write alertname=~".+" if all are meant`}},
		"too large":      {func(c *Config) { c.Matchers = []string{`a=~"` + letters + `"`, `b=~"` + letters + `"`} }, []string{"silences[0].matchers: the regular expressions are too large, write fewer or simpler ones"}},
		"no time":        {func(c *Config) { c.From, c.To = "", "" }, []string{"silences[0].from: is missing, say when: from and to, days, or start and end"}},
		"no end":         {func(c *Config) { c.To = "" }, []string{"silences[0].to: is missing, from and to go together"}},
		"no beginning":   {func(c *Config) { c.From = "" }, []string{"silences[0].from: is missing, from and to go together"}},
		"no hours":       {func(c *Config) { c.From, c.To = "24:01", "6:00" }, []string{`silences[0].from: is "24:01", write an hour of the day such as "22:00"`, `silences[0].to: is "6:00", write an hour of the day such as "22:00"`}},
		"minute":         {func(c *Config) { c.To = "06:60" }, []string{`silences[0].to: is "06:60", write an hour of the day such as "22:00"`}},
		"from 24:00":     {func(c *Config) { c.From = "24:00" }, []string{`silences[0].from: is "24:00", write "00:00" and the next day`}},
		"days":           {func(c *Config) { c.Days = []string{"mon", "mo-fri", ""} }, []string{`silences[0].days[1]: is "mo-fri", write a day or a range of days such as mon, mon-fri or sat-sun`, `silences[0].days[2]: is "", write a day or a range of days such as mon, mon-fri or sat-sun`}},
		"zone":           {func(c *Config) { c.TimeZone = "Berlin" }, []string{`silences[0].time_zone: is "Berlin", write the name of one such as Europe/Berlin or UTC`}},
		"a path as zone": {func(c *Config) { c.TimeZone = "../../etc/passwd" }, []string{`silences[0].time_zone: is "../../etc/passwd", write the name of one such as Europe/Berlin or UTC`}},
		"both kinds": {func(c *Config) { c.Start, c.End, c.To = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "" },
			[]string{"silences[0].from: is for a silence that recurs, remove it or start and end"}},
		"one of two": {func(c *Config) { c.Start, c.From, c.To = "2026-01-01T00:00:00Z", "", "" }, []string{"silences[0].end: is missing, start and end go together"}},
		"no instant": {func(c *Config) { c.Start, c.End, c.From, c.To = "2026-01-01", "2026-01-01T00:00:00Z", "", "" }, []string{`silences[0].start: is "2026-01-01", write a date with a time and a zone such as "2026-12-24T18:00:00+01:00"`}},
		"wrong order": {func(c *Config) {
			c.Start, c.End, c.From, c.To = "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "", ""
		}, []string{"silences[0].end: is not after start, correct one of them"}},
		"too long": {func(c *Config) { c.Comment = strings.Repeat("x", maxCommentBytes+1) }, []string{"silences[0].comment: is 4097 bytes long, must be at most 4096"}},
	} {
		config := good
		c.change(&config)
		var got []string
		for _, err := range Check([]Config{config}) {
			got = append(got, err.Error())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
	if faults := Check([]Config{good, good}); len(faults) != 1 || faults[0].Error() != `silences[1].name: "n" is the name of silences[0] too, give it another` {
		t.Errorf("two of one name: %v", faults)
	}
	if faults := Check(make([]Config, maxQuiet+1)); !strings.Contains(faults[len(faults)-1].Error(), "silences: are 101, must be at most 100") {
		t.Errorf("too many: %v", faults[len(faults)-1])
	}
}

func TestQuietHoursInTheList(t *testing.T) {
	s, clock, _ := quietly(t)
	clock.t = at(t, "2026-01-10T22:00:00Z")
	if faults := s.Load([]Config{
		{Name: "nights", Matchers: []string{`severity!="critical"`, `severity!=""`}, Comment: "sleep", From: "22:00", To: "06:00", TimeZone: "Europe/Berlin"},
		{Name: "move", Matchers: []string{`a="1"`}, Start: "2026-02-01T00:00:00Z", End: "2026-02-02T00:00:00Z"},
	}); len(faults) > 0 {
		t.Fatal(faults)
	}
	expectStates(t, s, `active {severity!="",severity!="critical"} 1768078800-1768107600`, `pending {a="1"} 1769904000-1769990400`)
	id := s.List()[0].ID
	if id != namedID("nights") || id[14] != '5' {
		t.Errorf("the id is %s", id)
	}
	got, ok := s.Get(id)
	if !ok || got.Name != "nights" || got.CreatedBy != "configuration" || got.Comment != "sleep" || !got.UpdatedAt.Equal(clock.t) {
		t.Errorf("silence is %+v", got)
	}
	want := `"nights": this silence is in the configuration under [[alerts.silences]], change it there and reload`
	if err := s.Expire(t.Context(), id); err == nil || err.Error() != want {
		t.Errorf("expired by hand: %v", err)
	}
	got.EndsAt = got.EndsAt.Add(time.Hour)
	if _, err := s.Put(t.Context(), got); err == nil || err.Error() != want {
		t.Errorf("changed by hand: %v", err)
	}
	clock.t = at(t, "2026-03-01T12:00:00Z")
	expectStates(t, s, `pending {severity!="",severity!="critical"} 1772398800-1772427600`, `expired {a="1"} 1769904000-1769990400`)
	if st := s.Stats(); st.Pending != 1 || st.Expired != 1 || st.Active != 0 || len(st.Ending) != 0 {
		t.Errorf("stats are %+v", st)
	}
}
