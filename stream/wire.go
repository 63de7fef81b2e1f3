package stream

import (
	"crypto/tls"
	"io"
	"net"
	"time"
)

const (
	// maxRecord is how much plaintext is encrypted at once. What comes out of it
	// must be sent as it is: one that stops reading costs that much and no more.
	maxRecord = 4 << 10
	// maxCiphertext is how much of it may wait before nothing is read any more.
	// Only answers to a peer's own updates of keys come beyond one record.
	maxCiphertext = 4 * maxRecord
)

// A line is the connection below crypto/tls: first a [guest], which waits, and
// once a shard has taken it over a [wire], which does not.
type line struct{ net.Conn }

// A wire is a secured connection of a shard: crypto/tls over a descriptor. It
// knows nothing of what is sent through it, and is used by the shard alone.
//
// A read without bytes is an error that crypto/tls takes for temporary. An error
// on a write it never forgets, so a write takes everything: what the kernel has
// no room for is the wire's own, and goes first.
type wire struct {
	tls  *tls.Conn
	poll poller
	fd   int32
	bye  bool   // close_notify has been encrypted: nothing follows
	rest []byte // ciphertext that the kernel has not taken
	err  error  // of the descriptor, on a write: final
}

// notYet is the temporary error.
type notYet struct{}

func (notYet) Error() string   { return errAgain.Error() }
func (notYet) Timeout() bool   { return true }
func (notYet) Temporary() bool { return true }

// Read implements net.Conn, for crypto/tls.
func (w *wire) Read(b []byte) (int, error) {
	if len(w.rest) > maxCiphertext {
		return 0, notYet{}
	}
	n, err := w.poll.read(w.fd, b)
	switch {
	case err == errAgain:
		return 0, notYet{}
	case err == nil && n == 0:
		return 0, io.EOF
	}
	return n, err
}

// Write implements net.Conn, for crypto/tls.
func (w *wire) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n := 0
	if len(w.rest) == 0 {
		var err error
		if n, err = w.poll.write(w.fd, b); err != nil && err != errAgain {
			w.err = err
			return 0, err
		}
	}
	if n < len(b) {
		// crypto/tls uses its buffer again.
		w.rest = append(w.rest, b[n:]...)
	}
	return len(b), nil
}

// Close implements net.Conn. The descriptor is the shard's to close.
func (w *wire) Close() error { return nil }

// LocalAddr implements net.Conn.
func (w *wire) LocalAddr() net.Addr { return nil }

// RemoteAddr implements net.Conn.
func (w *wire) RemoteAddr() net.Addr { return nil }

// SetDeadline implements net.Conn; what never waits needs none.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// read is the poller's read, of plaintext. As long as it does not say errAgain
// there may be more, whatever the poller says: it can lie decrypted in here.
func (w *wire) read(b []byte) (int, error) {
	n, err := w.tls.Read(b)
	switch {
	case n > 0:
		return n, nil // an error comes again
	case err == io.EOF:
		return 0, nil
	case err == error(notYet{}):
		forgetSpent(w.tls)
		return 0, errAgain
	}
	return 0, err
}

// write is the poller's write, of plaintext. It encrypts no more than what fits
// in one record before the kernel has taken what there is.
func (w *wire) write(b []byte) (int, error) {
	if err := w.flush(); err != nil {
		return 0, err
	}
	n := 0
	for len(w.rest) == 0 && n < len(b) {
		k, err := w.tls.Write(b[n:min(n+maxRecord, len(b))])
		if err != nil {
			return n, err
		}
		n += k
	}
	if n == 0 && len(b) > 0 {
		return 0, errAgain
	}
	return n, nil
}

// writev is the poller's writev, of plaintext. What is short leaves together, by
// way of a scratch of maxRecord.
func (w *wire) writev(bufs [][]byte, scratch []byte) (int, error) {
	total := 0
	for i := 0; i < len(bufs); {
		b := bufs[i]
		i++
		if i < len(bufs) && len(b)+len(bufs[i]) <= maxRecord {
			b = append(scratch[:0], b...)
			for ; i < len(bufs) && len(b)+len(bufs[i]) <= maxRecord; i++ {
				b = append(b, bufs[i]...)
			}
		}
		n, err := w.write(b)
		total += n
		if err == errAgain && total > 0 {
			err = nil
		}
		if err != nil || n < len(b) {
			return total, err
		}
	}
	return total, nil
}

// flush sends ciphertext that waits. Afterwards either none does or the kernel
// has no room.
func (w *wire) flush() error {
	for len(w.rest) > 0 && w.err == nil {
		n, err := w.poll.write(w.fd, w.rest)
		if err == errAgain {
			return nil
		}
		w.rest, w.err = w.rest[n:], err
	}
	if w.err != nil {
		return w.err
	}
	w.rest = nil
	return nil
}

// goodbye says that nothing follows (RFC 8446, 6.1).
func (w *wire) goodbye() {
	if !w.bye && w.err == nil {
		w.bye = true
		_ = w.tls.CloseWrite() // a descriptor that does not take it is closed anyway
	}
}
