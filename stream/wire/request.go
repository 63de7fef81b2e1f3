package wire

import "time"

// A Request is what a client asks: to subscribe, to unsubscribe, or a ping. Which
// fields count depends on Op and Kind; the others are zero.
type Request struct {
	Op string
	ID string // of subscribe and unsubscribe

	Kind  Kind          // of subscribe: what is followed
	Expr  string        // the selector, expression or matchers, as written
	Every time.Duration // samples and queries; 0: each tick
	From  From          // samples and queries

	HasAfter bool   // alerts: After is given
	After    uint64 // the last number seen, 0: everything kept
	Epoch    string // of the journal that After is from; empty: not told

	T int64 // of ping
}

// AppendJSON appends the request as one JSON object and returns the extended buffer.
func (r *Request) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	r.fields(&o)
	return o.end()
}

func (r *Request) fields(o *object) {
	o.str("op", r.Op)
	if r.Op == OpPing {
		o.int("t", r.T)
		return
	}
	o.str("id", r.ID)
	if r.Op != OpSubscribe {
		return
	}
	o.str(string(r.Kind), r.Expr)
	if r.Every != 0 {
		o.str("every", FormatDuration(r.Every))
	}
	switch {
	case r.From.relative:
		o.str("from", r.From.String())
	case r.From.set:
		o.int("from", r.From.ms)
	}
	if r.HasAfter {
		o.uint("after", r.After)
	}
	if r.Epoch != "" {
		o.str("epoch", r.Epoch)
	}
}
