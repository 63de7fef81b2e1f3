package config

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLook: a file that appears at the default path is found later, too, and one that
// was found and is gone, or has nothing in it any more, is a fault.
func TestLook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etc", "monitord.toml")
	src := Source{search: path}.Look()
	if c, err := src.Load(); err != nil || c.Log.Level != "info" || src.Path != "" {
		t.Fatalf("%v, %+v without a file", err, src)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("log.level = \"debug\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	src = src.Look()
	if c, err := src.Load(); err != nil || c.Log.Level != "debug" {
		t.Fatalf("%v with a file", err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	src = src.Look()
	if c, err := src.Load(); err == nil || c != nil {
		t.Errorf("a file that was emptied was taken for the defaults: %v", err)
	}
	if c, err := Find(path, nil).Load(); err != nil || c.Log.Level != "info" {
		t.Errorf("a file that is empty from the start: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := src.Look().Load(); err == nil {
		t.Error("a file that is gone was taken for none")
	}
}
