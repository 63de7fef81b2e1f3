package history

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/wlog"
)

// damagedPrefix is what the name of something set aside begins with: the storage
// takes it for nothing of its own.
const damagedPrefix = "damaged-"

// openStorage opens the storage. What is damaged costs itself, not everything:
// blocks that cannot be opened are set aside, and so is the log of the last hour
// if it cannot be read. Both are looked at first, because an attempt of the
// storage that fails leaves goroutines and files behind.
func openStorage(dir string, log *slog.Logger, opts *tsdb.Options) (*tsdb.DB, error) {
	names, err := setBlocksAside(dir)
	if err != nil {
		return nil, err
	}
	if len(names) > 0 {
		log.Error("damaged blocks of the history set aside", "dir", dir, "blocks", names)
	}
	var db *tsdb.DB
	if err = mendLogs(dir, log); err == nil {
		db, err = tsdb.Open(dir, log, nil, opts, nil)
	}
	if err == nil || isTrouble(err) {
		return db, err
	}
	names, asideErr := setLogAside(dir)
	if asideErr != nil {
		return nil, errors.Join(err, asideErr)
	}
	log.Error("damaged log of the history set aside", "dir", dir, "names", names, "err", err)
	return tsdb.Open(dir, log, nil, opts, nil)
}

// isTrouble says whether an error is the system's and not damage: it may pass.
func isTrouble(err error) bool {
	var errno syscall.Errno
	return errors.As(err, &errno) && !errors.Is(err, fs.ErrNotExist)
}

// setBlocksAside renames the blocks that cannot be opened.
func setBlocksAside(dir string) ([]string, error) {
	blocks, err := listBlocks(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range blocks {
		b, err := tsdb.OpenBlock(nil, filepath.Join(dir, name), nil, nil)
		if err == nil {
			err = b.Close()
		}
		if err == nil || isTrouble(err) {
			continue
		}
		if err := setAside(dir, name); err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}

// listBlocks returns the names of the directories of blocks, readable or not.
func listBlocks(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if _, err := ulid.ParseStrict(e.Name()); err == nil && e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// setLogAside renames the log and everything that refers to it.
func setLogAside(dir string) ([]string, error) {
	var names []string
	for _, name := range []string{"wal", wlog.WblDirName, "chunks_head"} {
		err := setAside(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}

// setAside renames something, replacing what was set aside under its name before.
func setAside(dir, name string) error {
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		return err
	}
	aside := filepath.Join(dir, damagedPrefix+name)
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("make room for what is damaged: %w", err)
	}
	return os.Rename(filepath.Join(dir, name), aside)
}
