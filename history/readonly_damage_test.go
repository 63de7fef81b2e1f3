package history

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

// TestReadingWhatIsDamaged: what is left out because it cannot be read is told, and
// told of the attempt that counts, not of one before it.
func TestReadingWhatIsDamaged(t *testing.T) {
	for name, damage := range map[string]func(dir, block string) error{
		"a block": func(_, block string) error { return os.Remove(filepath.Join(block, "meta.json")) },
		"the log": func(dir, _ string) error {
			path := filepath.Join(dir, "wal", "00000000")
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text[len(text)/2] ^= 4
			return os.WriteFile(path, text, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, told := withBlocks(t), 0
			read := func(ctx context.Context) error {
				db, err := OpenReadOnly(ctx, ReadOptions{Dir: dir, Log: slog.New(onRecord(func(r slog.Record) {
					if r.Level >= slog.LevelWarn {
						told++
					}
				}))})
				if err == nil {
					err = db.Close()
				}
				return err
			}
			if err := read(t.Context()); err != nil || told > 0 {
				t.Fatalf("what is whole: %v, told %d times", err, told)
			}
			blocks, err := listBlocks(dir)
			if err != nil || len(blocks) < 2 {
				t.Fatal(blocks, err)
			}
			if err := damage(dir, filepath.Join(dir, blocks[0])); err != nil {
				t.Fatal(err)
			}
			index := filepath.Join(dir, blocks[1], "index")
			if err := os.Rename(index, index+"-gone"); err != nil { // as if the block went meanwhile
				t.Fatal(err)
			}
			once, cancel := context.WithCancel(t.Context())
			cancel()
			if err := read(once); !errors.Is(err, context.Canceled) || told > 0 {
				t.Errorf("an attempt that failed: %v, told %d times", err, told)
			}
			if err := os.Rename(index+"-gone", index); err != nil {
				t.Fatal(err)
			}
			if err := read(t.Context()); err != nil || told != 1 {
				t.Errorf("what is damaged: %v, told %d times", err, told)
			}
		})
	}
}
