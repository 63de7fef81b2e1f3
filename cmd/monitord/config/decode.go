package config

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A decoder moves a parsed TOML document onto a configuration struct by its
// `toml:"key"` tags and collects every fault on the way, where the TOML library
// would stop at the first. Fields not mentioned in the document keep their
// value: decode over the defaults.
//
// A time.Duration is written "30s" or "7d"; an integer with the tag
// `unit:"bytes"` is written 65536 or "64KiB"; a string with the tag `path:"true"`
// that is not absolute is relative to the configuration file; a list with the tag
// `single:"true"` may be one string.
type decoder struct {
	dir string    // relative paths start here
	doc *Document // is told what is wrong
}

var durationType = reflect.TypeFor[time.Duration]()

// table decodes doc onto the struct into.
func (d *decoder) table(doc map[string]any, into reflect.Value, path string) {
	known := tomlFields(into.Type())
	for _, key := range slices.Sorted(maps.Keys(doc)) {
		at := join(path, key)
		index, ok := known[key]
		if !ok {
			near, hint := suggestion(key, known)
			d.doc.spoil(at, "unknown key"+hint)
			if _, there := doc[near]; near != "" && !there { // it is missing for that reason
				d.doc.spoilt[place{d.doc.file, join(path, near)}] = true
			}
			continue
		}
		field := into.Type().FieldByIndex(index)
		d.value(doc[key], into.FieldByIndex(index), field.Tag, at)
	}
}

func (d *decoder) value(v any, into reflect.Value, tag reflect.StructTag, at string) {
	wrong := func(want string) {
		d.doc.spoil(at, fmt.Sprintf("is %s, write %s", describeUnder(tag, v), want))
	}
	if into.Type() == durationType {
		text, ok := v.(string)
		dur, err := ParseDuration(text)
		if !ok || err != nil {
			wrong(`a duration such as "30s", "5m" or "7d"`)
			return
		}
		into.SetInt(int64(dur))
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		p := reflect.New(into.Type().Elem())
		d.value(v, p.Elem(), tag, at)
		into.Set(p)
	case reflect.String:
		s, ok := v.(string)
		if !ok {
			wrong("a string")
			return
		}
		into.SetString(d.resolve(s, tag))
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			wrong("true or false")
			return
		}
		into.SetBool(b)
	case reflect.Int, reflect.Int64:
		d.integer(v, into, tag, at)
	case reflect.Float64:
		switch n := v.(type) {
		case float64:
			into.SetFloat(n)
		case int64:
			into.SetFloat(float64(n))
		default:
			wrong("a number")
		}
	case reflect.Slice:
		d.list(v, into, tag, at)
	case reflect.Map:
		d.stringMap(v, into, at)
	case reflect.Struct:
		doc, ok := v.(map[string]any)
		if !ok {
			wrong("a table")
			return
		}
		d.table(doc, into, at)
	default:
		panic("configuration field of a kind that the decoder does not know: " + into.Type().String())
	}
}

func (d *decoder) integer(v any, into reflect.Value, tag reflect.StructTag, at string) {
	n, ok := v.(int64)
	if text, isText := v.(string); isText && tag.Get("unit") == "bytes" {
		var err error
		n, err = parseSize(text)
		ok = err == nil
	}
	if !ok || into.OverflowInt(n) {
		want := "a whole number"
		if tag.Get("unit") == "bytes" {
			want = `a size such as 65536, "64KiB" or "1GiB"`
		}
		d.doc.spoil(at, fmt.Sprintf("is %s, write %s", describe(v), want))
		return
	}
	into.SetInt(n)
}

func (d *decoder) list(v any, into reflect.Value, tag reflect.StructTag, at string) {
	var elems []any
	if text, ok := v.(string); ok && tag.Get("single") != "" {
		v = []any{text}
	}
	switch list := v.(type) {
	case []any:
		elems = list
	case []map[string]any:
		for _, doc := range list {
			elems = append(elems, doc)
		}
	default:
		want := "a list of strings"
		if into.Type().Elem().Kind() == reflect.Struct {
			want = "a list of tables"
		}
		d.doc.spoil(at, fmt.Sprintf("is %s, write %s", describeUnder(tag, v), want))
		return
	}
	out := reflect.MakeSlice(into.Type(), len(elems), len(elems))
	for i, e := range elems {
		if def, ok := reflect.Zero(out.Type().Elem()).Interface().(withDefaults); ok {
			out.Index(i).Set(reflect.ValueOf(def.Defaults()))
		}
		d.value(e, out.Index(i), tag, indexed(at, i))
	}
	into.Set(out)
}

// withDefaults is an element of a list of tables whose absent keys have
// defaults other than zero. Defaults returns a value of the element's own type.
type withDefaults interface{ Defaults() any }

// stringMap decodes over what is there: a key that is not mentioned stays.
func (d *decoder) stringMap(v any, into reflect.Value, at string) {
	doc, ok := v.(map[string]any)
	if !ok {
		d.doc.spoil(at, fmt.Sprintf("is %s, write a table of strings", describe(v)))
		return
	}
	out := map[string]string{}
	maps.Copy(out, into.Interface().(map[string]string))
	for _, key := range slices.Sorted(maps.Keys(doc)) {
		s, ok := doc[key].(string)
		if !ok {
			d.doc.spoil(join(at, key), fmt.Sprintf("is %s, write a string", describe(doc[key])))
			continue
		}
		out[key] = s
	}
	into.Set(reflect.ValueOf(out))
}

// tomlFields returns the index path of every key of a struct; the keys of
// embedded structs without a tag are its own.
func tomlFields(t reflect.Type) map[string][]int {
	fields := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		if key := f.Tag.Get("toml"); key != "" && key != "-" {
			fields[key] = f.Index
		}
	}
	return fields
}

// describeUnder is describe, but for a key that holds a secret.
func describeUnder(tag reflect.StructTag, v any) string {
	if tag.Get("secret") == "" {
		return describe(v)
	}
	switch v.(type) {
	case []any, []map[string]any, map[string]any:
		return describe(v)
	case string:
		return "a string"
	}
	return "no string"
}

// describe says what a value is, in words of the file's author.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		if len(v) > 40 {
			v = v[:40] + "…"
		}
		return fmt.Sprintf("%q", v)
	case bool, int64:
		return fmt.Sprint(v)
	case float64:
		if v == math.Trunc(v) {
			return fmt.Sprintf("%.1f", v)
		}
		return fmt.Sprint(v)
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	default:
		return "a date or time"
	}
}

// suggestion is the known key that is nearest to a wrong one, if one is near, and the
// rest of a sentence that names it or else what there is.
func suggestion(key string, known map[string][]int) (near, hint string) {
	distance := len(key)/3 + 2
	names := slices.Sorted(maps.Keys(known))
	for _, name := range names {
		if n := editDistance(strings.ToLower(key), strings.ToLower(name)); n < distance {
			near, distance = name, n
		}
	}
	switch {
	case near != "":
		return near, fmt.Sprintf(", did you mean %s?", near)
	case len(names) > 20:
		return "", ", take it out"
	}
	return "", ", keys here are " + strings.Join(names, ", ")
}

// editDistance is Levenshtein's.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
