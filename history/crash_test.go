package history

import (
	"fmt"
	"testing"
	"time"
)

// appendAnHour stores an hour of seconds of 100 series, and waits to be killed.
func appendAnHour(dir string) error {
	db, err := Open(Options{Dir: dir, Config: DefaultConfig()})
	if err != nil {
		return err
	}
	h := newHost(100)
	for ts := start; ts < start+3600_000; ts += 1000 {
		if err := db.Append(h.batch(ts)); err != nil {
			return err
		}
	}
	fmt.Println("done")
	select {}
}

// After a crash an hour that is not in a block yet is read again soon: of 500 series
// within half a second, on a machine that has nothing else to do.
func TestOpensSoonAfterACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := runUntil("hour", dir, func(line string, _ int) bool { return line == "done" }); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	db := open(t, dir)
	took := time.Since(began)
	t.Logf("opened after %v", took)
	if took > time.Minute { // for a fifth of them: the race detector and tests beside take the rest
		t.Errorf("opened after %v", took)
	}
	if got := len(ticks(t, db, start, start+3600_000)); got != 3600 {
		t.Errorf("%d ticks, want 3600", got)
	}
}
