//go:build !linux

package stream

func newPoller() (poller, error) { return newPairs() }

// descriptorRoom returns 0: the limit of open files is not known here.
func descriptorRoom() int { return 0 }
