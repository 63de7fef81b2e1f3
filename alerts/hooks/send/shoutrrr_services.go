package send

import (
	"errors"
	"fmt"
	"html"
	"mime"
	"net/url"
	"slices"
	"strings"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/services/chat/matrix"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
)

// serviceDocs is where each service's URL is explained.
const serviceDocs = "https://shoutrrr.nickfedor.com/"

// checkService reads a service's URL as a delivery would, and sends nothing. The
// error holds nothing of the URL but the name of the service.
func checkService(text string) (u *url.URL, err error) {
	if text == "" {
		return nil, errors.New("is missing, write the service's URL as in " + serviceDocs)
	}
	defer func() {
		if recover() != nil { // an odd URL is enough for some services
			u, err = nil, errors.New("is not understood, write it as in "+serviceDocs)
		}
	}()
	service, u, err := newService(text)
	if err != nil {
		return nil, err
	}
	name := scheme(u)
	if name == "matrix" {
		// Its Initialize logs in at the server.
		err = (&matrix.Config{}).SetURL(u)
	} else {
		err = service.Initialize(u, nil)
	}
	if err != nil {
		reason := excerpt(serviceSecrets(u).hide(err.Error()))
		return nil, fmt.Errorf("is not understood by the service %s (%s), write it as in %s", name, reason, serviceDocs)
	}
	return u, nil
}

// newService returns a service that has not read its URL yet, and the URL in the
// form that it reads.
func newService(text string) (types.Service, *url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return nil, nil, errors.New("is no URL, write the service's as in " + serviceDocs)
	}
	name := scheme(u)
	var services router.ServiceRouter
	service, err := services.NewService(name)
	if err != nil || name == "logger" {
		names := slices.DeleteFunc(services.ListServices(), func(s string) bool { return s == "logger" || s == "hangouts" })
		slices.Sort(names)
		return nil, nil, fmt.Errorf("is of no service that is known here, use one of %s", strings.Join(names, ", "))
	}
	if u.Scheme == name {
		return service, u, nil
	}
	// generic+https://…, teams+https://…: the service's own address.
	custom, ok := service.(types.CustomURLService)
	if !ok {
		return nil, nil, fmt.Errorf("has a + in its scheme, which the service %s has no meaning for; write it as in %s", name, serviceDocs)
	}
	u, err = custom.GetConfigURLFromCustom(u)
	if err != nil {
		return nil, nil, fmt.Errorf("is not understood by the service %s, write it as in %s", name, serviceDocs)
	}
	return service, u, nil
}

// scheme is the service's name.
func scheme(u *url.URL) string {
	name, _, _ := strings.Cut(u.Scheme, "+")
	return strings.ToLower(name)
}

// bodyLimit is how many bytes of text a service takes; others take 3500.
var bodyLimit = map[string]int{
	"pushover": 1000, "pagerduty": 1000, "wecom": 1900, "signal": 1900, "discord": 1900, "smtp": 32 << 10,
}

// titled are the services that have a title beside the text; for the others the
// text says all.
var titled = []string{
	"bark", "discord", "gotify", "join", "lark", "ntfy", "opsgenie", "pushbullet", "pushover", "slack", "smtp", "teams", "telegram",
}

// dress makes the errand that tells a service of alerts, without its URL.
func dress(u *url.URL, m *message.Message, instance string) errand {
	service, events := scheme(u), latest(m.Events)
	limit := bodyLimit[service]
	if limit == 0 {
		limit = 3500
	}
	t := textOf(events, instance, limit)
	e := errand{Text: tame(service, t.body), Params: map[string]string{}}
	if slices.Contains(titled, service) || service == "generic" && u.Query().Has("template") {
		e.Params["title"] = tame(service, t.title)
	}
	switch service {
	case "telegram":
		e.Params["parsemode"] = "None" // else the text is taken for markup
	case "smtp":
		e.Params["usehtml"] = "No"
		e.Params["title"] = mime.QEncoding.Encode("utf-8", t.title)
	case "ntfy":
		e.Params["title"] = mime.QEncoding.Encode("utf-8", t.title) // it is a header
	case "pagerduty":
		incident(e.Params, m, instance)
	case "opsgenie":
		e.Params["title"] = clip(t.title, 130)
		e.Params["alias"] = dedupKey(m)
	}
	return e
}

// tame takes from a text what a service would take for a command: a mention of
// everybody, a link behind a word.
func tame(service, s string) string {
	const joiner = "\u2060" // of words: not seen, and no name goes across it
	switch service {
	case "slack":
		return html.EscapeString(s)
	case "discord", "googlechat", "hangouts", "lark", "matrix", "mattermost", "rocketchat", "teams", "wecom", "zulip":
		return strings.NewReplacer("@", "@"+joiner, "<", "<"+joiner, "](", "]"+joiner+"(").Replace(s)
	}
	return s
}

// incident sets what opens and closes an incident at PagerDuty.
func incident(params map[string]string, m *message.Message, instance string) {
	params["action"] = "resolve"
	if m.Payload.Status == "firing" {
		params["action"] = "trigger"
	}
	params["dedup_key"] = dedupKey(m)
	params["source"] = instance
	switch severity := strings.ToLower(m.Payload.CommonLabels["severity"]); severity {
	case "critical", "error", "warning", "info":
		params["severity"] = severity
	}
}

// dedupKey is the same for every message about one alert, or of one group.
func dedupKey(m *message.Message) string { return "monitord-" + alerts.Fingerprint(m.Group) }

// latest returns the last event of each alert, in their order.
func latest(events []alerts.Event) []alerts.Event {
	var last []alerts.Event
	seen := make(map[string]bool, len(events))
	for i := len(events) - 1; i >= 0; i-- {
		if key := events[i].Key(); !seen[key] {
			seen[key] = true
			last = append(last, events[i])
		}
	}
	slices.Reverse(last)
	return last
}
