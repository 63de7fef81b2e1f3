package stream

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

// adopt takes over what net/http has given away: the descriptor, what has been
// read from it by the way, and the state of crypto/tls if it is secured. c is
// closed in any case.
func (s *shard) adopt(c net.Conn, j *join) error {
	var l *line
	secure, ok := c.(*tls.Conn)
	if ok {
		if l, ok = secure.NetConn().(*line); !ok {
			c.Close()
			return errors.New("take over connection: its listener is not that of ListenTLS")
		}
		c = l.Conn
		if g, ok := c.(*guest); ok {
			g.r.leave(g)
			c = g.Conn
		}
	}
	if k, ok := c.(*caller); ok {
		if l != nil && len(k.early) > 0 {
			c.Close()
			return errors.New("take over connection: ciphertext is left that nobody has read")
		}
		j.early = append(j.early, k.early...)
		k.leave()
		c = k.Conn
	}
	fd, err := s.poll.adopt(c)
	if err != nil {
		return fmt.Errorf("take over connection: %w", err)
	}
	j.fd = fd
	if l != nil {
		j.wire = &wire{tls: secure, poll: s.poll, fd: fd}
		l.Conn = j.wire
	}
	return nil
}
