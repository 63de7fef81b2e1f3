package wire

import (
	"time"

	"github.com/fxamacker/cbor/v2"
)

// How CBOR is read: text must be UTF-8, no key may be there twice, nothing is
// tagged, and nothing is nested deeper nor has more elements than it may.
var (
	fromServer = reader(cbor.DecOptions{MaxNestedLevels: 8, MaxArrayElements: 1 << 20, MaxMapPairs: 1 << 10})
	fromClient = reader(cbor.DecOptions{MaxNestedLevels: 4, MaxArrayElements: maxKeys, MaxMapPairs: maxKeys})
)

func reader(o cbor.DecOptions) cbor.DecMode {
	o.DupMapKey, o.TagsMd, o.UTF8 = cbor.DupMapKeyEnforcedAPF, cbor.TagsForbidden, cbor.UTF8RejectInvalid
	m, err := o.DecMode()
	if err != nil {
		panic(err) // options that no program could have
	}
	return m
}

func (ls *inLabels) UnmarshalCBOR(b []byte) error {
	var m map[string]string
	if err := fromServer.Unmarshal(b, &m); err != nil {
		return err
	}
	*ls = inLabels(LabelsOf(m))
	return nil
}

func (v *inValue) UnmarshalCBOR(b []byte) error { return fromServer.Unmarshal(b, (*float64)(v)) }

func (vs *inValues) UnmarshalCBOR(b []byte) error {
	var in []*float64
	if err := fromServer.Unmarshal(b, &in); err != nil {
		return err
	}
	out := make([]float64, len(in))
	for i, v := range in {
		if out[i] = None(); v != nil {
			out[i] = *v
		}
	}
	*vs = out
	return nil
}

func (t *inTime) UnmarshalCBOR(b []byte) error {
	var ms int64
	if err := fromServer.Unmarshal(b, &ms); err != nil {
		return err
	}
	*t = inTime(time.UnixMilli(ms))
	return nil
}
