package hooks

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// maxSecretFile bounds what is read from a file that holds a secret.
const maxSecretFile = 64 << 10

// oneOf returns the value of a key that may be given in a file instead.
func oneOf(key, value, file string) (string, error) {
	if file == "" {
		return value, nil
	}
	if value != "" {
		return "", fmt.Errorf("%s_file: is given beside %s, keep one of them", key, key)
	}
	b, err := readSecret(file)
	if err != nil {
		return "", fmt.Errorf("%s_file: cannot be read (%w), correct the path, the file or its permissions", key, err)
	}
	text := strings.TrimSpace(string(b))
	if text == "" || len(b) > maxSecretFile {
		return "", fmt.Errorf("%s_file: %s is empty or larger than 64KiB, write the value into it and nothing else", key, file)
	}
	return text, nil
}

// readSecret reads up to one byte more than a file may have. What is no file, such as
// a pipe that nobody writes to, holds up neither a start nor a reload.
func readSecret(file string) ([]byte, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", file)
	}
	return io.ReadAll(io.LimitReader(f, maxSecretFile+1))
}
