package collectors

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKernelFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	k := newKernelFile(path)
	if _, err := k.read(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("read what is not there: %v", err)
	}
	for _, content := range []string{"short", "", strings.Repeat("long ", 5000), strings.Repeat("x", 4096), "short again"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := k.read(); err != nil || string(got) != content {
			t.Errorf("read %d bytes of %d, %v", len(got), len(content), err)
		}
	}
	for range 2 {
		if err := k.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if got, err := k.read(); err != nil || string(got) != "short again" {
		t.Errorf("read after close: %q, %v", got, err)
	}
	if err := k.file.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := k.read(); err == nil {
		t.Error("read of a broken file succeeded")
	}
	if got, err := k.read(); err != nil || string(got) != "short again" {
		t.Errorf("read after a failure: %q, %v", got, err)
	}
	if err := os.Truncate(path, maxKernelFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := k.read(); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("read without bound: %v", err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
}
