package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestStaleSocketIsReplacedAndALiveOneIsNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false) // as kill -9 leaves it
	dead.Close()

	live, err := openListeners([]string{"127.0.0.1:0", "unix:" + path})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range live {
		defer l.Close()
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("the socket is %v, %v", info.Mode(), err)
	}
	if _, err := openListeners([]string{"unix:" + path}); err == nil {
		t.Error("a socket that somebody listens on was taken over")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openListeners([]string{"unix:" + file}); err == nil {
		t.Error("a file that is no socket was taken over")
	}
	if text, _ := os.ReadFile(file); string(text) != "precious" {
		t.Error("the file was changed")
	}
}

func TestNoListenerStaysOpenWhenOneFails(t *testing.T) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	path := filepath.Join(t.TempDir(), "m.sock")
	if _, err := openListeners([]string{"unix:" + path, first.Addr().String()}); err == nil {
		t.Fatal("an address in use was opened")
	}
	if _, err := net.Dial("unix", path); err == nil {
		t.Error("the first listener is still open")
	}
}
