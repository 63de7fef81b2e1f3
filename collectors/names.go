package collectors

import "regexp"

// names remembers, by the name of a device, whether a filter lets it through: a
// regular expression takes longer than reading the device's figures. Make it
// with make.
type names map[string]remembered

type remembered struct {
	name string
	let  bool
}

// maxNames is where names are forgotten: on a host that makes and removes devices
// all the time.
const maxNames = 4096

// of returns the name as a string, and whether the filter, which must be the
// same in every call, lets it through.
func (n names) of(name []byte, exclude *regexp.Regexp) (string, bool) {
	if r, ok := n[string(name)]; ok {
		return r.name, r.let
	}
	if len(n) >= maxNames {
		clear(n)
	}
	s := string(name)
	r := remembered{s, !excluded(exclude, s)}
	n[s] = r
	return r.name, r.let
}
