package history

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// withBlocks makes a history of two hours, half of it in blocks.
func withBlocks(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	db, h := open(t, dir), newHost(3)
	for ts := start; ts < start+2*time.Hour.Milliseconds(); ts += 20_000 {
		if err := db.Append(h.batch(ts)); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.disk.db.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDamageCostsItself(t *testing.T) {
	const all = 2 * 180
	for name, tt := range map[string]struct {
		pattern string // of the file to damage
		damage  func(path string) error
		aside   string // what the name set aside begins with
		least   int    // ticks that must be left
	}{
		"index cut short": {"*/index", func(p string) error { return os.Truncate(p, 100) }, "damaged-01", all / 2},
		"index gone":      {"*/index", os.Remove, "damaged-01", all / 2},
		"chunks garbled":  {"*/chunks/000001", func(p string) error { return os.WriteFile(p, []byte("garbage!"), 0o600) }, "damaged-01", all / 2},
		"checkpoint garbled": {"wal", func(p string) error {
			p = filepath.Join(p, "checkpoint.00000000")
			return errors.Join(os.Mkdir(p, 0o700), os.WriteFile(filepath.Join(p, "00000000"), []byte(strings.Repeat("\x01garbage", 9000)), 0o600))
		}, "", all / 2},
		"segment missing": {"wal/0*", func(p string) error { return os.Rename(p, p+"7") }, "damaged-chunks_head", all / 2},
		"segment garbled": {"wal/0*", func(p string) error { return os.WriteFile(p, []byte(strings.Repeat("\x07g", 90)), 0o600) }, "", all / 2},
	} {
		t.Run(name, func(t *testing.T) {
			dir := withBlocks(t)
			paths, err := filepath.Glob(filepath.Join(dir, tt.pattern))
			if err != nil || len(paths) == 0 {
				t.Fatalf("nothing to damage: %v", err)
			}
			if err := tt.damage(paths[len(paths)-1]); err != nil {
				t.Fatal(err)
			}
			db := open(t, dir)
			if !db.Stats().Writable {
				t.Error("not writable")
			}
			if got := len(ticks(t, db, start, start+2*time.Hour.Milliseconds())); got < tt.least || got > all {
				t.Errorf("%d ticks of %d, want at least %d", got, all, tt.least)
			}
			appendAll(t, db, newHost(3), start+3*time.Hour.Milliseconds(), start+3*time.Hour.Milliseconds())
			var aside []string
			err = fs.WalkDir(os.DirFS(dir), ".", func(p string, _ fs.DirEntry, err error) error {
				if strings.HasPrefix(p, damagedPrefix) && !strings.Contains(p, "/") {
					aside = append(aside, p)
				}
				return err
			})
			if err != nil || (len(aside) > 0) != (tt.aside != "") || len(aside) > 0 && !strings.HasPrefix(aside[0], tt.aside) {
				t.Errorf("set aside: %v, %v; want %s", aside, err, tt.aside)
			}
		})
	}
}
