package hooks

import (
	"net/url"
	"strings"
)

// targetOf says where a sender leads, without what may be secret: a program's
// arguments, a URL's path, and whatever is in a service's URL but its name.
func targetOf(s sender) string {
	switch s := s.(type) {
	case *execSender:
		return s.command[0]
	case *webhook:
		if u, err := url.Parse(s.url); err == nil {
			return maskURL(u)
		}
	case *alertmanager:
		return strings.Join(s.names, ", ")
	case *shoutrrr:
		return s.service.Scheme
	}
	return ""
}
