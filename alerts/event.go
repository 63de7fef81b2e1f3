package alerts

import "github.com/prometheus/prometheus/model/labels"

// A Kind says what happened to an alert. Its values are those of the public
// stream's "event".
type Kind string

// The first four are transitions, made by the rules. The next two say that an
// active alert came under a silence or out from under all of them; what begins
// silenced says so itself, by its SilencedBy. The last two say what became of a
// delivery, and are written by the hooks.
const (
	KindPending      Kind = "pending"       // the expression holds, `for` has not passed
	KindFiring       Kind = "firing"        // it held for long enough
	KindResolved     Kind = "resolved"      // it fired and no longer does; follows every firing
	KindInactive     Kind = "inactive"      // it was pending and ended without firing
	KindSilenced     Kind = "silenced"      // a silence matches it; again when others do
	KindUnsilenced   Kind = "unsilenced"    // none does any more
	KindNotified     Kind = "notified"      // a hook delivered an event of this alert
	KindNotifyFailed Kind = "notify_failed" // a delivery failed for the first time, or was given up
)

// Transition reports whether the kind is a change of the alert itself.
func (k Kind) Transition() bool {
	switch k {
	case KindPending, KindFiring, KindResolved, KindInactive:
		return true
	}
	return false
}

// Delivery reports whether the kind says what became of a delivery.
func (k Kind) Delivery() bool { return k == KindNotified || k == KindNotifyFailed }

func (k Kind) known() bool {
	return k.Transition() || k.Delivery() || k == KindSilenced || k == KindUnsilenced
}

// An Event is one entry of the journal: something that happened to one alert.
// It is immutable once it has been handed on.
type Event struct {
	Seq     uint64 // number in the journal; 0 while it has none
	T       int64  // Unix milliseconds: the tick of a change, the moment of a delivery
	Kind    Kind
	Durable bool   // on disk; false only for what is announced while the disk takes nothing
	Rule    string // identity of the rule, 16 hex digits
	Alert   Alert  // as it was right after the event

	// Hooks are the names that the rule asks for: nil means every hook whose
	// matchers fit, empty means none.
	Hooks []string

	Delivery *Delivery // of those kinds, else nil

	// Announced counts the events that are announced without a number since the
	// start, from 1; 0: it is none of them, or has its number by now.
	Announced uint64

	// Of transitions, for whoever goes on with the alert after a restart:
	changes []int64       // when it came and went, as in memory
	element labels.Labels // what the expression returned it as, where Alert.Labels do not tell
}

// Key tells alerts apart: two events with one key are about the same alert.
// Fingerprints alone do not, since two rules may make alerts with equal labels.
func (e *Event) Key() string { return eventKey(e.Rule, e.Alert.Fingerprint) }

func eventKey(rule, fingerprint string) string { return rule + "/" + fingerprint }

// stored is the event as the journal keeps it and everyone gets it: evidence is
// told once, when the alert fires, and stays with what is told of the alerts
// that are active.
func (e Event) stored() Event {
	if e.Kind != KindFiring {
		e.Alert.Evidence = nil
	}
	return e
}

// A Delivery is what a hook did with an event, or with those of a group.
type Delivery struct {
	Hook     string   // name of the hook
	Of       uint64   // number of the event that it delivers, the highest if there are several
	With     []uint64 // numbers of the others that it delivers, ascending
	Repeat   int      // the how manieth time that they are said again; 0 for the first time
	Attempts int      // made so far, this one included
	Error    string   // of the last attempt; empty when it went well
	GivenUp  bool     // no further attempt will be made
}
