package journal

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// lock takes the directory for this process, until the file is closed. Where
// nothing can be written, a lock on the file that is there does as well.
func (d device) lock(path string) (*os.File, error) {
	f, err := d.open(path, os.O_RDWR|os.O_CREATE)
	if errors.Is(err, syscall.EROFS) {
		var again error
		if f, again = d.open(path, os.O_RDONLY); again != nil {
			return nil, err
		}
		err = nil
	}
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return f, nil
}
