package send

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
)

// A text is what people read of a message: one line, and a few more.
type text struct{ title, body string }

// Bounds of a text, in bytes: what one alert may take of it, whoever takes it.
const (
	titleBytes = 200
	lineBytes  = 400 // SMTP has lines of at most 998
)

// textOf says in words what happened. The body is at most bodyBytes long; alerts
// that find no room are counted at its end.
func textOf(events []alerts.Event, instance string, bodyBytes int) text {
	t := text{title: clip(title(events, instance), titleBytes)}
	var b strings.Builder
	const room = 40 // for the line that counts the others
	for i := range events {
		part := paragraph(&events[i], instance)
		if b.Len() > 0 {
			part = "\n\n" + part
		}
		if len(part) > bodyBytes-room-b.Len() {
			if b.Len() > 0 {
				fmt.Fprintf(&b, "\n\nand %d more", len(events)-i)
				break
			}
			part = clip(part, bodyBytes-room)
		}
		b.WriteString(part)
	}
	t.body = b.String()
	return t
}

// title is "FIRING DiskFull on web1 (critical)", or "FIRING 3: DiskFull, LoadHigh".
func title(events []alerts.Event, instance string) string {
	if len(events) == 1 {
		e := &events[0]
		s := strings.ToUpper(message.Status(e)) + " " + name(e) + " on " + where(e, instance)
		if severity := line(e.Alert.Labels.Get("severity")); severity != "" {
			s += " (" + severity + ")"
		}
		return s
	}
	var parts []string
	for _, what := range []string{"firing", "resolved"} {
		var names []string
		n := 0
		for i := range events {
			if message.Status(&events[i]) != what {
				continue
			}
			n++
			if name := name(&events[i]); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d: %s", strings.ToUpper(what), n, strings.Join(names, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}

// paragraph is what there is to say about one alert.
func paragraph(e *alerts.Event, instance string) string {
	a := &e.Alert
	lines := []string{strings.ToUpper(message.Status(e)) + " " + name(e) + " on " + where(e, instance)}
	add := func(s string) {
		if s = clip(s, lineBytes); s != "" {
			lines = append(lines, s)
		}
	}
	add(line(a.Annotations["summary"]))
	for l := range strings.Lines(a.Annotations["description"]) {
		add(line(l))
	}
	state := "value " + strconv.FormatFloat(a.Value, 'g', 6, 64)
	if !a.StartsAt.IsZero() {
		state += ", since " + a.StartsAt.UTC().Format("2006-01-02 15:04:05") + " UTC"
		if d := a.EndsAt.Sub(a.StartsAt); !a.EndsAt.IsZero() && d >= 0 {
			state += ", for " + d.Round(time.Second).String()
		}
	}
	add(state)
	add(line(a.GeneratorURL))
	return strings.Join(lines, "\n")
}

func name(e *alerts.Event) string { return line(e.Alert.Labels.Get("alertname")) }

func where(e *alerts.Event, instance string) string {
	if own := line(e.Alert.Labels.Get("instance")); own != "" {
		return own
	}
	return line(instance)
}

// line makes one line of a text that people read.
func line(s string) string { return oneLine(s, -1) }

// clip cuts a text to at most n bytes, between characters.
func clip(s string, n int) string {
	const dots = "…"
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:max(n-len(dots), 0)], "") + dots
}
