package wire

import (
	"fmt"
	"strconv"
)

// maxEpoch bounds the epoch that a client sends back.
const maxEpoch = 128

// ParseClient reads one message from a client: a flat object of strings and whole
// numbers. The caller bounds len(data). An error carries the id of the message
// when it has a usable one, and is what to answer with.
//
// Unknown and repeated keys are refused, and so is a key that does not fit the op:
// whoever writes "form" for "from" should hear of it.
func ParseClient(data []byte) (Request, *Error) {
	m, fault := readFlat(data)
	return parse(m, fault)
}

// ParseClientCBOR is [ParseClient] for a message as CBOR: a map of text strings
// and whole numbers, which may be floats, as some encoders write large ones.
func ParseClientCBOR(data []byte) (Request, *Error) {
	m, fault := readFlatCBOR(data)
	return parse(m, fault)
}

func parse(m flat, fault error) (Request, *Error) {
	id := m.id()
	bad := func(code Code, format string, args ...any) (Request, *Error) {
		return Request{}, &Error{ID: id, Code: code, Message: fmt.Sprintf(format, args...)}
	}
	if fault != nil {
		return bad(BadMessage, "%s", fault)
	}
	if m.has["op"].kind != stringValue {
		return bad(BadMessage, `no "op": a message is an object such as {"op":"subscribe","id":"a","alerts":""}`)
	}
	op := m.has["op"].text
	allowed, ok := fieldsOf(op)
	if !ok {
		return bad(UnknownOp, "unknown op %.40q, known are subscribe, unsubscribe and ping", op)
	}
	for _, key := range m.keys {
		if !contains(allowed, key) {
			return bad(BadMessage, "%s has no key %.40q, it may have %s", op, key, join(allowed))
		}
	}
	if op == OpPing {
		r := Request{Op: op}
		if v, given := m.has["t"]; given {
			t, err := strconv.ParseInt(v.text, 10, 64)
			if v.kind != numberValue || err != nil {
				return bad(BadMessage, `"t" of a ping is not a whole number`)
			}
			r.T = t
		}
		return r, nil
	}
	if id == "" {
		return bad(BadMessage, `%s needs an "id": a string of 1 to %d bytes`, op, MaxID)
	}
	if op == OpUnsubscribe {
		return Request{Op: op, ID: id}, nil
	}
	r, err := parseSubscribe(id, m)
	if err != nil {
		return Request{}, err
	}
	return r, nil
}

func fieldsOf(op string) ([]string, bool) {
	switch op {
	case OpSubscribe:
		return []string{"op", "id", "samples", "query", "alerts", "every", "from", "after", "epoch"}, true
	case OpUnsubscribe:
		return []string{"op", "id"}, true
	case OpPing:
		return []string{"op", "t"}, true
	}
	return nil, false
}

func parseSubscribe(id string, m flat) (Request, *Error) {
	bad := func(code Code, format string, args ...any) (Request, *Error) {
		return Request{}, &Error{ID: id, Code: code, Message: fmt.Sprintf(format, args...)}
	}
	r := Request{Op: OpSubscribe, ID: id}
	for _, kind := range []Kind{KindSamples, KindQuery, KindAlerts} {
		v, given := m.has[string(kind)]
		if !given {
			continue
		}
		if r.Kind != "" {
			return bad(BadMessage, "both %q and %q: a subscription is one of them", r.Kind, kind)
		}
		if v.kind != stringValue {
			return bad(BadMessage, "%q is not a string", kind)
		}
		r.Kind, r.Expr = kind, v.text
	}
	if r.Kind == "" {
		return bad(BadMessage, `subscribe needs one of "samples", "query" and "alerts"`)
	}
	for _, key := range m.keys {
		if fit := kindsOf(key); fit != "" && (fit == KindAlerts) != (r.Kind == KindAlerts) {
			return bad(BadMessage, "%q does not go with %q", key, r.Kind)
		}
	}
	if v, given := m.has["every"]; given {
		if v.kind != stringValue {
			return bad(BadTime, `"every" is not a string such as "5s"`)
		}
		if err := r.setEvery(v.text); err != nil {
			return bad(BadTime, "%s", err)
		}
	}
	if v, given := m.has["from"]; given {
		from, err := ParseFrom(v.text)
		if v.kind != stringValue && v.kind != numberValue {
			err = fmt.Errorf(`"from" is neither a number nor a string`)
		}
		if err != nil {
			return bad(BadTime, "%s", err)
		}
		r.From = from
	}
	if v, given := m.has["after"]; given {
		after, err := strconv.ParseUint(v.text, 10, 64)
		if v.kind != numberValue || err != nil {
			return bad(BadMessage, `"after" is not a whole number, 0 or more`)
		}
		r.HasAfter, r.After = true, after
	}
	if v, given := m.has["epoch"]; given {
		if v.kind != stringValue || len(v.text) > maxEpoch {
			return bad(BadMessage, `"epoch" is not a string as in hello`)
		}
		r.Epoch = v.text
	}
	return r, r.check()
}

// kindsOf says which kind of subscription a key belongs to, KindSamples standing
// for queries too; empty for a key of all.
func kindsOf(key string) Kind {
	switch key {
	case "every", "from":
		return KindSamples
	case "after", "epoch":
		return KindAlerts
	}
	return ""
}

// setEvery is ParseDuration with the bounds of an every.
func (r *Request) setEvery(s string) error {
	d, err := ParseDuration(s)
	if err != nil {
		return fmt.Errorf("every: %w", err)
	}
	if d <= 0 {
		return fmt.Errorf("every is %q, must be positive", s)
	}
	r.Every = d
	return nil
}

// check holds what is the same for a message and a URL.
func (r *Request) check() *Error {
	if len(r.Expr) > MaxExpr {
		code := BadSelector
		if r.Kind == KindQuery {
			code = BadQuery
		}
		return &Error{ID: r.ID, Code: code, Message: fmt.Sprintf("%s has %d bytes, at most %d are taken", r.Kind, len(r.Expr), MaxExpr)}
	}
	if r.Kind == KindQuery && r.Expr == "" {
		return &Error{ID: r.ID, Code: BadQuery, Message: "the query is empty"}
	}
	return nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

func join(names []string) string {
	var out string
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			out += " and "
		default:
			out += ", "
		}
		out += n
	}
	return out
}
