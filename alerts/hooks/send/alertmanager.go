package send

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
	"monitord/alerts/hooks/message"
)

// Alertmanager pushes alerts to one Alertmanager or to each member of a cluster,
// as Prometheus does (Alertmanager's OpenAPI v2, POST /alerts). Use
// [NewAlertmanager]. Safe for concurrent use.
type Alertmanager struct {
	members []string // the URLs that are posted to
	names   []string // what each is called in errors
	bearer  string
	valid   time.Duration // how long an alert that fires counts as such
	*poster
	*resends
}

// resends are the alerts that resends under way tell of, each with what is closed
// when that has ended.
type resends struct {
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

// NewAlertmanager returns a sender whose receivers hear of what fires again every
// so often.
func NewAlertmanager(members []*url.URL, bearer string, every time.Duration, version string) *Alertmanager {
	a := &Alertmanager{bearer: bearer, valid: validResends * every, resends: &resends{resent: make(map[string]chan struct{})}}
	for _, u := range members {
		a.names = append(a.names, u.Host)
		a.members = append(a.members, u.JoinPath("api/v2/alerts").String())
	}
	a.poster = newPoster(version, addressSecrets(members, bearer))
	return a
}

// Follow has a take the place of another, before it sends anything: what that still
// resends must not arrive behind what a delivers.
func (a *Alertmanager) Follow(before *Alertmanager) { a.resends = before.resends }

func (a *Alertmanager) Target() string { return strings.Join(a.names, ", ") }

// postable is an alert as Alertmanager takes it.
type postable struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

func (a *Alertmanager) postable(e *alerts.Event, now time.Time) postable {
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
	if message.Status(e) == "firing" {
		p.EndsAt = now.Add(a.valid).UTC()
	}
	return p
}

// Send delivers the newest state of each alert in the message.
func (a *Alertmanager) Send(ctx context.Context, m *message.Message) Outcome {
	events := latest(m.Events)
	if err := a.behindResend(ctx, events); err != nil {
		return Outcome{Err: err}
	}
	return a.push(ctx, m, events)
}

// push posts events, a batch after the other: one that fails keeps no other back.
func (a *Alertmanager) push(ctx context.Context, m *message.Message, events []alerts.Event) Outcome {
	var all Outcome
	for batch := range slices.Chunk(events, batchAlerts) {
		now := time.Now()
		list := make([]postable, len(batch))
		for i := range batch {
			list[i] = a.postable(&batch[i], now)
		}
		body, err := json.Marshal(list)
		if err != nil {
			return Outcome{Err: fmt.Errorf("encode the delivery: %w", err), Permanent: true}
		}
		o := a.toAll(ctx, m, body)
		if all.Err == nil {
			if o.Lacking == nil {
				o.Lacking = all.Lacking
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
func (a *Alertmanager) toAll(ctx context.Context, m *message.Message, body []byte) Outcome {
	if len(a.members) == 1 {
		return a.post(ctx, m, a.members[0], a.header(m), body)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan Outcome, len(a.members))
	for i, member := range a.members {
		go func() {
			o := a.post(ctx, m, member, a.header(m), body)
			if o.Err != nil {
				o.Err = fmt.Errorf("%s: %w", a.names[i], o.Err)
			}
			answers <- o
		}()
	}
	var took *Outcome
	var failed []Outcome
	for range a.members {
		o := <-answers
		switch {
		case o.Err != nil:
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
		took.Lacking = together(failed).Err
	}
	return *took
}

// together is the outcome when no member took a message.
func together(failed []Outcome) Outcome {
	all := Outcome{Permanent: true}
	var texts []string
	for _, o := range failed {
		texts = append(texts, o.Err.Error())
		all.Permanent = all.Permanent && o.Permanent
		if o.RetryAfter > 0 && (all.RetryAfter == 0 || o.RetryAfter < all.RetryAfter) {
			all.RetryAfter = o.RetryAfter
		}
		all.Request, all.Answer = o.Request, o.Answer
	}
	slices.Sort(texts)
	all.Err = errors.New(excerpt(strings.Join(texts, "; ")))
	return all
}

func (a *Alertmanager) header(m *message.Message) http.Header {
	h := http.Header{}
	if m.Key != "" { // a resend has none
		h.Set("Idempotency-Key", m.Key)
	}
	if a.bearer != "" {
		h.Set("Authorization", "Bearer "+a.bearer)
	}
	return h
}

// behindResend waits until no resend is under way that may still say of one of
// these alerts what was true before: it must not arrive behind them.
func (a *Alertmanager) behindResend(ctx context.Context, events []alerts.Event) error {
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

// Resend pushes what state returns, which is called once no delivery can be told
// of an older state behind it.
func (a *Alertmanager) Resend(ctx context.Context, m *message.Message, state func() []alerts.Event) Outcome {
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
