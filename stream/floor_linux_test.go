package stream

import (
	"net"
	"slices"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BenchmarkFloor compares what it takes to hand a frame to 500 TCP connections
// with a loop of bare sends, alternating the two round by round in one process,
// which is far sharper than two processes beside each other. It reports medians:
// /floor is 1 if the engine costs nothing. With four topics, the floor sends the
// four frames one by one.
func BenchmarkFloor(b *testing.B) {
	for name, topics := range map[string]int{"one topic": 1, "four topics": 4} {
		b.Run(name, func(b *testing.B) { againstFloor(b, 500, topics) })
	}
}

func againstFloor(b *testing.B, n, topics int) {
	e, err := New(funcs{}, Options{Config: DefaultConfig(), Shards: 1})
	if err != nil {
		b.Fatal(err)
	}
	s := e.shards[0]
	defer s.release()
	defer s.closeAll()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	var items []Item
	for range topics {
		items = append(items, Item{Topic: e.NewTopic(TopicOptions{})})
	}
	var fds []int
	var clients []net.Conn
	for range n {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
		server, err := ln.Accept()
		if err != nil {
			b.Fatal(err)
		}
		fd, err := s.poll.adopt(server)
		if err != nil {
			b.Fatal(err)
		}
		fds = append(fds, int(fd))
		e.door.enter(remoteAddr(""))
		e.open.Add(1)
		s.enter(&join{fd: fd})
		slot := s.conns.top - 1
		turn := &Turn{text: true}
		for i, it := range items {
			turn.Subscribe(Subscription{Topic: it.Topic, Tag: uint64(i)})
		}
		s.conns.at(slot).flags &^= working
		s.carryOut(slot, s.conns.at(slot), turn)
	}
	payload := make([]byte, 1024)
	frame := appendMessage(nil, true, payload)
	sink := make([]byte, 64<<10)
	drain := func() {
		for _, c := range clients {
			for got := 0; got < topics*len(frame); {
				k, err := c.Read(sink[:topics*len(frame)-got])
				if err != nil {
					b.Fatal(err)
				}
				got += k
			}
		}
	}
	pos := int64(0)
	engine := func() {
		pos++
		for i := range items {
			items[i].Entry = Entry{Pos: pos, Messages: [][]byte{payload}}
		}
		e.Publish(items)
		for s.open(); s.walk.active; {
			s.step()
			s.tell()
		}
	}
	floor := func() {
		for _, fd := range fds {
			for range topics {
				unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&frame[0])), uintptr(len(frame)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
			}
		}
	}
	engine()
	drain()
	var costs [2][]float64
	for b.Loop() {
		for i, f := range []func(){floor, engine} {
			start := time.Now()
			f()
			costs[i] = append(costs[i], float64(time.Since(start).Nanoseconds())/float64(n))
			drain()
		}
	}
	for i := range costs {
		slices.Sort(costs[i])
	}
	median := len(costs[0]) / 2
	b.ReportMetric(costs[0][median], "ns/floor")
	b.ReportMetric(costs[1][median], "ns/connection")
	b.ReportMetric(costs[1][median]/costs[0][median], "/floor")
}
