package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ReadFile returns what a regular file holds that is no longer than the limit. The
// error does not name the file.
func ReadFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	var because *fs.PathError
	if errors.As(err, &because) {
		return nil, because.Err
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("no regular file of at most %s", formatSize(limit))
	}
	return os.ReadFile(path)
}

// Expand returns the files that a pattern means, which is relative to dir. One without
// a wildcard must name a file.
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
	if _, err := os.ReadDir(filepath.Dir(base + "x")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("is %q, whose directory cannot be read (%w), correct its permissions", pattern, Cause(err))
	}
	return found, nil
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
