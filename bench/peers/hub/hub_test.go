package hub

import (
	"slices"
	"testing"
)

func TestHubKeepsWhoIsThere(t *testing.T) {
	var h Hub[int]
	for i := range 5 {
		h.Add(i)
	}
	for _, i := range []int{1, 4, 4, 7, 0} {
		h.Remove(i)
	}
	slices.Sort(h.conns)
	if !slices.Equal(h.conns, []int{2, 3}) || len(h.index) != 2 {
		t.Errorf("%v, %v; want 2 and 3", h.conns, h.index)
	}
	for i, c := range h.conns {
		if c != 2 && c != 3 || i > 1 {
			t.Errorf("%d at %d", c, i)
		}
	}
}
