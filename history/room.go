package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	outOfOrderRoom = 4 << 20  // free bytes without which nothing is stored out of order
	reopenRoom     = 16 << 20 // bytes that must fit before the storage is opened again: what closing and opening write
)

// hasRoom says whether the disk has some room left.
func hasRoom(dir string) bool {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return false
	}
	return uint64(fs.Bavail)*uint64(fs.Bsize) >= outOfOrderRoom
}

// probe finds out whether a disk takes as much as closing and opening the
// storage may write. Only writing tells: quotas, limits and errors show in no
// count of free blocks.
func probe(dir string) error {
	path := filepath.Join(dir, "probe")
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("probe the disk: %w", err)
	}
	buf := make([]byte, 256<<10)
	for n := 0; n < reopenRoom && err == nil; n += len(buf) {
		_, err = f.Write(buf)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close(), os.Remove(path))
	if err != nil {
		return fmt.Errorf("probe the disk: %w", err)
	}
	return nil
}
