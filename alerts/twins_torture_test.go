//go:build torture

package alerts

import "testing"

func TestTwinsAtLength(t *testing.T) {
	for seed := range uint64(150) {
		compareTwins(t, seed, 200)
	}
}
