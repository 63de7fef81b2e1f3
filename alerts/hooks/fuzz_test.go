package hooks

import (
	"testing"
	"time"

	"monitord/alerts/hooks/hooktest"
)

// FuzzProgress: whatever is noted, a start goes on with what there is.
func FuzzProgress(f *testing.F) {
	for _, seed := range [][3]string{
		{`{"after":7}`, "", ""},
		{`{"after":18446744073709551615,"open":[{"seq":3,"attempts":-1,"since":-9}]}`, `{"upto":4,"letters":[{"e":2,"of":1}]}`, ""},
		{`[]`, `{}`, `[]`},
		{`{"open":[{},{}]}`, "", `{"seqs":[1,2,3]}`},
		{`{"after":2,"open":[{"seq":2,"repeat":1}],"told":[{"k":"0123456789abcdef/a","s":2,"at":-5,"r":-3}]}`, "", `{"seqs":[1,2],"repeat":1}`},
		{`{"after":3}`, "", `[{"t":1763683200,"n":3},{"t":-9223372036854775808,"n":-1},{"t":9223372036854775807,"n":9}]`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]), []byte(seed[2]))
	}
	log, _ := openLog(f, f.TempDir())
	write(f, log, hooktest.Firing("A"), hooktest.Firing("B"), hooktest.Resolved("A"))
	f.Fuzz(func(t *testing.T, cursor, dead, sealed []byte) {
		c := with("ops", &fake{})
		c.Repeat, c.MaxPerMinute = time.Hour, 6
		if len(cursor)%2 == 0 {
			c.GroupBy = []string{"severity"}
		}
		h := newHook(c)
		now := time.Now()
		notes := map[string][]byte{progressKey: cursor, "seal-3": sealed, "seal-2-r1": sealed, begunKey: sealed}
		if len(dead) > 0 {
			notes[deadKey] = dead
		}
		if err := h.restore(log, notes, now); err != nil {
			return
		}
		if len(h.rate.started) > c.MaxPerMinute || h.rate.free().After(now.Add(time.Minute)) {
			t.Fatalf("%s holds attempts until %v", sealed, h.rate.free())
		}
		again := h.progress()
		if again.After > log.Last() || len(h.open) > 6 {
			t.Fatalf("%s became %+v", cursor, again)
		}
		r := &Runner{log: log, slog: quiet, hooks: []*hook{h}, scribe: newScribe(log, quiet)}
		for r.readOn(now, log.Last()) {
		}
		h.remind(now, log)
		for h.next(now.Add(time.Hour)) != nil {
		}
		if _, _, err := h.deadNote(); err != nil {
			t.Fatal(err)
		}
	})
}
