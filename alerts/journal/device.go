package journal

import "os"

// device is what the journal does to the disk, so that tests can make it fail.
// Each function is the real one in [realDevice].
type device struct {
	create func(path string, size int64) (*os.File, error) // new file with its space allocated
	write  func(f *os.File, b []byte, off int64) error
	sync   func(f *os.File) error
}

func realDevice() device {
	return device{
		create: createFile,
		write: func(f *os.File, b []byte, off int64) error {
			_, err := f.WriteAt(b, off)
			return err
		},
		sync: datasync,
	}
}

// unfinished ends the name of a file whose space is being allocated.
const unfinished = ".new"

// createFile makes a file of zeros whose space is allocated, durable together
// with its name. It gets the name at the end, so that a file of that name which
// is shorter has been cut. What createFile could not finish it removes.
func createFile(path string, size int64) (_ *os.File, err error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, &os.PathError{Op: "create", Path: path, Err: os.ErrExist}
	}
	f, err := os.OpenFile(path+unfinished, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(path + unfinished)
		}
	}()
	if err := allocate(f, size); err != nil {
		return nil, &os.PathError{Op: "allocate", Path: path, Err: err}
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	if err := os.Rename(path+unfinished, path); err != nil {
		return nil, err
	}
	return f, syncDir(path)
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
