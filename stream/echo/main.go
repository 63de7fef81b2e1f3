package main

import (
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
	cert := flag.String("cert", "", "speak TLS with the certificate in this `FILE`")
	key := flag.String("key", "", "and its private key in this `FILE`")
	flag.Parse()
	if flag.NArg() > 0 || (*cert == "") != (*key == "") {
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
			err = run(ctx, ln, secure, *broadcast, *every)
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

// run serves until ctx ends, over TLS unless secure is nil. It closes the listener.
func run(ctx context.Context, ln net.Listener, secure *tls.Config, size int, every time.Duration) error {
	defer ln.Close()
	h := &handler{}
	c := stream.DefaultConfig()
	c.MaxMessage, c.MessageTimeout = 16<<20, time.Minute
	e, err := stream.New(h, stream.Options{Config: c, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	if size > 0 {
		h.topic = e.NewTopic(stream.TopicOptions{Skip: true})
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
	if size > 0 {
		work.Go(func() { h.broadcast(ctx, e, size, every) })
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
