package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// ReadFile returns what a regular file holds that is no longer than the limit. What
// is no file, such as a pipe that nobody writes to, holds up nobody. The error does
// not name the file.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, Cause(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, Cause(err)
	case info.IsDir():
		return nil, errors.New("it is a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file")
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, Cause(err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("it is larger than %s", formatSize(limit))
	}
	return text, nil
}

// unread is the fault of a file that ReadFile could not read.
func unread(path string, err error) Fault {
	return Fault{File: path, Msg: fmt.Sprintf("cannot be read (%v), correct the path, the file or its permissions", err)}
}

// Expand returns the files that a pattern means, which is relative to dir. One without
// a wildcard must name a file. As in a shell, a wildcard stands for no name that begins
// with a dot: editors keep such files beside those that they write.
func Expand(pattern, dir string) ([]string, error) {
	if pattern == "" {
		return nil, errors.New("is empty, write a file or a pattern such as rules.d/*.toml")
	}
	below := !filepath.IsAbs(pattern) && dir != ""
	if !strings.ContainsAny(pattern, `*?[`) {
		if below {
			pattern = filepath.Join(dir, pattern)
		}
		if _, err := os.Stat(pattern); err != nil {
			return nil, fmt.Errorf("is %q, which cannot be read (%w), correct the path or take it out", pattern, Cause(err))
		}
		return []string{filepath.Clean(pattern)}, nil
	}
	if below {
		pattern = filepath.Join(escapePattern(dir), pattern)
	}
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("is %q, which is no pattern, write one such as rules.d/*.toml", pattern)
	}
	// Glob takes a directory that it may not read for an empty one.
	base := pattern[:strings.IndexAny(pattern, `*?[\`)]
	if err := readable(filepath.Dir(base + "x")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("is %q, whose directory cannot be read (%w), correct its permissions", pattern, Cause(err))
	}
	if !strings.HasPrefix(filepath.Base(pattern), ".") {
		found = slices.DeleteFunc(found, func(name string) bool { return strings.HasPrefix(filepath.Base(name), ".") })
	}
	return found, nil
}

// readable tells whether the names in a directory may be read.
func readable(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Readdirnames(1); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// Cause is what went wrong, without the path.
func Cause(err error) error {
	var because *fs.PathError
	if errors.As(err, &because) {
		return because.Err
	}
	return err
}

// escapePattern makes a pattern that matches a path and nothing else.
func escapePattern(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
