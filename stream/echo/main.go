package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"monitord/stream"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "address to listen on")
	broadcast := flag.Int("broadcast", 0, "bytes of a text message sent to every connection (0: none)")
	every := flag.Duration("every", time.Second, "time between two broadcasts")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *listen, *broadcast, *every); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen string, size int, every time.Duration) error {
	h := &handler{}
	c := stream.DefaultConfig()
	c.MaxMessage = 16 << 20
	e, err := stream.New(h, stream.Options{Config: c, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	if size > 0 {
		h.topic = e.NewTopic(stream.TopicOptions{Skip: true})
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "listening on", ln.Addr())
	server := &http.Server{Handler: e, ReadHeaderTimeout: c.HandshakeTimeout, MaxHeaderBytes: 12 << 10}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	if size > 0 {
		go h.broadcast(ctx, e, size, every)
	}
	err = e.Run(ctx)
	if cerr := server.Close(); err == nil {
		err = cerr
	}
	if serr := <-served; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}
