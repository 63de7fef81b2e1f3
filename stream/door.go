package stream

import (
	"net/netip"
	"sync"
)

// A door counts who is in, in all and per address, and lets no more in than may
// be. It is safe for concurrent use.
type door struct {
	max, perAddress int

	mu    sync.Mutex // guards the fields below
	in    int
	index map[netip.Addr]uint32
	addrs []doorAddr // 0 stands for all that are exempt
	free  []uint32
}

type doorAddr struct {
	addr netip.Addr
	n    int
}

func (d *door) init(limit, perAddress int) {
	d.max, d.perAddress = limit, perAddress
	d.index = make(map[netip.Addr]uint32)
	d.addrs = make([]doorAddr, 1)
}

// enter counts one more from addr; the zero Addr and loopback are exempt from
// the bound per address. An IPv6 host has a whole /64 to choose from, so that
// counts as one. The ticket must be given back with leave.
func (d *door) enter(addr netip.Addr) (ticket uint32, why refusal, ok bool) {
	addr = addr.Unmap().WithZone("")
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.in >= d.max {
		return 0, refusedFull, false
	}
	if !addr.IsValid() || addr.IsLoopback() {
		d.in++
		return 0, 0, true
	}
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	i, known := d.index[addr]
	switch {
	case known:
	case len(d.free) > 0:
		i = d.free[len(d.free)-1]
		d.free = d.free[:len(d.free)-1]
		d.addrs[i] = doorAddr{addr: addr}
		d.index[addr] = i
	default:
		i = uint32(len(d.addrs))
		d.addrs = append(d.addrs, doorAddr{addr: addr})
		d.index[addr] = i
	}
	if d.addrs[i].n >= d.perAddress {
		return 0, refusedAddress, false
	}
	d.addrs[i].n++
	d.in++
	return i, 0, true
}

// address returns whom a ticket was given to, the zero Addr for all that are exempt.
func (d *door) address(ticket uint32) netip.Addr {
	if ticket == 0 {
		return netip.Addr{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.addrs[ticket].addr
}

func (d *door) leave(ticket uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.in--
	if ticket == 0 {
		return
	}
	a := &d.addrs[ticket]
	a.n--
	if a.n == 0 {
		delete(d.index, a.addr)
		*a = doorAddr{}
		d.free = append(d.free, ticket)
	}
}
