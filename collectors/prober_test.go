package collectors

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/shirou/gopsutil/v3/disk"
)

func TestProberBoundsWhatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		p := newProber(func(_ context.Context, path string) (*disk.UsageStat, error) {
			switch path {
			case "/good":
				return &disk.UsageStat{Total: 1}, nil
			case "/bad":
				return nil, errors.New("permission denied")
			}
			<-hang
			return &disk.UsageStat{Total: 2}, nil
		}, quiet())
		mounts := []mount{{point: "/good"}, {point: "/bad"}}
		for i := range maxStuck + 20 {
			mounts = append(mounts, mount{point: fmt.Sprintf("/nfs/%d", i)})
		}

		probe := func() (answered int) {
			ctx, cancel := context.WithTimeout(t.Context(), mountTimeout)
			defer cancel()
			told := 0
			p.probe(ctx, mounts, func(_ mount, usage *disk.UsageStat) {
				told++
				if usage != nil {
					answered++
				}
			})
			if told != len(mounts) {
				t.Errorf("told of %d mounts, want %d", told, len(mounts))
			}
			return answered
		}
		if n := probe(); n != 1 {
			t.Errorf("%d mounts answered, want 1", n)
		}
		if n := p.stuck(); n != maxStuck {
			t.Errorf("%d are stuck, want %d", n, maxStuck)
		}
		close(hang)
		synctest.Wait()
		if n := probe(); n != len(mounts)-1 || p.stuck() != 0 {
			t.Errorf("afterwards %d mounts answered, %d are stuck", n, p.stuck())
		}
	})
}
