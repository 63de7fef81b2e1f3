package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"monitord/bench/peers/hub"
)

func main() { hub.Main("coder", serve) }

func serve(l net.Listener, o hub.Options) error {
	var all hub.Hub[*websocket.Conn]
	go all.Broadcast(o.Every, func(conns []*websocket.Conn) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for _, c := range conns {
			if c.Write(ctx, websocket.MessageText, o.Payload) != nil {
				_ = c.CloseNow() // which ends its reader
			}
		}
	})
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		all.Add(c)
		context.AfterFunc(c.CloseRead(context.Background()), func() { all.Remove(c) })
	}))
}
