//go:build torture

package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A crowd whose requests have a body that does not come is closed when it should
// have come, half a minute after the request.
func TestCrowdOfStalledBodies(t *testing.T) {
	d := startDaemon(t, daemonDir(t, ""))
	var crowd []net.Conn
	for range 1000 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.URL(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nquery=up")
		crowd = append(crowd, conn)
	}
	began := time.Now()
	if status, _ := d.get("/api/v1/query?query=up"); status != 200 {
		t.Errorf("an honest request: status %d", status)
	}
	for _, conn := range crowd {
		_ = conn.SetDeadline(began.Add(40 * time.Second))
		if _, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("after %v: %v", time.Since(began), err)
		}
	}
	t.Logf("all closed after %v", time.Since(began))
}
