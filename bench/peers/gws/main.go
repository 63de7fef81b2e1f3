package main

import (
	"net"
	"net/http"

	"github.com/lxzan/gws"

	"monitord/bench/peers/hub"
)

func main() { hub.Main("gws", serve) }

// handler keeps the set of connections.
type handler struct {
	gws.BuiltinEventHandler
	all hub.Hub[*gws.Conn]
}

func (h *handler) OnOpen(c *gws.Conn)           { h.all.Add(c) }
func (h *handler) OnClose(c *gws.Conn, _ error) { h.all.Remove(c) }
func (h *handler) OnPing(c *gws.Conn, p []byte) { _ = c.WritePong(p) }

func serve(l net.Listener, o hub.Options) error {
	h := new(handler)
	upgrader := gws.NewUpgrader(h, nil)
	go h.all.Broadcast(o.Every, func(conns []*gws.Conn) {
		b := gws.NewBroadcaster(gws.OpcodeText, o.Payload)
		defer b.Close()
		for _, c := range conns {
			if b.Broadcast(c) != nil {
				_ = c.NetConn().Close() // which ends its reader
			}
		}
	})
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		go c.ReadLoop() // and not here, or the request would be kept
	}))
}
