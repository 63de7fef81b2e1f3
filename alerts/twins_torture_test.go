//go:build torture

package alerts

import (
	"fmt"
	"testing"
)

func TestTwinsAtLength(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareTwins(t, seed, 200) })
	}
}
