//go:build outside

package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestOutsideOpenSSL follows the stream through OpenSSL, which changes the keys of
// TLS 1.3 in between again and again and wants ours changed as well.
func TestOutsideOpenSSL(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, tlsTable)
	d := startSecured(t, dir, 1)
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run(version, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "openssl", "s_client", version, "-connect", strings.TrimPrefix(d.URL(), "https://"),
				"-CAfile", dir+"/tls.crt", "-verify_return_error", "-servername", "localhost", "-alpn", "http/1.1")
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			read, write := io.Pipe()
			cmd.Stdout, cmd.Stderr = write, write
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				in.Close()
				cmd.Process.Kill()
				read.Close()
				cmd.Wait()
			}()
			deadline := time.AfterFunc(patience, func() { cmd.Process.Kill(); write.Close() })
			defer deadline.Stop()
			said := bufio.NewReader(read)
			expect := func(want string) {
				t.Helper()
				var seen strings.Builder
				for !strings.HasSuffix(seen.String(), want) {
					b, err := said.ReadByte()
					if err != nil {
						t.Fatalf("no %q: %v after %q", want, err, seen.String())
					}
					seen.WriteByte(b)
				}
			}
			expect("Verify return code: 0 (ok)")
			expect("---\n")
			fmt.Fprint(in, "GET /api/v1/stream?samples=up HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
			expect(`"op":"hello"`)
			for i := range 40 { // more than crypto/tls takes without data in between
				if version == "-tls1_3" {
					fmt.Fprint(in, "K\n")
					expect("KEYUPDATE\n")
				}
				in.Write(frameBytes(t, text(fmt.Sprintf(`{"op":"ping","t":%d}`, 7000+i))))
				expect(fmt.Sprintf(`{"op":"pong","t":%d,`, 7000+i))
			}
			expect(`"op":"samples"`)
		})
	}
}
