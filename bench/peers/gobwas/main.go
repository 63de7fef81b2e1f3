package main

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"monitord/bench/peers/hub"
)

func main() { hub.Main("gobwas", serve) }

func serve(l net.Listener, o hub.Options) error {
	var all hub.Hub[net.Conn]
	frame, err := ws.CompileFrame(ws.NewTextFrame(o.Payload))
	if err != nil {
		return err
	}
	go all.Broadcast(o.Every, func(conns []net.Conn) {
		deadline := time.Now().Add(10 * time.Second)
		for _, c := range conns {
			if c.SetWriteDeadline(deadline) != nil {
				continue
			}
			if _, err := c.Write(frame); err != nil {
				c.Close() // which ends its reader
			}
		}
	})
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go attend(c, &all)
	}
}

// attend makes a WebSocket of a connection and reads until it ends.
func attend(c net.Conn, all *hub.Hub[net.Conn]) {
	defer c.Close()
	if _, err := ws.Upgrade(c); err != nil {
		return
	}
	all.Add(c)
	defer all.Remove(c)
	control := wsutil.ControlFrameHandler(c, ws.StateServerSide)
	r := wsutil.Reader{Source: c, State: ws.StateServerSide, OnIntermediate: control}
	for {
		h, err := r.NextFrame()
		switch {
		case err != nil:
			return
		case h.OpCode.IsControl():
			err = control(h, &r)
		default:
			_, err = io.Copy(io.Discard, &r)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}
