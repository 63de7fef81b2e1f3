package stream

import "testing"

// The same engine over a pair of goroutines per connection, as on systems
// without epoll.
func TestPortable(t *testing.T) {
	for name, test := range map[string]func(*testing.T, Options){
		"echo and close":    testEchoAndClose,
		"seam":              testSeamUnderLoad,
		"slow reader":       testSlowReader,
		"answers not taken": testAnswersNotTaken,
		"half-open peer":    testHalfOpenPeer,
		"shutdown":          testShutdown,
		"events":            testEvents,
		"marks":             testMarks,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testOptions()
			o.poller = newPairs
			test(t, o)
		})
	}
}
