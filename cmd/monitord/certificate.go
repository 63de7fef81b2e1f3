package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"monitord/cmd/monitord/config"
)

// lookEach is how often the files of the certificate are read. What is there is
// compared, not when it was written or whether anybody says so: links that are
// swapped, as Kubernetes does it, change without an event of their own.
const lookEach = 2 * time.Second

// A certificate is the pair that is shown to clients, and follows its files. A
// pair that is broken changes nothing: the one before stays in force. It is safe
// for concurrent use.
type certificate struct {
	log     *slog.Logger
	current atomic.Pointer[tls.Certificate]
	failed  atomic.Bool

	mu      sync.Mutex // guards the fields below
	files   config.TLS
	inForce content
	broken  content // what was found broken last, and...
	told    bool    // ...whether that has been said
}

// content stands for what both files hold, or for why they cannot be read.
type content = [sha256.Size]byte

// loadCertificate reads the files, which must hold a pair.
func loadCertificate(files config.TLS, log *slog.Logger) (*certificate, error) {
	c := &certificate{log: log}
	pair, found, err := files.Load()
	if err != nil {
		return nil, err
	}
	c.use(files, pair, found)
	return c, nil
}

// use follows these files from now on, which have just been loaded.
func (c *certificate) use(files config.TLS, pair *tls.Certificate, found content) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files = files
	c.take(pair, found)
}

// get is for tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// Run follows the files until ctx ends. Without a certificate it has nothing to do.
func (c *certificate) Run(ctx context.Context) error {
	if c == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(lookEach)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			c.look()
		}
	}
}

// look reads the files. A new pair is taken at once. One that is broken may be half
// written: that is said when it is found the same again.
func (c *certificate) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	pair, found, err := c.files.Load()
	if found == c.inForce {
		c.failed.Store(false)
		c.broken, c.told = content{}, false
		return
	}
	switch {
	case err == nil:
		c.take(pair, found)
	case found != c.broken:
		c.broken, c.told = found, false
	case !c.told:
		c.told = true
		c.failed.Store(true)
		c.log.Error("certificate not reloaded, the old one stays in force", "error", "server.tls."+err.Error(),
			"expires", c.current.Load().Leaf.NotAfter)
	}
}

// take puts a pair in force.
func (c *certificate) take(pair *tls.Certificate, found content) {
	first := c.current.Swap(pair) == nil
	changed := c.inForce != found
	c.inForce, c.broken, c.told = found, content{}, false
	c.failed.Store(false)
	leaf := pair.Leaf
	if now := time.Now(); now.After(leaf.NotAfter) || now.Before(leaf.NotBefore) {
		c.log.Warn("certificate is not valid now", "file", c.files.CertFile, "from", leaf.NotBefore, "to", leaf.NotAfter)
	}
	if !first && changed {
		c.log.Info("certificate reloaded", "subject", leaf.Subject.String(), "names", leaf.DNSNames, "expires", leaf.NotAfter)
	}
}

// validity is the time in which the pair in force is valid.
func (c *certificate) validity() (from, to time.Time) {
	leaf := c.current.Load().Leaf
	return leaf.NotBefore, leaf.NotAfter
}
