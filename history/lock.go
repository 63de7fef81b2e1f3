package history

import (
	"errors"
	"path/filepath"
	"syscall"

	"github.com/prometheus/prometheus/tsdb/fileutil"
)

var errLocked = errors.New("directory is in use")

// A dirLock keeps a second daemon out of a directory for as long as this
// process lives. It is held while the storage is closed and opened again, so
// the storage's own lock is off. Its file stays: removing it would let two
// processes lock two files of one name.
type dirLock struct{ file fileutil.Releaser }

func lockDir(dir string) (*dirLock, error) {
	file, _, err := fileutil.Flock(filepath.Join(dir, "history.lock"))
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errLocked
	}
	if err != nil {
		return nil, err
	}
	return &dirLock{file: file}, nil
}

func (l *dirLock) release() error { return l.file.Release() }
