package main

import (
	"encoding/json"
	"strconv"

	"monitord/cmd/monitord/clean"
	"monitord/stream/wire"
)

// watchRaw writes messages as they come.
type watchRaw struct{ watchOutput }

func (w *watchRaw) message(raw []byte) error {
	w.out.Write(clean.JSON(raw))
	w.out.WriteByte('\n')
	return w.out.Flush()
}

// watchJSON writes a line per value or alert.
type watchJSON struct{ watchOutput }

func (w *watchJSON) values(_ wire.Request, m *wire.Samples, columns []wire.Labels) error {
	var line []byte
	for i, v := range m.V {
		if wire.IsNone(v) {
			continue
		}
		line = append(line[:0], `{"t":`...)
		line = strconv.AppendInt(line, m.T, 10)
		line = append(line, `,"metric":{`...)
		for j, l := range columns[i] {
			if j > 0 {
				line = append(line, ',')
			}
			line = append(appendJSONString(line, l.Name), ':')
			line = appendJSONString(line, l.Value)
		}
		line = append(line, `},"value":`...)
		line = append(wire.AppendFloat(line, v), '}')
		w.out.Write(clean.JSON(line))
		w.out.WriteByte('\n')
	}
	return w.out.Flush()
}

func (w *watchJSON) alert(_ *wire.Event, raw []byte) error {
	w.out.Write(clean.JSON(raw))
	w.out.WriteByte('\n')
	return w.out.Flush()
}

func appendJSONString(to []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return append(to, `""`...) // no string fails to encode
	}
	return append(to, b...)
}
