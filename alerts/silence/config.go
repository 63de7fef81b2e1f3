package silence

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"monitord/alerts/match"
)

// Config is a silence of the configuration: one with Start and End, or
// one that recurs. What it silences is in the journal and the stream as ever.
type Config struct {
	Name string `toml:"name"` // its ID is made from it
	// Matchers say which alerts it is for, as severity="warning" or team=~"db|web".
	Matchers []string `toml:"matchers" single:"true"`
	Comment  string   `toml:"comment"`
	// Days are those on which it begins, as mon, mon-fri or sat-sun; empty is every day.
	Days []string `toml:"days" single:"true"`
	// From and To are hours of the day, as 22:00. To may be the next day's, and
	// 24:00. Both empty is the whole day.
	From string `toml:"from"`
	To   string `toml:"to"`
	// TimeZone is where Days, From and To are, as Europe/Berlin; empty is the host's.
	TimeZone string `toml:"time_zone"`
	// Start and End are RFC 3339: once, in place of the four above.
	Start string `toml:"start"`
	End   string `toml:"end"`
}

// maxQuiet bounds the silences of the configuration.
const maxQuiet = 100

// quietAuthor is who makes the silences of the configuration.
const quietAuthor = "configuration"

// Check returns every fault, each as "silences[2].from: what is wrong,
// what to do".
func Check(configs []Config) []error {
	_, faults := compile(configs, time.Time{})
	return faults
}

func compile(configs []Config, now time.Time) ([]*quiet, []error) {
	var faults []error
	var all []*quiet
	seen := make(map[string]int)
	for i, config := range configs {
		c := compiler{at: fmt.Sprintf("silences[%d]", i)}
		if other, ok := seen[config.Name]; ok && config.Name != "" {
			c.fault("name", "%q is the name of silences[%d] too, give it another", config.Name, other)
		}
		seen[config.Name] = i
		q := c.quiet(config)
		q.silence.UpdatedAt = now
		all = append(all, q)
		faults = append(faults, c.faults...)
	}
	if len(configs) > maxQuiet {
		faults = append(faults, fmt.Errorf("silences: are %d, must be at most %d", len(configs), maxQuiet))
	}
	return all, faults
}

type compiler struct {
	at     string
	faults []error
}

func (c *compiler) fault(key, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s.%s: %s", c.at, key, fmt.Sprintf(format, args...)))
}

// quiet returns what is of use only without faults.
func (c *compiler) quiet(config Config) *quiet {
	q := &quiet{silence: Silence{
		ID: namedID(config.Name), Name: config.Name, CreatedBy: quietAuthor, Comment: config.Comment,
	}}
	switch {
	case config.Name == "":
		c.fault("name", "is missing, write one: it is what the silence is known by")
	case len(config.Name) > maxAuthorBytes:
		c.fault("name", "is longer than %d bytes, choose a shorter one", maxAuthorBytes)
	}
	if len(config.Comment) > maxCommentBytes {
		c.fault("comment", "is %d bytes long, must be at most %d", len(config.Comment), maxCommentBytes)
	}
	c.matchers(q, config)
	once := config.Start != "" || config.End != ""
	if once {
		c.once(q, config)
	} else {
		c.recurring(q, config)
	}
	return q
}

func (c *compiler) matchers(q *quiet, config Config) {
	if len(config.Matchers) == 0 {
		c.fault("matchers", `are missing, write at least one such as severity="warning"`)
		return
	}
	before := len(c.faults)
	for i, text := range config.Matchers {
		if _, err := match.Parse(text); err != nil {
			c.fault(fmt.Sprintf("matchers[%d]", i), "%v", err)
		}
	}
	if len(c.faults) > before {
		return
	}
	var err error
	q.silence.Matchers, err = match.Parse(config.Matchers...)
	if err == nil {
		err = checkMatchers(q.silence.Matchers)
	}
	switch {
	case errors.Is(err, errEverything):
		c.fault("matchers", `match every alert: add one such as severity="warning", or write alertname=~".+" if all are meant`)
	case err != nil:
		c.fault("matchers", "%v", err)
	}
}

func (c *compiler) once(q *quiet, config Config) {
	for _, other := range []struct {
		key string
		set bool
	}{{"days", len(config.Days) > 0}, {"from", config.From != ""}, {"to", config.To != ""}, {"time_zone", config.TimeZone != ""}} {
		if other.set {
			c.fault(other.key, "is for a silence that recurs, remove it or start and end")
		}
	}
	q.silence.StartsAt = c.instant("start", config.Start)
	q.silence.EndsAt = c.instant("end", config.End)
	if !q.silence.StartsAt.IsZero() && !q.silence.EndsAt.IsZero() && !q.silence.StartsAt.Before(q.silence.EndsAt) {
		c.fault("end", "is not after start, correct one of them")
	}
}

func (c *compiler) instant(key, text string) time.Time {
	if text == "" {
		c.fault(key, "is missing, start and end go together")
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.UnixMilli() <= 0 || t.UnixMilli() > maxMillis {
		c.fault(key, `is %q, write a date with a time and a zone such as "2026-12-24T18:00:00+01:00"`, text)
		return time.Time{}
	}
	return t.UTC()
}

func (c *compiler) recurring(q *quiet, config Config) {
	q.recurs = true
	if config.From == "" && config.To == "" && len(config.Days) == 0 {
		c.fault("from", "is missing, say when: from and to, days, or start and end")
		return
	}
	q.to = 24 * 60
	switch {
	case config.From != "" && config.To == "":
		c.fault("to", "is missing, from and to go together")
	case config.From == "" && config.To != "":
		c.fault("from", "is missing, from and to go together")
	case config.From != "":
		q.from, q.to = c.clock("from", config.From), c.clock("to", config.To)
		if q.from == 24*60 {
			c.fault("from", `is "24:00", write "00:00" and the next day`)
		}
		if q.to <= q.from {
			q.to += 24 * 60 // the next day's; the same time is a whole day
		}
	}
	for i, text := range config.Days {
		if !q.addDays(text) {
			c.fault(fmt.Sprintf("days[%d]", i), "is %q, write a day or a range of days such as mon, mon-fri or sat-sun", text)
		}
	}
	if len(config.Days) == 0 {
		q.days = [7]bool{true, true, true, true, true, true, true}
	}
	q.zone = time.Local
	if config.TimeZone != "" {
		zone, err := time.LoadLocation(config.TimeZone)
		if err != nil {
			c.fault("time_zone", "is %q, write the name of one such as Europe/Berlin or UTC", config.TimeZone)
			return
		}
		q.zone = zone
	}
}

// clock reads an hour of the day as minutes.
func (c *compiler) clock(key, text string) int {
	hours, minutes, ok := strings.Cut(text, ":")
	h, errH := strconv.ParseUint(hours, 10, 8)
	m, errM := strconv.ParseUint(minutes, 10, 8)
	if !ok || len(hours) != 2 || len(minutes) != 2 || errH != nil || errM != nil || m > 59 || h*60+m > 24*60 {
		c.fault(key, `is %q, write an hour of the day such as "22:00"`, text)
	}
	return int(h*60 + m)
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // as time.Weekday counts

// addDays reads a day or a range of days, which may go over the end of the week.
func (q *quiet) addDays(text string) bool {
	first, last, isRange := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "-")
	if !isRange {
		last = first
	}
	from, to := slices.Index(weekdays, first), slices.Index(weekdays, last)
	if from < 0 || to < 0 {
		return false
	}
	for d := from; ; d = (d + 1) % 7 {
		q.days[d] = true
		if d == to {
			return true
		}
	}
}
