package history

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

func openReadOnly(t *testing.T, dir string) *DB {
	t.Helper()
	db, err := OpenReadOnly(t.Context(), ReadOptions{Dir: dir, Keep: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func listDir(t *testing.T, dir string) []string {
	t.Helper()
	files, err := listFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestReadingBesideADaemon: what a daemon has written is read while it holds the
// directory, blocks and log, and nothing in the directory changes for it.
func TestReadingBesideADaemon(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(3)
	const start = int64(1763683200000)
	at := start
	write := func(n int) {
		for range n {
			if err := db.Append(h.batch(at)); err != nil {
				t.Fatal(err)
			}
			at += 10_000
		}
	}
	all := func(db *DB) []Column {
		cols, err := db.Select(t.Context(), Selector{}, start, at, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return cols
	}
	write(1000) // nearly three hours: there is something to make blocks of
	if err := db.disk.db.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(3)
	before := listDir(t, dir)
	read := openReadOnly(t, dir)
	if len(read.past.blocks) == 0 {
		t.Error("there are no blocks")
	}
	want := all(db)
	if got := all(read); !reflect.DeepEqual(got, want) {
		t.Errorf("read %d series, want %d", len(got), len(want))
	}
	if after := listDir(t, dir); !reflect.DeepEqual(after, before) {
		t.Errorf("the directory has\n%q, had\n%q", after, before)
	}
	write(1000)
	if err := db.disk.db.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(read); !reflect.DeepEqual(got, want) {
		t.Error("what was read changed as the daemon went on")
	}
	if got := all(openReadOnly(t, dir)); !reflect.DeepEqual(got, all(db)) {
		t.Error("what came later is not read")
	}
}

// TestReadingWhatAKillLeft: a torn end of the log is nobody's to mend here.
func TestReadingWhatAKillLeft(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(3)
	for i := range int64(10) {
		if err := db.Append(h.batch(1763683200000 + i*1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "wal", "00000000")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := len(text)
	for end > 0 && text[end-1] == 0 {
		end--
	}
	if err := os.WriteFile(path, text[:end-5], 0o640); err != nil {
		t.Fatal(err)
	}
	ticks, err := openReadOnly(t, dir).Ticks(t.Context(), 0, 1<<50)
	if err != nil || len(ticks) != 9 {
		t.Errorf("%d ticks, want 9: %v", len(ticks), err)
	}
	if got, _ := os.ReadFile(path); len(got) != end-5 {
		t.Error("the log was mended")
	}
}

// TestWritingBesideTheRecord: what is appended stands beside the record, and in the
// place of what is hidden; series after series, and with the oldest hour going.
func TestWritingBesideTheRecord(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(2)
	const start, minutes = int64(1763683200000), 8 * 60
	for i := range int64(minutes) {
		if err := db.Append(h.batch(start + i*60_000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	read := openReadOnly(t, dir)
	from := start + 30*60_000
	read.Hide(func(ls labels.Labels) bool { return ls.Get("core") == "1" }, from)
	one := h.series[1].Labels
	two := labels.FromStrings("__name__", "two")
	for hour := from - from%3600_000; hour < start+minutes*60_000; hour += 3600_000 {
		for _, ls := range []labels.Labels{two, one} {
			for ts := max(from, hour); ts < hour+3600_000; ts += 60_000 {
				if err := read.AppendValues(ts, []metric.Value{{Labels: ls, V: -1}}, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		at := hour + 3600_000 - 60_000
		for expr, want := range map[string]string{
			`count_over_time(load{core="0"}[30m])`: "30",
			`max_over_time(load{core="1"}[30m])`:   "-1",
			`sum_over_time(two[30m])`:              "-30",
		} {
			if got := queryOne(t, read, expr, at); got != want && at > from+1800_000 && at < start+minutes*60_000 {
				t.Errorf("at %d %s is %q, want %q", at, expr, got, want)
			}
		}
	}
	if got := queryOne(t, read, `count_over_time(load{core="1"}[30m])`, from-60_000); got != "30" {
		t.Errorf("before, there are %s samples of what is hidden later", got)
	}
	if n := len(read.memories); n != read.hold.most {
		t.Errorf("%d memories, want %d", n, read.hold.most)
	}
}

func TestReadingNothing(t *testing.T) {
	if db, err := OpenReadOnly(t.Context(), ReadOptions{Dir: filepath.Join(t.TempDir(), "none")}); err == nil {
		db.Close()
		t.Error("a directory that is not there was opened")
	}
	if ticks, err := openReadOnly(t, t.TempDir()).Ticks(t.Context(), 0, 1<<50); err != nil || len(ticks) > 0 {
		t.Errorf("%v %v", ticks, err)
	}
}

// TestReadingWhileFilesGo: however the daemon's blocks and segments come and go while
// they are read, no tick is missing that was there before. Whoever opens waits for a
// block that is being made, not for one behind the other without end: few are made
// in the time of each.
func TestReadingWhileFilesGo(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(3)
	const start = int64(1763683200000)
	const apart = int64(1_000_000) // between two that are opened, at least
	var newest, opened atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for at := start; ; at += 10_000 {
			select {
			case <-stop:
				return
			default:
			}
			if at > start+(opened.Load()+3)*apart {
				runtime.Gosched()
				at -= 10_000
				continue
			}
			err := db.Append(h.batch(at))
			if err == nil && at%1_800_000 == 0 {
				err = db.disk.db.Compact(context.Background())
			}
			if err != nil {
				t.Error(err)
				return
			}
			newest.Store(at)
		}
	}()
	for opened.Load() < 20 && !t.Failed() {
		before := newest.Load()
		if before < start+opened.Load()*apart {
			runtime.Gosched()
			continue
		}
		read, err := OpenReadOnly(t.Context(), ReadOptions{Dir: dir})
		if err != nil {
			t.Error(err)
			break
		}
		ticks, err := read.Ticks(t.Context(), start, before)
		if want := int(before-start)/10_000 + 1; err != nil || len(ticks) != want {
			t.Errorf("%d ticks up to %d, want %d: %v", len(ticks), before, want, err)
		}
		if err := read.Close(); err != nil {
			t.Error(err)
		}
		opened.Add(1)
	}
	close(stop)
	<-done
}

// onRecord is a log's handler that does something with what is logged.
type onRecord func(slog.Record)

func (onRecord) Enabled(context.Context, slog.Level) bool { return true }
func (f onRecord) WithAttrs([]slog.Attr) slog.Handler     { return f }
func (f onRecord) WithGroup(string) slog.Handler          { return f }
func (f onRecord) Handle(_ context.Context, r slog.Record) error {
	f(r)
	return nil
}

// TestReadingWhileABlockIsReplaced: a block that was listed and is another when it is
// to be read is no hole in what is read.
func TestReadingWhileABlockIsReplaced(t *testing.T) {
	dir := withBlocks(t)
	blocks, err := listBlocks(dir)
	if err != nil || len(blocks) == 0 {
		t.Fatal(blocks, err)
	}
	// The log of those that are in blocks goes, as it does in the end.
	for _, name := range logDirs() {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := openReadOnly(t, dir).Ticks(t.Context(), 0, 1<<50)
	if err != nil || len(want) < 30 {
		t.Fatal(len(want), err)
	}
	// A directory that is no block, listed before all blocks, is logged when it is
	// looked at: the blocks have been listed, and are not read yet.
	first := filepath.Join(dir, ulid.ULID{}.String())
	if err := os.Mkdir(first, 0o750); err != nil {
		t.Fatal(err)
	}
	replaced := 0
	replace := func(r slog.Record) {
		listed := false
		r.Attrs(func(a slog.Attr) bool {
			listed = listed || a.Value.String() == first
			return true
		})
		if !listed {
			return
		}
		if replaced++; replaced > 1 {
			return
		}
		id := ulid.MustParseStrict(blocks[0])
		id[15]++
		if err := os.Rename(filepath.Join(dir, blocks[0]), filepath.Join(dir, id.String())); err != nil {
			t.Error(err)
		}
	}
	temp := t.TempDir()
	if r, err := tryRecord(dir, filepath.Join(temp, "record"), slog.New(onRecord(replace))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened: %v, %v", r, err)
	}
	if replaced == 0 {
		t.Error("no block was replaced")
	}
	if got, err := openReadOnly(t, dir).Ticks(t.Context(), 0, 1<<50); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d ticks, want %d: %v", len(got), len(want), err)
	}
}

// Whoever does not want to wait for a daemon that makes a block ends the wait.
func TestReadingEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "wal"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("gone", filepath.Join(dir, "wal", "00000000")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenReadOnly(ctx, ReadOptions{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
