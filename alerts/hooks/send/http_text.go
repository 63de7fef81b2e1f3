package send

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// requestText writes a request as people know it, without the path and the
// query of its URL: services have their tokens there. A body in JSON is indented;
// it is ours and holds no secret.
func requestText(r *http.Request, body []byte, s secrets) string {
	return r.Method + " " + maskURL(r.URL) + "\n" + s.hide(headerText(r.Header)) + "\n" + bodyText(body)
}

// maskURL leaves of a URL what is no secret: where it leads.
func maskURL(u *url.URL) string {
	masked := u.Scheme + "://" + u.Host
	if len(u.RequestURI()) > 1 {
		masked += "/" + mask
	}
	return masked
}

// responseText writes an answer in the same way.
func responseText(r *http.Response, body []byte) string {
	return r.Proto + " " + r.Status + "\n" + headerText(r.Header) + "\n" + bodyText(body)
}

// headerText leaves out the values of what proves who one is.
func headerText(h http.Header) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			switch name {
			case "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie":
				value = mask
			}
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	return b.String()
}

func bodyText(body []byte) string {
	var b bytes.Buffer
	if len(body) <= transcriptBytes && json.Indent(&b, body, "", "  ") == nil {
		return b.String()
	}
	return string(body)
}
