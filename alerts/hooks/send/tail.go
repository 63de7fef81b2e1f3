package send

import "sync"

// tail keeps the last max bytes written to it and takes any number. Set max
// before use. Safe for concurrent use.
type tail struct {
	max int

	mu  sync.Mutex // guards the fields below
	buf []byte     // a ring once it is full
	at  int        // where the next byte goes in the ring
}

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	p = p[max(0, n-t.max):]
	if room := t.max - len(t.buf); room > 0 {
		m := min(room, len(p))
		t.buf = append(t.buf, p[:m]...)
		p = p[m:]
	}
	for len(p) > 0 {
		m := copy(t.buf[t.at:], p)
		t.at = (t.at + m) % t.max
		p = p[m:]
	}
	return n, nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf[t.at:]) + string(t.buf[:t.at])
}
