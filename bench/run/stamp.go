package main

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

// stampCommand makes this program the hook: it notes when it was started.
const stampCommand = "stamp"

// stamp appends the number of the event and the time to a file. An append of a
// short line is atomic.
func stamp(path string, now time.Time) int {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "%s %d\n", os.Getenv("MONITORD_ALERT_SEQ"), now.UnixNano()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// readStamps returns when the hook was first started for each event.
func readStamps(path string) (map[uint64]int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("no hook was started: %w", err)
	}
	defer f.Close()
	stamps := map[uint64]int64{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var seq uint64
		var at int64
		if _, err := fmt.Sscan(lines.Text(), &seq, &at); err != nil {
			return nil, fmt.Errorf("stamp %q: %w", lines.Text(), err)
		}
		if _, again := stamps[seq]; !again {
			stamps[seq] = at
		}
	}
	return stamps, nil
}
