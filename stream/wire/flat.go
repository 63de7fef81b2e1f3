package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/fxamacker/cbor/v2"
)

type valueKind uint8

const (
	stringValue valueKind = iota + 1
	numberValue
	otherValue
)

type value struct {
	kind valueKind
	text string
}

// A flat is an object without nesting. keys has its names in order.
type flat struct {
	keys []string
	has  map[string]value
}

// id is the message's id if it can be echoed.
func (m flat) id() string {
	if v := m.has["id"]; v.kind == stringValue && len(v.text) <= MaxID {
		return v.text
	}
	return ""
}

// maxKeys is more than any message has: an object that goes on is given up there.
const maxKeys = 16

// readFlat returns what it has read so far even when it fails, so that an error
// can carry the id.
func readFlat(data []byte) (flat, error) {
	m := flat{has: make(map[string]value, 8)}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') {
		return m, fmt.Errorf("not a JSON object")
	}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return m, fmt.Errorf("not JSON: %s", err)
		}
		key, _ := tok.(string) // an object's keys are strings, or Token fails
		if _, twice := m.has[key]; twice {
			return m, fmt.Errorf("the key %.40q is there twice", key)
		}
		if len(m.keys) == maxKeys {
			return m, fmt.Errorf("more than %d keys", maxKeys)
		}
		tok, err = d.Token()
		if err != nil {
			return m, fmt.Errorf("not JSON: %s", err)
		}
		var v value
		switch t := tok.(type) {
		case string:
			v = value{stringValue, t}
		case json.Number:
			v = value{numberValue, t.String()}
		case json.Delim:
			return m, fmt.Errorf("the value of %.40q is nested, a message is flat", key)
		default:
			v = value{kind: otherValue}
		}
		m.keys = append(m.keys, key)
		m.has[key] = v
	}
	if _, err := d.Token(); err != nil {
		return m, fmt.Errorf("not JSON: %s", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return m, fmt.Errorf("something stands after the object")
	}
	return m, nil
}

// readFlatCBOR is readFlat for a CBOR map.
func readFlatCBOR(data []byte) (flat, error) {
	m := flat{has: make(map[string]value, 8)}
	in := make(map[string]any, 8)
	err := fromClient.Unmarshal(data, &in)
	for key, v := range in {
		m.keys = append(m.keys, key)
		m.has[key] = valueOf(v)
	}
	slices.Sort(m.keys)
	var twice *cbor.DupMapKeyError
	switch {
	case errors.As(err, &twice):
		return m, fmt.Errorf("the key %.40q is there twice", fmt.Sprint(twice.Key))
	case err != nil:
		return m, fmt.Errorf("not a CBOR map of texts and whole numbers: %.200s", err)
	case in == nil:
		return m, errors.New("not a CBOR map")
	}
	for _, key := range m.keys {
		switch in[key].(type) {
		case map[any]any, []any:
			return m, fmt.Errorf("the value of %.40q is nested, a message is flat", key)
		}
	}
	return m, nil
}

func valueOf(v any) value {
	switch v := v.(type) {
	case string:
		return value{stringValue, v}
	case uint64:
		return value{numberValue, strconv.FormatUint(v, 10)}
	case int64:
		return value{numberValue, strconv.FormatInt(v, 10)}
	case float64:
		if v == math.Trunc(v) && math.Abs(v) <= maxExact {
			return value{numberValue, strconv.FormatInt(int64(v), 10)}
		}
	}
	return value{kind: otherValue}
}
