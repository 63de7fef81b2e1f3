package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"monitord/stream/client"
	"monitord/stream/wire"
)

// startSecured starts a daemon with a certificate, which is written into dir.
func startSecured(t *testing.T, dir string, number int64) *testDaemon {
	t.Helper()
	files := writePair(t, dir, number)
	d := startDaemon(t, dir)
	d.trust(files.CertFile)
	return d
}

const tlsTable = "[server.tls]\ncert_file = \"tls.crt\"\nkey_file = \"tls.key\"\n"

// trust makes the tests reach the daemon through the certificate in a file.
func (d *testDaemon) trust(file string) *tls.Config {
	d.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		d.t.Fatalf("no certificate in %s", file)
	}
	c := &tls.Config{RootCAs: roots}
	d.transport = &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}
	return c
}

func TestDaemonSpeaksTLS(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, tlsTable)
	d := startSecured(t, dir, 1)
	if !strings.HasPrefix(d.URL(), "https://127.0.0.1:") {
		t.Fatalf("it listens at %s", d.URL())
	}
	for path, want := range map[string]int{"/": 200, "/healthz": 200, "/metrics": 200, "/api/v1/stream": 200} {
		if got, body := d.get(path); got != want {
			t.Errorf("GET %s: status %d, want %d: %.200s", path, got, want, body)
		}
	}
	eventually(t, "the certificate shows in the metrics", func() bool {
		return d.query("monitord_tls_reload_successful", "instance")["test-host"] == "1" &&
			len(d.query("monitord_tls_certificate_expiry_timestamp_seconds > time()", "instance")) == 1
	})

	// In the clear there is one answer.
	resp, err := http.Get(strings.Replace(d.URL(), "https", "http", 1) + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || !strings.Contains(string(body), "HTTPS server") {
		t.Errorf("in the clear: status %d, %q", resp.StatusCode, body)
	}

	// The page's own origin is https here.
	host := strings.TrimPrefix(d.URL(), "https://")
	for origin, want := range map[string]int{"https://" + host: 200, "http://" + host: 403, "https://evil.example": 403, "null": 403} {
		r := mustRequest(t, "GET", d.URL()+"/healthz")
		r.Header.Set("Origin", origin)
		resp, err := d.transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("origin %s: status %d, want %d", origin, resp.StatusCode, want)
		}
	}
}

// The client and `watch` follow over wss; the system's authorities are those of
// SSL_CERT_FILE if that is set.
func TestWatchOverTLS(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, tlsTable)
	d := startSecured(t, dir, 1)
	got := 0
	c, err := client.New(client.Options{URL: d.URL(), TLS: d.trust(dir + "/tls.crt")}, wire.Request{Op: wire.OpSubscribe, ID: "1", Kind: wire.KindQuery, Expr: "up"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context(), func(i client.Item) error {
		if _, ok := i.Message.(*wire.Samples); ok {
			got++
		}
		if got == 2 {
			return client.ErrStop
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	code, out, errs := runMain(t, []string{"SSL_CERT_FILE=" + dir + "/tls.crt"}, "watch", "--url", d.URL(), "-n", "1", "-o", "json", "up")
	if code != 0 || !strings.Contains(out, `"value":1`) {
		t.Errorf("watch: exit code %d\n%s\n%s", code, out, errs)
	}
	code, _, errs = runMain(t, nil, "watch", "--url", d.URL(), "-n", "1", "up")
	if code != exitNoConnect || !strings.Contains(errs, "SSL_CERT_FILE") {
		t.Errorf("without the authority: exit code %d\n%s", code, errs)
	}
}

// runMain runs the program with more variables in its environment.
func runMain(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), asDaemon+"=1"), environ...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// Certificates come and go while the daemon runs.
func TestCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, tlsTable)
	d := startSecured(t, dir, 1)
	shown := func() int64 {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(d.URL(), "https://"), &tls.Config{InsecureSkipVerify: true}) // its number is all that is looked at
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := shown(); n != 1 {
		t.Fatalf("number %d", n)
	}
	files := writePair(t, dir, 2)
	eventually(t, "the new one is shown", func() bool { return shown() == 2 })
	writePair(t, dir, 3)
	d.signal(syscall.SIGHUP)
	eventually(t, "the next is shown", func() bool { return shown() == 3 })
	d.trust(files.CertFile)
	_, key := newPair(t, 4)
	writeFile(t, files.KeyFile, key)
	eventually(t, "the broken pair shows", func() bool {
		return d.query("monitord_tls_reload_successful", "instance")["test-host"] == "0"
	})
	if shown() != 3 {
		t.Error("the old one is not in force any more")
	}
	d.signal(syscall.SIGHUP)
	eventually(t, "the fault is told", func() bool {
		return strings.Contains(d.log(), "monitord.toml:5: server.tls.key_file: is not the key of the certificate")
	})
	writeConfig(t, dir, "")
	d.signal(syscall.SIGHUP)
	eventually(t, "a restart is asked for", func() bool { return strings.Contains(d.log(), "key=server.tls") })
	if shown() != 3 {
		t.Error("TLS is off without a restart")
	}
	for _, secret := range strings.Fields(string(key)) {
		if len(secret) > 30 && strings.Contains(d.log(), secret) {
			t.Error("the key is in the log")
		}
	}
}
