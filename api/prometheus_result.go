package api

import (
	"bufio"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"monitord/history"
)

// writeResult writes a result in the form of Prometheus' API, with at most limit
// series if limit is not 0. It encodes as it writes: a result may be large.
func writeResult(w http.ResponseWriter, log *slog.Logger, res *history.Result, limit int) {
	value, cut := truncate(res.Value, limit)
	warnings := res.Warnings
	if cut {
		warnings = append(warnings[:len(warnings):len(warnings)], "results truncated due to limit")
	}
	w.Header().Set("Content-Type", "application/json")
	out := resultWriter{w: bufio.NewWriterSize(w, 32<<10)}
	out.raw(`{"status":"success","data":{"resultType":"`)
	out.raw(string(value.Type()))
	out.raw(`","result":`)
	out.value(value)
	out.raw(`}`)
	out.list("warnings", warnings)
	out.list("infos", res.Infos)
	out.raw(`}`)
	if err := out.w.Flush(); err != nil {
		log.Debug("query result was not taken", "err", err)
	}
}

func truncate(v parser.Value, limit int) (parser.Value, bool) {
	switch v := v.(type) {
	case promql.Vector:
		if limit > 0 && len(v) > limit {
			return v[:limit], true
		}
	case promql.Matrix:
		if limit > 0 && len(v) > limit {
			return v[:limit], true
		}
	}
	return v, false
}

// A resultWriter encodes results. The writer below keeps its first error.
type resultWriter struct {
	w   *bufio.Writer
	buf []byte
}

func (o *resultWriter) raw(s string) { o.w.WriteString(s) }

func (o *resultWriter) value(v parser.Value) {
	switch v := v.(type) {
	case promql.Scalar:
		o.point(v.T, v.V)
	case promql.String:
		o.raw("[")
		o.write(appendTimestamp(o.buf[:0], v.T))
		o.raw(",")
		o.write(appendString(o.buf[:0], v.V))
		o.raw("]")
	case promql.Vector:
		o.raw("[")
		for i, s := range v {
			o.comma(i)
			o.metric(s.Metric)
			o.raw(`,"value":`)
			o.point(s.T, s.F)
			o.raw("}")
		}
		o.raw("]")
	case promql.Matrix:
		o.raw("[")
		for i, s := range v {
			o.comma(i)
			o.metric(s.Metric)
			o.raw(`,"values":[`)
			for j, p := range s.Floats {
				o.comma(j)
				o.point(p.T, p.F)
			}
			o.raw("]}")
		}
		o.raw("]")
	default:
		o.raw("null")
	}
}

// metric begins the object of one series.
func (o *resultWriter) metric(ls labels.Labels) {
	o.raw(`{"metric":{`)
	i := 0
	ls.Range(func(l labels.Label) {
		o.comma(i)
		i++
		o.write(appendString(o.buf[:0], l.Name))
		o.raw(":")
		o.write(appendString(o.buf[:0], l.Value))
	})
	o.raw("}")
}

func (o *resultWriter) point(t int64, v float64) {
	b := appendTimestamp(append(o.buf[:0], '['), t)
	b = appendFloat(append(b, ',', '"'), v)
	o.write(append(b, '"', ']'))
}

func (o *resultWriter) list(name string, texts []string) {
	if len(texts) == 0 {
		return
	}
	o.raw(`,"` + name + `":[`)
	for i, s := range texts {
		o.comma(i)
		o.write(appendString(o.buf[:0], s))
	}
	o.raw("]")
}

func (o *resultWriter) comma(i int) {
	if i > 0 {
		o.raw(",")
	}
}

func (o *resultWriter) write(b []byte) {
	o.buf = b
	o.w.Write(b)
}

// appendTimestamp appends milliseconds as seconds, with a fraction only if there is one.
func appendTimestamp(b []byte, t int64) []byte {
	if t < 0 {
		b, t = append(b, '-'), -t
	}
	b = strconv.AppendInt(b, t/1000, 10)
	if ms := t % 1000; ms != 0 {
		b = fmt.Appendf(b, ".%03d", ms)
	}
	return b
}

// appendFloat appends a number as Prometheus' API writes it.
func appendFloat(b []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

// appendString appends a JSON string. What is not UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == '\u2028' || r == '\u2029':
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
