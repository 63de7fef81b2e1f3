package history

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// logDirs are the directories of what is not in a block yet.
func logDirs() []string { return []string{"wal", "wbl", "chunks_head"} }

// copyLogs copies the logs. That one of their files went meanwhile is an error.
func copyLogs(dir, temp string) error {
	for _, name := range logDirs() {
		from, to := filepath.Join(dir, name), filepath.Join(temp, name)
		before, err := listFiles(from)
		if err != nil {
			return err
		}
		if name == "wal" {
			if err := os.MkdirAll(to, 0o750); err != nil {
				return err
			}
		}
		for _, file := range before {
			if err := copyFile(filepath.Join(from, file), filepath.Join(to, file)); err != nil {
				return err
			}
		}
		after, err := listFiles(from)
		if err != nil {
			return err
		}
		for _, file := range before {
			if !slices.Contains(after, file) {
				return fmt.Errorf("%s: %w", filepath.Join(from, file), fs.ErrNotExist)
			}
		}
	}
	return nil
}

// listFiles returns the files below a directory, which need not be there. Where a
// checkpoint is being made is left out.
func listFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if path == dir && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if e.IsDir() {
			if filepath.Ext(path) == ".tmp" {
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(dir, path)
		files = append(files, rel)
		return err
	})
	return files, err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
