package wire

import (
	"strconv"
	"time"
)

// An object appends the members of one JSON object in the order of the calls.
type object struct{ b []byte }

func begin(dst []byte, op string) object {
	return object{append(append(append(dst, `{"op":"`...), op...), '"')}
}

func (o *object) key(name string) {
	o.b = append(append(append(o.b, `,"`...), name...), '"', ':')
}

func (o *object) str(name, v string)         { o.key(name); o.b = appendString(o.b, v) }
func (o *object) int(name string, v int64)   { o.key(name); o.b = strconv.AppendInt(o.b, v, 10) }
func (o *object) uint(name string, v uint64) { o.key(name); o.b = strconv.AppendUint(o.b, v, 10) }
func (o *object) bool(name string, v bool)   { o.key(name); o.b = strconv.AppendBool(o.b, v) }
func (o *object) end() []byte                { return append(o.b, '}') }

func (o *object) time(name string, v time.Time) {
	o.key(name)
	o.b = append(o.b, '"')
	o.b = v.UTC().AppendFormat(o.b, time.RFC3339Nano)
	o.b = append(o.b, '"')
}

func (m *Hello) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpHello)
	o.str("version", m.Version)
	o.str("instance", m.Instance)
	o.str("epoch", m.Epoch)
	o.int("interval", m.Interval)
	o.int("t", m.T)
	o.uint("seq", m.Seq)
	return o.end()
}

func (m *Subscribed) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpSubscribed)
	o.str("id", m.ID)
	o.uint("sub", uint64(m.Sub))
	if m.Alerts {
		o.uint("seq", m.Seq)
	} else {
		o.int("t", m.T)
	}
	return o.end()
}

func (m *Series) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpSeries)
	o.uint("sub", uint64(m.Sub))
	o.uint("rev", m.Rev)
	o.key("series")
	o.b = append(o.b, '[')
	for i, ls := range m.Series {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = ls.appendJSON(o.b)
	}
	o.b = append(o.b, ']')
	return o.end()
}

func (m *Samples) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpSamples)
	o.uint("sub", uint64(m.Sub))
	o.uint("rev", m.Rev)
	o.int("t", m.T)
	o.key("v")
	o.b = append(o.b, '[')
	for i, v := range m.V {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = AppendFloat(o.b, v)
	}
	o.b = append(o.b, ']')
	return o.end()
}

func (m *Event) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpAlert)
	o.uint("sub", uint64(m.Sub))
	if m.Seq != 0 {
		o.uint("seq", m.Seq)
	}
	o.int("t", m.T)
	o.str("event", m.Event)
	if m.Current {
		o.bool("current", true)
	}
	if m.NotDurable {
		o.bool("durable", false)
	}
	if d := m.Delivery; d != nil {
		o.key("delivery")
		o.b = append(o.b, `{"hook":`...)
		o.b = appendString(o.b, d.Hook)
		o.uint("of", d.Of)
		o.int("attempts", int64(d.Attempts))
		if d.Error != "" {
			o.str("error", d.Error)
		}
		if d.GivenUp {
			o.bool("givenUp", true)
		}
		o.b = append(o.b, '}')
	}
	o.key("alert")
	o.b = m.Alert.appendJSON(o.b)
	return o.end()
}

func (a *Alert) appendJSON(dst []byte) []byte {
	o := object{append(dst, `{"fingerprint":`...)}
	o.b = appendString(o.b, a.Fingerprint)
	o.str("state", a.State)
	o.key("labels")
	o.b = a.Labels.appendJSON(o.b)
	o.key("annotations")
	o.b = a.Annotations.appendJSON(o.b)
	o.key("value")
	o.b = AppendFloat(o.b, a.Value)
	o.time("activeAt", a.ActiveAt)
	o.time("startsAt", a.StartsAt)
	o.time("endsAt", a.EndsAt)
	o.str("generatorURL", a.GeneratorURL)
	o.key("silencedBy")
	o.b = append(o.b, '[')
	for i, id := range a.SilencedBy {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendString(o.b, id)
	}
	o.b = append(o.b, ']')
	return o.end()
}

func (m *Gap) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpGap)
	o.uint("sub", uint64(m.Sub))
	if m.Next != 0 {
		o.uint("after", m.After)
		o.uint("next", m.Next)
	} else {
		o.int("from", m.From)
		o.int("to", m.To)
		o.int("missed", m.Missed)
	}
	o.str("reason", string(m.Reason))
	return o.end()
}

func (m *Heartbeat) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpHeartbeat)
	if m.Sub != 0 {
		o.uint("sub", uint64(m.Sub))
	}
	o.int("t", m.T)
	if m.Sub != 0 {
		o.uint("seq", m.Seq)
	}
	return o.end()
}

func (m *Unsubscribed) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpUnsubscribed)
	o.str("id", m.ID)
	o.uint("sub", uint64(m.Sub))
	return o.end()
}

func (e *Error) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpError)
	if e.ID != "" {
		o.str("id", e.ID)
	}
	if e.Sub != 0 {
		o.uint("sub", uint64(e.Sub))
		o.int("t", e.T)
	}
	o.str("code", string(e.Code))
	o.str("message", e.Message)
	return o.end()
}

func (m *Pong) AppendJSON(dst []byte) []byte {
	o := begin(dst, OpPong)
	o.int("t", m.T)
	o.int("now", m.Now)
	return o.end()
}
