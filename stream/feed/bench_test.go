package feed

import (
	"fmt"
	"testing"

	"monitord/metric"
)

// One tick of a host with 600 series for somebody who follows them all, and 200
// distinct expressions of a dashboard.
func BenchmarkTick(b *testing.B) {
	for _, queries := range []int{0, 10, 200} {
		b.Run(fmt.Sprintf("queries=%d", queries), func(b *testing.B) {
			w := newWorld(b, func(o *Options) { o.MaxSubscriptions = 1000 })
			values := make([]string, 600)
			for i := range values {
				values[i] = fmt.Sprintf("m{%d} %d.25", i, i)
			}
			s := w.connect("samples=")
			s.next()
			for n := range queries {
				s.send(fmt.Sprintf(`{"op":"subscribe","id":"%d","query":"sum(rate(m{l=~\"%d.*\"}[10s]))+%d"}`, n, n%10, n))
				s.next()
			}
			go func() {
				for {
					if _, _, err := s.anyFrame(); err != nil {
						return
					}
				}
			}()
			batches := make([]metric.Batch, 100) // stored ahead: the commit is not what is measured
			for i := range batches {
				batches[i] = w.store(begin+int64(i)*1000, values...)
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				batch := batches[n%len(batches)]
				batch.T += int64(n/len(batches)) * 100_000
				w.feed.Tick(b.Context(), batch)
				n++
			}
			s.conn.Close()
		})
	}
}
