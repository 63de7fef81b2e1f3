package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Decode reads one message from a server. It ignores keys that it does not know
// and returns nil and no error for an op that it does not know: a newer server
// may say more than this client understands. The caller bounds len(data).
func Decode(data []byte) (Message, error) {
	var in incoming
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("decode message: %w", err)
	}
	return in.message()
}

// DecodeCBOR is [Decode] for the other encoding.
func DecodeCBOR(data []byte) (Message, error) {
	var in incoming
	if err := fromServer.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("decode message: %w", err)
	}
	return in.message()
}

// incoming has what any message may have; CBOR has the names of JSON.
type incoming struct {
	Op       string     `json:"op"`
	ID       string     `json:"id"`
	Sub      uint32     `json:"sub"`
	Rev      uint64     `json:"rev"`
	T        int64      `json:"t"`
	Now      int64      `json:"now"`
	Seq      *uint64    `json:"seq"`
	Version  string     `json:"version"`
	Instance string     `json:"instance"`
	Epoch    string     `json:"epoch"`
	Interval int64      `json:"interval"`
	Series   []inLabels `json:"series"`
	V        inValues   `json:"v"`
	Event    string     `json:"event"`
	Current  bool       `json:"current"`
	Durable  *bool      `json:"durable"`
	Delivery *Delivery  `json:"delivery"`
	Alert    *inAlert   `json:"alert"`
	From     int64      `json:"from"`
	To       int64      `json:"to"`
	Missed   int64      `json:"missed"`
	After    uint64     `json:"after"`
	Next     uint64     `json:"next"`
	Reason   Reason     `json:"reason"`
	Code     Code       `json:"code"`
	Message  string     `json:"message"`
}

func (in *incoming) message() (Message, error) {
	var seq uint64
	if in.Seq != nil {
		seq = *in.Seq
	}
	switch in.Op {
	case OpHello:
		return &Hello{Version: in.Version, Instance: in.Instance, Epoch: in.Epoch, Interval: in.Interval, T: in.T, Seq: seq}, nil
	case OpSubscribed:
		return &Subscribed{ID: in.ID, Sub: in.Sub, Alerts: in.Seq != nil, T: in.T, Seq: seq}, nil
	case OpSeries:
		m := &Series{Sub: in.Sub, Rev: in.Rev, Series: make([]Labels, len(in.Series))}
		for i, ls := range in.Series {
			m.Series[i] = Labels(ls)
		}
		return m, nil
	case OpSamples:
		return &Samples{Sub: in.Sub, Rev: in.Rev, T: in.T, V: in.V}, nil
	case OpAlert:
		if in.Alert == nil {
			return nil, errors.New("decode message: alert without its alert")
		}
		return &Event{
			Sub: in.Sub, Seq: seq, T: in.T, Event: in.Event, Current: in.Current,
			NotDurable: in.Durable != nil && !*in.Durable,
			Delivery:   in.Delivery, Alert: in.Alert.alert(),
		}, nil
	case OpGap:
		return &Gap{Sub: in.Sub, Reason: in.Reason, From: in.From, To: in.To, Missed: in.Missed, After: in.After, Next: in.Next}, nil
	case OpHeartbeat:
		return &Heartbeat{Sub: in.Sub, T: in.T, Seq: seq}, nil
	case OpUnsubscribed:
		return &Unsubscribed{ID: in.ID, Sub: in.Sub}, nil
	case OpError:
		return &Error{ID: in.ID, Sub: in.Sub, T: in.T, Code: in.Code, Message: in.Message}, nil
	case OpPong:
		return &Pong{T: in.T, Now: in.Now}, nil
	case "":
		return nil, errors.New("decode message: no op")
	}
	return nil, nil
}

type inAlert struct {
	Fingerprint  string   `json:"fingerprint"`
	State        string   `json:"state"`
	Labels       inLabels `json:"labels"`
	Annotations  inLabels `json:"annotations"`
	Value        inValue  `json:"value"`
	ActiveAt     inTime   `json:"activeAt"`
	StartsAt     inTime   `json:"startsAt"`
	EndsAt       inTime   `json:"endsAt"`
	GeneratorURL string   `json:"generatorURL"`
	SilencedBy   []string `json:"silencedBy"`
	Flapping     bool     `json:"flapping"`
	Stale        bool     `json:"stale"`

	Evidence *inEvidence `json:"evidence"`
}

type inEvidence struct {
	Values []inSample `json:"values"`
}

func (e *inEvidence) evidence() *Evidence {
	if e == nil {
		return nil
	}
	out := &Evidence{Values: make([]Sample, len(e.Values))}
	for i, s := range e.Values {
		out.Values[i] = Sample{T: s.T, V: float64(s.V)}
	}
	return out
}

func (a *inAlert) alert() Alert {
	return Alert{
		Fingerprint: a.Fingerprint, State: a.State,
		Labels: Labels(a.Labels), Annotations: Labels(a.Annotations), Value: float64(a.Value),
		ActiveAt: time.Time(a.ActiveAt), StartsAt: time.Time(a.StartsAt), EndsAt: time.Time(a.EndsAt),
		GeneratorURL: a.GeneratorURL, SilencedBy: a.SilencedBy, Flapping: a.Flapping, Stale: a.Stale, Evidence: a.Evidence.evidence(),
	}
}

type inLabels Labels

func (ls *inLabels) UnmarshalJSON(b []byte) error {
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*ls = inLabels(LabelsOf(m))
	return nil
}

type inValue float64

func (v *inValue) UnmarshalJSON(b []byte) error {
	f, err := parseFloat(b)
	*v = inValue(f)
	return err
}

// inValues reads an array of values without an interface or an allocation for
// each. encoding/json has checked the syntax: what is left is where values end.
type inValues []float64

func (vs *inValues) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '[' {
		return errors.New("v is not an array")
	}
	out := make([]float64, 0, len(b)/8)
	isEnd := func(c byte) bool {
		return c == ',' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t'
	}
	for i := 1; i < len(b); {
		if isEnd(b[i]) {
			i++
			continue
		}
		start := i
		for i < len(b) && !isEnd(b[i]) {
			i++
		}
		v, err := parseFloat(b[start:i])
		if err != nil {
			return err
		}
		out = append(out, v)
	}
	*vs = out
	return nil
}

// inSample is the array of a time and a value.
type inSample struct {
	_ struct{} `cbor:",toarray"`
	T int64
	V inValue
}

func (s *inSample) UnmarshalJSON(b []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[0], &s.T); err != nil {
		return err
	}
	return s.V.UnmarshalJSON(pair[1])
}

type inTime time.Time

func (t *inTime) UnmarshalJSON(b []byte) error { return (*time.Time)(t).UnmarshalJSON(b) }
