package send

import (
	"bytes"
	"fmt"
	"testing"

	"monitord/alerts/hooks/hooktest"
)

func TestTail(t *testing.T) {
	for _, sizes := range [][]int{{1}, {10}, {11}, {3, 3, 3, 3}, {25, 4}, {9, 1, 1}, {0}, {100}, {7, 30, 2}} {
		out := &tail{max: 10}
		var all []byte
		for i, n := range sizes {
			p := bytes.Repeat([]byte{byte('a' + i)}, n)
			for k := range p {
				p[k] += byte(k % 7)
			}
			all = append(all, p...)
			if m, err := out.Write(p); m != n || err != nil {
				t.Fatalf("Write = %d, %v", m, err)
			}
		}
		hooktest.Equal(t, fmt.Sprint(sizes), out.String(), string(all[max(0, len(all)-10):]))
	}
}
