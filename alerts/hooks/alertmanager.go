package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"monitord/alerts"
)

// alertmanager pushes alerts to one Alertmanager or to each member of a cluster,
// as Prometheus does (Alertmanager's OpenAPI v2, POST /alerts). Use
// newAlertmanager. Safe for concurrent use.
type alertmanager struct {
	members []string // the URLs that are posted to
	names   []string // what each is called in errors
	bearer  string
	valid   time.Duration // how long an alert that fires counts as such
	*poster

	mu     sync.Mutex // guards the field below
	resent map[string]chan struct{}
}

const (
	// validResends is how many resends may fail before the Alertmanager takes an
	// alert for resolved. Prometheus has 4.
	validResends = 4
	// batchAlerts is how many alerts go into one request. Prometheus sends as many.
	batchAlerts = 64
	// othersTime is how long the rest of a cluster is waited for once one of its
	// members has taken a message.
	othersTime = 5 * time.Second
)

// newAlertmanager returns a sender whose receivers hear of what fires again every
// so often.
func newAlertmanager(members []*url.URL, bearer string, every time.Duration, version string) *alertmanager {
	a := &alertmanager{bearer: bearer, valid: validResends * every, resent: make(map[string]chan struct{})}
	hide := []string{bearer}
	for _, u := range members {
		a.names = append(a.names, u.Host)
		a.members = append(a.members, u.JoinPath("api/v2/alerts").String())
		hide = append(hide, urlSecrets(u)...)
	}
	a.poster = newPoster(version, newSecrets(hide...))
	return a
}

func (a *alertmanager) target() string { return strings.Join(a.names, ", ") }

// postable is an alert as Alertmanager takes it.
type postable struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func (a *alertmanager) postable(e *alerts.Event, now time.Time) postable {
	p := postable{
		Labels:       e.Alert.Labels.Map(),
		Annotations:  e.Alert.Annotations,
		StartsAt:     e.Alert.StartsAt.UTC(),
		EndsAt:       e.Alert.EndsAt.UTC(),
		GeneratorURL: e.Alert.GeneratorURL,
	}
	if p.Annotations == nil {
		p.Annotations = map[string]string{}
	}
	if status(e) == "firing" {
		p.EndsAt = now.Add(a.valid).UTC()
	}
	return p
}

// send delivers the newest state of each alert in the message.
func (a *alertmanager) send(ctx context.Context, m *message) outcome {
	events := latest(m.events)
	if err := a.behindResend(ctx, events); err != nil {
		return outcome{err: err}
	}
	return a.push(ctx, m, events)
}

// push posts events, a batch after the other: one that fails keeps no other back.
func (a *alertmanager) push(ctx context.Context, m *message, events []alerts.Event) outcome {
	var all outcome
	for batch := range slices.Chunk(events, batchAlerts) {
		now := time.Now()
		list := make([]postable, len(batch))
		for i := range batch {
			list[i] = a.postable(&batch[i], now)
		}
		body, err := json.Marshal(list)
		if err != nil {
			return outcome{err: fmt.Errorf("encode the delivery: %w", err), permanent: true}
		}
		o := a.toAll(ctx, m, body)
		if all.err == nil {
			if o.lacking == nil {
				o.lacking = all.lacking
			}
			all = o
		}
		if ctx.Err() != nil {
			break
		}
	}
	return all
}

// toAll posts to every member at once. It is done well if one of them took it:
// what the others missed, the next resend brings them.
func (a *alertmanager) toAll(ctx context.Context, m *message, body []byte) outcome {
	if len(a.members) == 1 {
		return a.post(ctx, m, a.members[0], a.header(m), body)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan outcome, len(a.members))
	for i, member := range a.members {
		go func() {
			o := a.post(ctx, m, member, a.header(m), body)
			if o.err != nil {
				o.err = fmt.Errorf("%s: %w", a.names[i], o.err)
			}
			answers <- o
		}()
	}
	var took *outcome
	var failed []outcome
	for range a.members {
		o := <-answers
		switch {
		case o.err != nil:
			failed = append(failed, o)
		case took == nil:
			took = &o
			late := time.AfterFunc(othersTime, cancel)
			defer late.Stop()
		}
	}
	if took == nil {
		return together(failed)
	}
	if len(failed) > 0 {
		took.lacking = together(failed).err
	}
	return *took
}

// together is the outcome when no member took a message.
func together(failed []outcome) outcome {
	all := outcome{permanent: true}
	var texts []string
	for _, o := range failed {
		texts = append(texts, o.err.Error())
		all.permanent = all.permanent && o.permanent
		if o.retryAfter > 0 && (all.retryAfter == 0 || o.retryAfter < all.retryAfter) {
			all.retryAfter = o.retryAfter
		}
		all.request, all.answer = o.request, o.answer
	}
	slices.Sort(texts)
	all.err = errors.New(excerpt(strings.Join(texts, "; ")))
	return all
}

func (a *alertmanager) header(m *message) http.Header {
	h := http.Header{}
	if m.key != "" { // a resend has none
		h.Set("Idempotency-Key", m.key)
	}
	if a.bearer != "" {
		h.Set("Authorization", "Bearer "+a.bearer)
	}
	return h
}

// behindResend waits until no resend is under way that may still say of one of
// these alerts what was true before: it must not arrive behind them.
func (a *alertmanager) behindResend(ctx context.Context, events []alerts.Event) error {
	for {
		var wait chan struct{}
		a.mu.Lock()
		for i := range events {
			if wait = a.resent[events[i].Key()]; wait != nil {
				break
			}
		}
		a.mu.Unlock()
		if wait == nil {
			return nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return errTimeout
		}
	}
}

// resend pushes what state returns, which is called once no delivery can be told
// of an older state behind it.
func (a *alertmanager) resend(ctx context.Context, m *message, state func() []alerts.Event) outcome {
	done := make(chan struct{})
	a.mu.Lock()
	events := state()
	for i := range events {
		a.resent[events[i].Key()] = done
	}
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		maps.DeleteFunc(a.resent, func(_ string, by chan struct{}) bool { return by == done })
		a.mu.Unlock()
		close(done)
	}()
	return a.push(ctx, m, events)
}
