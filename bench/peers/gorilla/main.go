package main

import (
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"monitord/bench/peers/hub"
)

func main() { hub.Main("gorilla", serve) }

func serve(l net.Listener, o hub.Options) error {
	var all hub.Hub[*websocket.Conn]
	upgrader := websocket.Upgrader{WriteBufferPool: &sync.Pool{}, CheckOrigin: func(*http.Request) bool { return true }}
	go all.Broadcast(o.Every, func(conns []*websocket.Conn) {
		m, err := websocket.NewPreparedMessage(websocket.TextMessage, o.Payload)
		if err != nil {
			return
		}
		deadline := time.Now().Add(10 * time.Second)
		for _, c := range conns {
			if c.SetWriteDeadline(deadline) != nil || c.WritePreparedMessage(m) != nil {
				c.Close() // which ends its reader
			}
		}
	})
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		all.Add(c)
		defer all.Remove(c)
		for {
			if _, _, err := c.NextReader(); err != nil {
				return
			}
		}
	}))
}
