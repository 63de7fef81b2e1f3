package wire

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A URL is what the query of a URL asks for.
type URL struct {
	// Subscriptions are in the order of their parameters.
	Subscriptions []Request
	// Cursor is where all of them go on, instead of where they begin; empty: it
	// is not given.
	Cursor string
	// Wait is how long an answer to a poll may be waited for.
	Wait time.Duration
	// Limit is how many alerts such an answer may have; 0: it is not given.
	Limit int
}

// Bounds of what a URL may ask of a poll.
const (
	MaxWait  = 5 * time.Minute
	MaxLimit = 10_000
	// MaxCursor bounds the bytes of a cursor.
	MaxCursor = 256
)

// ParseURL reads a URL's raw query. Each subscription has its parameter as id:
// samples=node_load1. every and from hold for all samples and queries in it, after
// and epoch for the alerts; it does not matter where they stand. wait and limit are
// read whatever the transport, but only an answer to a poll has a use for them.
// What is wrong with one subscription is an error of its own; the others are
// returned all the same.
func ParseURL(raw string) (URL, []*Error) {
	var u urlQuery
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		if len(u.subs)+len(u.faults) >= MaxURL {
			u.fault("", TooMany, "more than %d parameters in the URL", MaxURL)
			break
		}
		u.pair(pair)
	}
	return u.finish()
}

type urlQuery struct {
	subs   []Request
	faults []*Error
	seen   map[string]bool

	url     URL
	shared  Request // every, from, after, epoch
	badTime string  // what is wrong with every or from
	badSeq  string  // what is wrong with after or epoch
}

func (u *urlQuery) fault(id string, code Code, format string, args ...any) {
	u.faults = append(u.faults, &Error{ID: id, Code: code, Message: fmt.Sprintf(format, args...)})
}

func (u *urlQuery) pair(pair string) {
	rawKey, rawValue, _ := strings.Cut(pair, "=")
	key, err := url.QueryUnescape(rawKey)
	if err != nil {
		u.fault("", BadMessage, "the URL parameter %.40q is not percent-encoded correctly", pair)
		return
	}
	val, err := url.QueryUnescape(rawValue)
	if err != nil {
		u.fault("", BadMessage, "the URL parameter %.40q is not percent-encoded correctly", pair)
		return
	}
	switch kind := Kind(key); kind {
	case KindSamples, KindQuery, KindAlerts:
		r := Request{Op: OpSubscribe, ID: key + "=" + val, Kind: kind, Expr: val}
		if err := r.check(); err != nil {
			u.faults = append(u.faults, err)
			return
		}
		u.subs = append(u.subs, r)
		return
	}
	if u.seen[key] {
		u.fault("", BadMessage, "the URL parameter %.40q is there twice", key)
		return
	}
	if u.seen == nil {
		u.seen = make(map[string]bool, 4)
	}
	u.seen[key] = true
	switch key {
	case "every":
		if err := u.shared.setEvery(val); err != nil {
			u.badTime = err.Error()
		}
	case "from":
		from, err := ParseFrom(val)
		if err != nil {
			u.badTime = err.Error()
		}
		u.shared.From = from
	case "after":
		after, err := strconv.ParseUint(val, 10, 64)
		if err != nil {
			u.badSeq = fmt.Sprintf("after is %.40q, must be a whole number, 0 or more", val)
		}
		u.shared.HasAfter, u.shared.After = true, after
	case "epoch":
		if len(val) > maxEpoch {
			u.badSeq = "epoch is not as in hello"
		}
		u.shared.Epoch = val
	case "cursor":
		if len(val) > MaxCursor {
			u.fault("", BadMessage, "cursor is longer than any that was given out")
			val = ""
		}
		u.url.Cursor = val
	case "wait":
		u.wait(val)
	case "limit":
		n, err := strconv.Atoi(val)
		if err != nil || n < 1 || n > MaxLimit {
			u.fault("", BadMessage, "limit is %.40q, must be a whole number from 1 to %d", val, MaxLimit)
			return
		}
		u.url.Limit = n
	default:
		u.seen[key] = false // say it each time; the memory of it is not needed
		u.fault("", BadMessage, "unknown URL parameter %.40q, known are samples, query, alerts, every, from, after, epoch, cursor, wait and limit", key)
	}
}

// wait reads how long to wait. 0 needs no unit.
func (u *urlQuery) wait(val string) {
	if val == "0" {
		return
	}
	d, err := ParseDuration(val)
	switch {
	case err != nil:
		u.fault("", BadTime, "wait: %s", err)
	case d > MaxWait:
		u.fault("", BadTime, "wait is %.40q, at most %s are waited: ask again with the cursor", val, FormatDuration(MaxWait))
	default:
		u.url.Wait = d
	}
}

// finish gives every subscription what it shares, or the fault in it.
func (u *urlQuery) finish() (URL, []*Error) {
	good := u.subs[:0]
	for _, r := range u.subs {
		switch {
		case r.Kind == KindAlerts && u.badSeq != "":
			u.fault(r.ID, BadMessage, "%s", u.badSeq)
			continue
		case r.Kind != KindAlerts && u.badTime != "":
			u.fault(r.ID, BadTime, "%s", u.badTime)
			continue
		case r.Kind == KindAlerts:
			r.HasAfter, r.After, r.Epoch = u.shared.HasAfter, u.shared.After, u.shared.Epoch
		default:
			r.Every, r.From = u.shared.Every, u.shared.From
		}
		good = append(good, r)
	}
	u.url.Subscriptions = good
	return u.url, u.faults
}

// Positioned says that a subscription in it says itself where it begins.
func (u *URL) Positioned() bool {
	for i := range u.Subscriptions {
		if r := &u.Subscriptions[i]; r.HasAfter || r.From.IsSet() {
			return true
		}
	}
	return false
}
