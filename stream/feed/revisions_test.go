package feed

import (
	"strconv"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

func layout(names ...string) []labels.Labels {
	cols := make([]labels.Labels, len(names))
	for i, n := range names {
		cols[i] = labels.FromStrings("name", n)
	}
	return cols
}

func TestDifferentColumnsNeverShareARevision(t *testing.T) {
	r := newRevisions()
	live := r.next(layout("a", "b"))
	if again := r.of(layout("a", "b")); again != live {
		t.Errorf("the same columns have revision %d live and %d in a replay", live, again)
	}
	seen := map[uint64]string{live: "a b"}
	for i := range 3 * maxRevisions {
		name := strconv.Itoa(i)
		rev := r.of(layout("a", name))
		if other, taken := seen[rev]; taken {
			t.Fatalf("revision %d is of %s and of a %s", rev, other, name)
		}
		seen[rev] = "a " + name
	}
	if len(r.known) > maxRevisions {
		t.Errorf("%d revisions are remembered", len(r.known))
	}
	if r.of(layout("b", "a")) == live {
		t.Error("the order of columns does not matter")
	}
	before := r.last
	if r.next(layout("a", "b")) <= before {
		t.Error("a live topic that goes back to old columns takes an old revision")
	}
}
