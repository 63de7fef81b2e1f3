package wire

func (m *Hello) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (m *Subscribed) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (m *Series) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (m *Samples) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (m *Event) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (m *Gap) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (m *Heartbeat) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (m *Unsubscribed) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (e *Error) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	e.fields(&o)
	return o.end()
}

func (m *Pong) AppendJSON(dst []byte) []byte {
	o := beginJSON(dst)
	m.fields(&o)
	return o.end()
}

func (m *Hello) fields(o *object) {
	o.str("op", OpHello)
	o.str("version", m.Version)
	o.str("instance", m.Instance)
	o.str("epoch", m.Epoch)
	o.int("interval", m.Interval)
	o.int("t", m.T)
	o.uint("seq", m.Seq)
}

func (m *Subscribed) fields(o *object) {
	o.str("op", OpSubscribed)
	o.str("id", m.ID)
	o.uint("sub", uint64(m.Sub))
	if m.Alerts {
		o.uint("seq", m.Seq)
	} else {
		o.int("t", m.T)
	}
}

func (m *Series) fields(o *object) {
	o.str("op", OpSeries)
	o.uint("sub", uint64(m.Sub))
	o.uint("rev", m.Rev)
	o.list("series", len(m.Series), func(i int) { o.labels(m.Series[i]) })
}

func (m *Samples) fields(o *object) {
	o.str("op", OpSamples)
	o.uint("sub", uint64(m.Sub))
	o.uint("rev", m.Rev)
	o.int("t", m.T)
	o.values("v", m.V)
}

func (m *Event) fields(o *object) {
	o.str("op", OpAlert)
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
		outer := o.open("delivery")
		o.str("hook", d.Hook)
		o.uint("of", d.Of)
		if len(d.With) > 0 {
			o.list("with", len(d.With), func(i int) { o.number(d.With[i]) })
		}
		if d.Repeat > 0 {
			o.int("repeat", int64(d.Repeat))
		}
		o.int("attempts", int64(d.Attempts))
		if d.Error != "" {
			o.str("error", d.Error)
		}
		if d.GivenUp {
			o.bool("givenUp", true)
		}
		o.close(outer)
	}
	outer := o.open("alert")
	m.Alert.fields(o)
	o.close(outer)
}

func (a *Alert) fields(o *object) {
	o.str("fingerprint", a.Fingerprint)
	o.str("state", a.State)
	o.key("labels")
	o.labels(a.Labels)
	o.key("annotations")
	o.labels(a.Annotations)
	o.float("value", a.Value)
	o.time("activeAt", a.ActiveAt)
	o.time("startsAt", a.StartsAt)
	o.time("endsAt", a.EndsAt)
	o.str("generatorURL", a.GeneratorURL)
	o.list("silencedBy", len(a.SilencedBy), func(i int) { o.text(a.SilencedBy[i]) })
	if a.Flapping {
		o.bool("flapping", true)
	}
	if a.Stale {
		o.bool("stale", true)
	}
	if e := a.Evidence; e != nil {
		outer := o.open("evidence")
		o.list("values", len(e.Values), func(i int) { o.sample(e.Values[i]) })
		o.close(outer)
	}
}

func (m *Gap) fields(o *object) {
	o.str("op", OpGap)
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
}

func (m *Heartbeat) fields(o *object) {
	o.str("op", OpHeartbeat)
	if m.Sub != 0 {
		o.uint("sub", uint64(m.Sub))
	}
	o.int("t", m.T)
	if m.Sub != 0 {
		o.uint("seq", m.Seq)
	}
}

func (m *Unsubscribed) fields(o *object) {
	o.str("op", OpUnsubscribed)
	o.str("id", m.ID)
	o.uint("sub", uint64(m.Sub))
}

func (e *Error) fields(o *object) {
	o.str("op", OpError)
	if e.ID != "" {
		o.str("id", e.ID)
	}
	if e.Sub != 0 {
		o.uint("sub", uint64(e.Sub))
		o.int("t", e.T)
	}
	o.str("code", string(e.Code))
	o.str("message", e.Message)
}

func (m *Pong) fields(o *object) {
	o.str("op", OpPong)
	o.int("t", m.T)
	o.int("now", m.Now)
}
