package stream

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// Every vector through a real connection: whole, byte by byte, at random splits.

func TestConformance(t *testing.T) {
	o := testOptions()
	o.MaxMessage = vectorLimit
	s := serve(t, funcs{}, o)
	var wg sync.WaitGroup
	turn := make(chan struct{}, 16)
	for i, v := range vectors() {
		if isSecured(t) && i%3 > 0 {
			continue // crypto/tls cuts none of them otherwise than another
		}
		ways := map[string][][]byte{"whole": {[]byte(v.in)}}
		if len(v.in) < 300 {
			r := rand.New(rand.NewPCG(uint64(i), 9))
			ways["split"] = split([]byte(v.in), r)
			if len(v.in) < 80 {
				ways["byte by byte"] = single([]byte(v.in))
			}
		}
		for way, chunks := range ways {
			turn <- struct{}{}
			wg.Go(func() {
				defer func() { <-turn }()
				c := s.dial()
				defer c.Close()
				go func() {
					for _, b := range chunks {
						if _, err := c.Write(b); err != nil {
							return // closed already: that is the verdict
						}
					}
				}()
				var got []string
				for {
					f := c.frame()
					if f == "eof" {
						break
					}
					if f != "ping:" { // the engine's own
						got = append(got, f)
					}
				}
				if g := strings.Join(got, " "); g != v.want {
					t.Errorf("%s, %s: got %.200q, want %.200q", v.name, way, g, v.want)
				}
			})
		}
	}
	wg.Wait()
	eventually(t, "all closed", func() bool { return s.Stats().Connections == 0 })
}
