package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"monitord/stream"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "address to listen on")
	broadcast := flag.Int("broadcast", 0, "bytes of a text message sent to every connection (0: none)")
	every := flag.Duration("every", time.Second, "time between two broadcasts")
	topics := flag.Int("topics", 1, "topics that each broadcast sends a message to")
	follow := flag.Int("follow", 1, "how many of the topics each connection follows, in turn")
	ping := flag.Duration("ping", stream.DefaultConfig().PingInterval, "the ping interval: a connection is pinged twice in it")
	cert := flag.String("cert", "", "speak TLS with the certificate in this `FILE`")
	key := flag.String("key", "", "and its private key in this `FILE`")
	flag.Parse()
	o := options{size: *broadcast, every: *every, topics: *topics, follow: *follow, ping: *ping}
	if err := o.check(); err != nil || flag.NArg() > 0 || (*cert == "") != (*key == "") {
		fmt.Fprintln(os.Stderr, "echo:", cmp.Or(err, errors.New("no arguments are taken, and -cert and -key only together")))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Pings find out who is gone, and no client asks for several paths.
	lc := net.ListenConfig{KeepAlive: -1}
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(ctx, "tcp", *listen)
	if err == nil {
		fmt.Fprintln(os.Stderr, "listening on", ln.Addr())
		var secure *tls.Config
		if secure, err = secureWith(*cert, *key); err == nil {
			err = run(ctx, ln, secure, o)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// secureWith returns nil without files.
func secureWith(cert, key string) (*tls.Config, error) {
	if cert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}, nil
}

// options is what is asked for.
type options struct {
	size           int // of a broadcast; 0: there is none
	every          time.Duration
	topics, follow int
	ping           time.Duration
}

func (o options) check() error {
	switch {
	case o.size < 0 || o.size > 16<<20 || o.every < time.Millisecond:
		return errors.New("-broadcast must be from 0 to 16777216, -every at least 1ms")
	case o.topics < 1 || o.topics > 100_000 || o.follow < 1 || o.follow > min(o.topics, 1024):
		return errors.New("-topics must be from 1 to 100000, -follow from 1 to as many, and at most 1024")
	}
	return nil
}

// run serves until ctx ends, over TLS unless secure is nil. It closes the listener.
func run(ctx context.Context, ln net.Listener, secure *tls.Config, o options) error {
	defer ln.Close()
	h := &handler{follow: o.follow}
	c := stream.DefaultConfig()
	c.MaxMessage, c.MessageTimeout = 16<<20, time.Minute
	c.MaxSubscriptions = max(c.MaxSubscriptions, o.follow)
	c.PingInterval = o.ping
	if err := errors.Join(c.Validate()...); err != nil {
		return err
	}
	e, err := stream.New(h, stream.Options{Config: c, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	if o.size > 0 {
		for range o.topics {
			h.topics = append(h.topics, e.NewTopic(stream.TopicOptions{Skip: true}))
		}
	}
	if secure != nil {
		ln, err = e.ListenTLS(ln, secure)
	} else {
		ln, err = e.Listen(ln)
	}
	if err != nil {
		return err
	}
	server := &http.Server{Handler: e, ReadHeaderTimeout: c.HandshakeTimeout, MaxHeaderBytes: 12 << 10}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	var work sync.WaitGroup
	if o.size > 0 {
		work.Go(func() { h.broadcast(ctx, e, o.size, o.every) })
	}
	err = e.Run(ctx)
	work.Wait()
	if cerr := server.Close(); err == nil {
		err = cerr
	}
	if serr := <-served; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}
