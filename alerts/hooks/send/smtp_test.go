package send

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// mail is what a mail server got.
type mail struct {
	from, to, data string
}

// mailServer is the least of RFC 5321 that a client needs. rcpt is what it says
// to a recipient; silent means that it says nothing at all, endless that its first
// line never ends.
type mailServer struct {
	rcpt    string
	silent  bool
	endless bool
	addr    string

	mu    sync.Mutex
	mails []mail
}

func serveMail(t *testing.T, s *mailServer) *mailServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.session(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return s
}

func (s *mailServer) session(c net.Conn) {
	defer c.Close()
	if s.silent {
		io.Copy(io.Discard, c)
		return
	}
	if s.endless {
		for block := bytes.Repeat([]byte("220"), 1<<18); ; {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
	text := textproto.NewConn(c)
	text.PrintfLine("220 test ESMTP")
	var m mail
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(verb, "EHLO"), strings.HasPrefix(verb, "HELO"):
			text.PrintfLine("250 test")
		case verb == "MAIL FROM":
			m.from = rest
			text.PrintfLine("250 ok")
		case verb == "RCPT TO":
			m.to = rest
			text.PrintfLine("%s", s.rcpt)
		case line == "DATA":
			text.PrintfLine("354 go on")
			b, err := io.ReadAll(bufio.NewReader(text.DotReader()))
			if err != nil {
				return
			}
			m.data = string(b)
			s.mu.Lock()
			s.mails = append(s.mails, m)
			s.mu.Unlock()
			text.PrintfLine("250 taken")
		case line == "QUIT":
			text.PrintfLine("221 bye")
			return
		default:
			text.PrintfLine("500 what?")
		}
	}
}

func (s *mailServer) got() []mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]mail(nil), s.mails...)
}
