package config

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// TLS is the certificate that is shown at every TCP address.
type TLS struct {
	// CertFile has the certificate in PEM, the server's own first, then those
	// that lead to its authority. Empty: TLS is not spoken.
	CertFile string `toml:"cert_file" path:"true"`
	// KeyFile has its private key in PEM, without a passphrase.
	KeyFile string `toml:"key_file" path:"true"`
}

// maxPEM bounds what is read of either file.
const maxPEM = 1 << 20

// Enabled tells whether TLS is spoken.
func (c TLS) Enabled() bool { return c.CertFile != "" }

// Validate returns every fault. It reads both files.
func (c TLS) Validate() []error {
	switch {
	case c.CertFile == "" && c.KeyFile == "":
		return nil
	case c.KeyFile == "":
		return []error{errors.New("key_file: is missing, name the private key of cert_file")}
	case c.CertFile == "":
		return []error{errors.New("cert_file: is missing, name the certificate of key_file")}
	}
	if _, _, err := c.Load(); err != nil {
		return []error{err}
	}
	return nil
}

// Load returns the pair that is in the files now, or why it is none, and what
// stands for what they hold, readable or not.
func (c TLS) Load() (*tls.Certificate, [sha256.Size]byte, error) {
	cert, key, err := c.read()
	if err != nil {
		return nil, sha256.Sum256([]byte(err.Error())), err
	}
	a, b := sha256.Sum256(cert), sha256.Sum256(key)
	found := sha256.Sum256(append(a[:], b[:]...))
	pair, err := pairOf(cert, key)
	return pair, found, err
}

// read returns what both files hold now.
func (c TLS) read() (cert, key []byte, err error) {
	if cert, err = ReadFile(c.CertFile, maxPEM); err != nil {
		return nil, nil, fmt.Errorf("cert_file: cannot be read (%w), correct the path or its permissions", err)
	}
	if key, err = ReadFile(c.KeyFile, maxPEM); err != nil {
		return nil, nil, fmt.Errorf("key_file: cannot be read (%w), correct the path or its permissions", err)
	}
	return cert, key, nil
}

// pairOf makes a certificate of two texts. What is wrong with the key is told
// without anything of it.
func pairOf(cert, key []byte) (*tls.Certificate, error) {
	leaf := firstBlock(cert, func(kind string) bool { return kind == "CERTIFICATE" })
	if leaf == nil {
		return nil, errors.New("cert_file: holds no certificate, write it in PEM (-----BEGIN CERTIFICATE-----)")
	}
	if _, err := x509.ParseCertificate(leaf.Bytes); err != nil {
		return nil, fmt.Errorf("cert_file: holds a certificate that cannot be read (%w), write it again", err)
	}
	private := firstBlock(key, func(kind string) bool { return strings.HasSuffix(kind, "PRIVATE KEY") })
	switch {
	case private == nil:
		return nil, errors.New("key_file: holds no private key, write it in PEM (-----BEGIN PRIVATE KEY-----)")
	case private.Type == "ENCRYPTED PRIVATE KEY" || private.Headers["DEK-Info"] != "":
		return nil, errors.New("key_file: is encrypted, write the key without a passphrase and protect the file")
	}
	pair, err := tls.X509KeyPair(cert, key)
	switch {
	case err != nil && strings.Contains(err.Error(), "does not match"):
		return nil, errors.New("key_file: is not the key of the certificate in cert_file, name two files that belong together")
	case err != nil:
		return nil, errors.New("key_file: holds a private key that cannot be read, write it again (RSA, ECDSA or Ed25519)")
	}
	return &pair, nil
}

func firstBlock(text []byte, of func(kind string) bool) *pem.Block {
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil || of(b.Type) {
			return b
		}
	}
}
