package journal

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// childEnv names the directory that the test binary, started by TestKill, writes to.
const childEnv = "JOURNAL_TEST_CHILD"

// child appends until it is killed, and says on standard output which numbers
// were acknowledged.
func child(dir string) {
	j, err := open(dir, Options{Log: quiet, MaxSize: 1 << 30}, small, realDevice())
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	for {
		var recs []Record
		for range 1 + rand.IntN(40) {
			seq := j.Last() + 1 + uint64(len(recs))
			recs = append(recs, Record{Kind: Event, T: int64(seq) * 1000, Data: []byte(text(seq))})
		}
		if _, err := j.Append(recs); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		fmt.Println(j.Last())
		if rand.IntN(10) == 0 {
			if err := j.Snapshot([][]byte{[]byte(strconv.FormatUint(j.Last(), 10))}, 1); err != nil {
				fmt.Println("error:", err)
				os.Exit(1)
			}
		}
	}
}

// TestKill kills a writer again and again: what it acknowledged is there, and
// the numbers go on without hole or repetition.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	last := uint64(0)
	for range 12 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 1 + rand.IntN(60); n > 0 && lines.Scan(); n-- {
			last = mustNumber(t, lines.Bytes())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it had acknowledged before the kill reached it
			if b := lines.Bytes(); !bytes.HasPrefix(b, []byte("error")) {
				last = max(last, mustNumber(t, b))
			}
		}
		_ = cmd.Wait()

		j := mustOpen(t, dir, Options{})
		if j.Last() < last {
			t.Fatalf("last is %d, but %d was acknowledged", j.Last(), last)
		}
		wantRange(t, readAll(t, j, 0), 1, j.Last())
		if s := j.Stats(); s.Damaged != 0 || s.Lost != 0 {
			t.Fatalf("stats %+v", s)
		}
		snapshot := ""
		if err := j.Fold(func(r Record) error {
			if r.Kind == Snapshot {
				snapshot = string(r.Data)
			} else if want := strconv.FormatUint(r.Seq-1, 10); snapshot != "" && snapshot != want {
				return fmt.Errorf("event %d follows the snapshot at %s", r.Seq, snapshot)
			} else if snapshot != "" {
				snapshot = strconv.FormatUint(r.Seq, 10)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		last = j.Last()
		j.Close()
	}
}

func mustNumber(t *testing.T, b []byte) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		t.Fatalf("the child says %q", b)
	}
	return n
}
