package feed

// floor returns the latest multiple of every at or before t.
func floor(t, every int64) int64 {
	if r := t % every; r < 0 {
		return t - r - every
	} else {
		return t - r
	}
}

// ceil returns the first multiple of every at or after t.
func ceil(t, every int64) int64 {
	f := floor(t, every)
	if f < t {
		f += every
	}
	return f
}

// count returns how many multiples of every lie in [from, to], both of which are
// multiples themselves.
func count(from, to, every int64) int64 {
	if to < from {
		return 0
	}
	return (to-from)/every + 1
}
