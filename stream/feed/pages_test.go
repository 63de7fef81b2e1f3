package feed

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

func TestPagesAreBounded(t *testing.T) {
	ps := newPages(10_000)
	made := 0
	get := func(n int64) {
		t.Helper()
		p, err := ps.get(t.Context(), pageKey{from: n}, func(context.Context) (page, error) {
			made++
			return page{messages: [][]byte{make([]byte, 900)}, to: n}, nil
		})
		if err != nil || p.to != n {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	for n := range int64(100) {
		get(0) // asked for all the time: stays
		get(n)
	}
	if made != 100 {
		t.Errorf("%d pages were made, want 100", made)
	}
	if len(ps.slots) != ps.order.Len() || ps.bytes > ps.limit || ps.order.Len() < 8 {
		t.Errorf("%d slots, %d in order, %d bytes", len(ps.slots), ps.order.Len(), ps.bytes)
	}
	if _, err := ps.get(t.Context(), pageKey{from: -1}, func(context.Context) (page, error) {
		return page{messages: [][]byte{make([]byte, 20_000)}}, nil
	}); err != nil {
		t.Error(err)
	}
	if ps.slots[pageKey{from: -1}] != nil || ps.bytes > ps.limit {
		t.Error("a page larger than all is kept")
	}
}

func TestPagesAreMadeOnce(t *testing.T) {
	ps := newPages(10_000)
	var made atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := ps.get(t.Context(), pageKey{from: 1}, func(context.Context) (page, error) {
				made.Add(1)
				return page{}, nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

func TestPagesForgetFailures(t *testing.T) {
	ps := newPages(10_000)
	failed := errors.New("failed")
	if _, err := ps.get(t.Context(), pageKey{}, func(context.Context) (page, error) { return page{}, failed }); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = ps.get(t.Context(), pageKey{}, func(context.Context) (page, error) { panic("oh") })
	}()
	if p, err := ps.get(t.Context(), pageKey{}, func(context.Context) (page, error) { return page{to: 5}, nil }); err != nil || p.to != 5 {
		t.Errorf("got %+v, %v", p, err)
	}
	if ps.bytes != 128 {
		t.Errorf("%d bytes are counted", ps.bytes)
	}
}
