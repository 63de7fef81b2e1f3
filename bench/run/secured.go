package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"monitord/bench/linux"
)

// secured measures what a connection over TLS costs the server: its handshake, and
// its memory while it is idle, right after and a minute later.
func secured(ctx context.Context, p plan, t *table) error {
	cert, key, roots, err := certificate(p.dir)
	if err != nil {
		return err
	}
	t.heading("TLS: %d connections to stream/echo, idle, each with its own handshake", p.connections)
	for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12} {
		s, err := start(ctx, "echo", p.echo, p.serverCPU, func(at string) []string {
			return []string{"-listen", at, "-cert", cert, "-key", key}
		})
		if err != nil {
			return err
		}
		err = securedAs(ctx, s, t, p.connections, p.settle, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: version, MaxVersion: version})
		s.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

func securedAs(ctx context.Context, s *server, t *table, n int, settle time.Duration, c *tls.Config) error {
	// One handshake loads what is loaded once.
	first, err := openSecured(ctx, s.address, 1, c)
	if err != nil {
		return err
	}
	defer first.close()
	empty, err := leastMemory(ctx, s, 5)
	if err != nil {
		return err
	}
	before, err := linux.CPU(s.pid())
	if err != nil {
		return err
	}
	f, err := openSecured(ctx, s.address, n, c)
	if err != nil {
		return err
	}
	defer f.close()
	after, err := linux.CPU(s.pid())
	if err != nil {
		return err
	}
	soon, err := linux.MemoryOf(s.pid())
	if err != nil {
		return err
	}
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	later, err := leastMemory(ctx, s, 5)
	if err != nil {
		return err
	}
	if lost := f.lost.Load(); lost > 0 {
		return fmt.Errorf("%d of %d connections were lost", lost, n)
	}
	each := func(m linux.Memory) string { return fmt.Sprintf("%.0f", float64(m.Anon-empty.Anon)/float64(n)) }
	name := tls.VersionName(c.MaxVersion)
	t.row(name+": µs of the server's processor a handshake", fmt.Sprintf("%.0f", float64((after-before).Microseconds())/float64(n)), "")
	t.row("    resident bytes a connection, at once", each(soon), "")
	target := ""
	if c.MaxVersion == tls.VersionTLS13 {
		target = "8192"
	}
	t.row(fmt.Sprintf("    the same after %v", settle), each(later), target)
	return nil
}

// certificate writes a certificate for localhost that signs itself.
func certificate(dir string) (certFile, keyFile string, roots *x509.CertPool, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", nil, fmt.Errorf("make a key: %w", err)
	}
	what := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, what, what, key.Public(), key)
	if err != nil {
		return "", "", nil, fmt.Errorf("make a certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", nil, fmt.Errorf("write a key: %w", err)
	}
	certFile, keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(certFile, text, 0o600); err != nil {
		return "", "", nil, err
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return certFile, keyFile, roots, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600)
}
