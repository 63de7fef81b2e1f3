package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"monitord/cmd/monitord/config"
)

// newPair makes a certificate that signs itself, and its key, for loopback and the
// names given; the number tells it from others.
func newPair(t *testing.T, number int64, names ...string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	what := &x509.Certificate{
		SerialNumber: big.NewInt(number), DNSNames: append(names, "localhost"), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, what, what, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

func writeFile(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// writePair writes a new pair into a directory.
func writePair(t *testing.T, dir string, number int64) config.TLS {
	t.Helper()
	files := config.TLS{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}
	cert, key := newPair(t, number)
	writeFile(t, files.CertFile, cert)
	writeFile(t, files.KeyFile, key)
	return files
}

func (c *certificate) number() int64 { return c.current.Load().Leaf.SerialNumber.Int64() }

// However the files are exchanged, the new pair is in force at the next look.
func TestCertificateFollowsItsFiles(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	files := writePair(t, dir, 1)
	c, err := loadCertificate(files, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what string, number int64, failed bool) {
		t.Helper()
		c.look()
		if c.number() != number || c.failed.Load() != failed {
			t.Errorf("%s: number %d, failed %v, want %d, %v", what, c.number(), c.failed.Load(), number, failed)
		}
	}
	expect("nothing has changed", 1, false)

	writePair(t, dir, 2)
	expect("rewritten in place", 2, false)

	cert, key := newPair(t, 3)
	writeFile(t, filepath.Join(dir, "new.crt"), cert)
	writeFile(t, filepath.Join(dir, "new.key"), key)
	os.Rename(filepath.Join(dir, "new.crt"), files.CertFile)
	expect("half renamed", 2, false)
	os.Rename(filepath.Join(dir, "new.key"), files.KeyFile)
	expect("renamed", 3, false)

	info, err := os.Stat(files.CertFile)
	if err != nil {
		t.Fatal(err)
	}
	writePair(t, dir, 4)
	os.Chtimes(files.CertFile, time.Time{}, info.ModTime())
	os.Chtimes(files.KeyFile, time.Time{}, info.ModTime())
	expect("rewritten with the old time", 4, false)

	writeFile(t, files.KeyFile, key[:len(key)/2])
	expect("broken for the first time", 4, false)
	expect("broken for the second", 4, true)
	expect("and the third", 4, true)
	if n := strings.Count(log.String(), "certificate not reloaded"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
	os.Remove(files.CertFile)
	expect("gone", 4, true)
	expect("still gone", 4, true)
	if n := strings.Count(log.String(), "certificate not reloaded"); n != 2 {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
	writePair(t, dir, 5)
	expect("mended", 5, false)
	for line := range strings.Lines(string(key)) {
		if len(line) > 30 && strings.Contains(log.String(), strings.TrimSpace(line)) {
			t.Error("the key is in the log")
		}
	}
}

// Kubernetes swaps a link to a directory: tls.crt → ..data/tls.crt, ..data → ..2026.
func TestCertificateFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"..1", "..2"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		writePair(t, filepath.Join(dir, name), int64(i+1))
	}
	link := func(to, at string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, at)); err != nil {
			t.Fatal(err)
		}
	}
	link("..1", "..data")
	link("..data/tls.crt", "tls.crt")
	link("..data/tls.key", "tls.key")
	c, err := loadCertificate(config.TLS{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	link("..2", "..data_tmp")
	if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	if c.look(); c.number() != 2 {
		t.Errorf("number %d after the swap", c.number())
	}
}

func TestConfigTLSFaults(t *testing.T) {
	dir := t.TempDir()
	good := writePair(t, dir, 1)
	other := filepath.Join(dir, "other.key")
	_, key := newPair(t, 2)
	writeFile(t, other, key)
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		writeFile(t, path, []byte(text))
		return path
	}
	for name, tt := range map[string]struct{ cert, key, want string }{
		"no key":             {good.CertFile, "", "key_file: is missing"},
		"no certificate":     {"", good.KeyFile, "cert_file: is missing"},
		"not there":          {filepath.Join(dir, "none"), good.KeyFile, "cert_file: cannot be read (no such file"},
		"key not there":      {good.CertFile, filepath.Join(dir, "none"), "key_file: cannot be read (no such file"},
		"a directory":        {dir, good.KeyFile, "cert_file: cannot be read (it is a directory)"},
		"empty":              {file("empty", ""), good.KeyFile, "cert_file: holds no certificate"},
		"swapped":            {good.KeyFile, good.CertFile, "cert_file: holds no certificate"},
		"rubbish in PEM":     {file("pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), good.KeyFile, "cert_file: holds a certificate that cannot be read"},
		"no key in it":       {good.CertFile, good.CertFile, "key_file: holds no private key"},
		"rubbish in the key": {good.CertFile, file("key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "key_file: holds a private key that cannot be read"},
		"passphrase":         {good.CertFile, file("enc", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"), "key_file: is encrypted"},
		"another's key":      {good.CertFile, other, "key_file: is not the key of the certificate"},
	} {
		path := file("monitord.toml", "[server.tls]\ncert_file = \""+tt.cert+"\"\nkey_file = \""+tt.key+"\"\n")
		_, err := config.Source{Path: path}.Load()
		want := path + ":2: server.tls." + tt.want
		if strings.HasPrefix(tt.want, "key_file") {
			want = path + ":3: server.tls." + tt.want
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s…", name, err, want)
		}
	}
	path := file("monitord.toml", "[server.tls]\ncert_file = \""+good.CertFile+"\"\nkey_file = \""+good.KeyFile+"\"\n")
	if _, err := (config.Source{Path: path}).Load(); err != nil {
		t.Error(err)
	}
}
