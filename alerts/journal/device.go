package journal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// device is what the journal does to the disk, beside reading the files that it has
// open once it has been opened itself, so that tests can make any of it fail. Each
// function is the real one in [realDevice].
type device struct {
	reader   func(f *os.File) io.ReaderAt // nil: the file itself
	list     func(dir string) ([]os.DirEntry, error)
	mkdir    func(path string) error
	open     func(path string, flag int) (*os.File, error)
	allocate func(f *os.File, size int64) error // the space of a new file
	write    func(f *os.File, b []byte, off int64) error
	sync     func(f *os.File) error // what was written; the size has not changed
	syncAll  func(f *os.File) error // of a new file
	syncDir  func(path string) error
	rename   func(from, to string) error
	remove   func(path string) error
}

func realDevice() device {
	return device{
		list:     os.ReadDir,
		mkdir:    func(path string) error { return os.Mkdir(path, 0o700) },
		open:     func(path string, flag int) (*os.File, error) { return os.OpenFile(path, flag, 0o600) },
		allocate: allocate,
		write: func(f *os.File, b []byte, off int64) error {
			_, err := f.WriteAt(b, off)
			return err
		},
		sync:    datasync,
		syncAll: (*os.File).Sync,
		syncDir: syncDir,
		rename:  os.Rename,
		remove:  os.Remove,
	}
}

// from is what a file is read through.
func (d device) from(f *os.File) io.ReaderAt {
	if d.reader == nil {
		return f
	}
	return d.reader(f)
}

// unfinished ends the name of a file whose space is being allocated.
const unfinished = ".new"

// create makes a file of zeros whose space is allocated, durable together with its
// name. It gets the name at the end, so that a file of that name which is shorter
// has been cut. What create could not finish it removes.
func (d device) create(path string, size int64) (_ *os.File, err error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: os.ErrExist}
	}
	name := path + unfinished
	f, err := d.open(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
			_ = d.remove(name) // it is in nobody's way
		}
	}()
	if err := d.allocate(f, size); err != nil {
		return nil, &os.PathError{Op: "allocate", Path: path, Err: err}
	}
	if err := d.syncAll(f); err != nil {
		return nil, err
	}
	if err := d.rename(name, path); err != nil {
		return nil, err
	}
	name = path
	if err := d.syncDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	return f, nil
}

// makeDir makes the directory and those above it.
func (d device) makeDir(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return &os.PathError{Op: "mkdir", Path: path, Err: syscall.ENOTDIR}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if above := filepath.Dir(path); above != path {
		if err := d.makeDir(above); err != nil {
			return err
		}
	}
	if err := d.mkdir(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// syncAbove makes the name of a directory durable, and those of all above it:
// whoever made them, perhaps a process that was killed, may not have.
func (d device) syncAbove(path string) error {
	path, err := filepath.Abs(path)
	for above := filepath.Dir(path); err == nil && above != path; path, above = above, filepath.Dir(above) {
		if err := d.syncDir(above); passes(err) {
			return err
		}
		// Any other error is of a directory that this process may not read, or
		// of a system that knows no such thing.
	}
	return err
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// writeZeros allocates where the system cannot.
func writeZeros(f *os.File, size int64) error {
	b := make([]byte, 64<<10)
	for off := int64(0); off < size; off += int64(len(b)) {
		if _, err := f.WriteAt(b[:min(int64(len(b)), size-off)], off); err != nil {
			return err
		}
	}
	return nil
}
