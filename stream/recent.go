package stream

// A recent is the last string that was needed: of thousands that come back after a
// restart most say the same, and then it need not be made again.
type recent struct{ last string }

// maxRecent is how long a string may be to be remembered.
const maxRecent = 1 << 10

func (r *recent) of(b []byte) string {
	if string(b) == r.last {
		return r.last
	}
	s := string(b)
	if len(s) <= maxRecent {
		r.last = s
	}
	return s
}
