package collectors

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxKernelFile bounds what is read of one file.
const maxKernelFile = 8 << 20

// A kernelFile is a file that the kernel makes anew whenever it is read from the
// start. It is kept open: opening and closing cost several times what reading
// does. The file is opened by the first read; when a read fails, the next one
// opens it again. One goroutine uses it; Close it when done.
type kernelFile struct {
	path string
	file *os.File // nil: not open
	buf  []byte
}

func newKernelFile(path string) *kernelFile { return &kernelFile{path: path} }

// read returns the content, which is valid until the next call.
func (k *kernelFile) read() ([]byte, error) {
	if k.file == nil {
		f, err := os.Open(k.path)
		if err != nil {
			return nil, err
		}
		k.file = f
	}
	if k.buf == nil {
		k.buf = make([]byte, 4096)
	}
	for filled := 0; ; {
		n, err := k.file.ReadAt(k.buf[filled:], int64(filled))
		filled += n
		switch {
		case errors.Is(err, io.EOF):
			return k.buf[:filled], nil
		case err != nil:
			return nil, errors.Join(err, k.Close())
		case len(k.buf) >= maxKernelFile:
			return nil, fmt.Errorf("read %s: more than %d bytes", k.path, maxKernelFile)
		}
		// The rest is read on from where it stopped, as everyone reads these
		// files; the next read has room for all of it at once.
		k.buf = append(k.buf, make([]byte, len(k.buf))...)
	}
}

// Close may be called more than once; a read opens the file again.
func (k *kernelFile) Close() error {
	if k.file == nil {
		return nil
	}
	f := k.file
	k.file = nil
	return f.Close()
}
