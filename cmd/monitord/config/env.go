package config

import (
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// envValue turns a variable's text into what the TOML library would have read
// for a key of the field's type, so that one decoder serves both.
func envValue(text string, field reflect.Value) any {
	if field.Type() == reflect.TypeFor[time.Duration]() {
		return text
	}
	switch field.Kind() {
	case reflect.Bool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case reflect.Int, reflect.Int64:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case reflect.Float64:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	case reflect.Slice:
		list := []any{}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				list = append(list, item)
			}
		}
		return list
	}
	return text
}

// environment applies MONITORD_SECTION_KEY variables. Lists are separated by
// commas; lists of tables cannot be given this way. A variable that begins like
// a section's and names none of its keys is a fault; others are not ours.
func (p *Document) environment(environ []string, into reflect.Value) {
	keys := map[string][]int{}
	scalarKeys(into.Type(), "", nil, keys)
	byVariable := map[string]string{}
	known := map[string][]int{}
	for path := range keys {
		byVariable[envName(path)] = path
		known[envName(path)] = nil
	}
	for _, kv := range environ {
		name, text, _ := strings.Cut(kv, "=")
		if label, ok := strings.CutPrefix(name, envName("labels.")); ok {
			p.given[join("labels", strings.ToLower(label))] = name
			labels := into.FieldByName("Labels")
			(&decoder{doc: p}).stringMap(map[string]any{strings.ToLower(label): text}, labels, "labels")
			continue
		}
		path, ok := byVariable[name]
		if !ok {
			if inSection(name, keys) {
				_, hint := suggestion(name, known)
				p.Add(Fault{Key: name, Msg: "unknown variable" + hint})
			}
			continue
		}
		p.given[path] = name
		if !utf8.ValidString(text) {
			p.spoil(path, "is not UTF-8, write it in UTF-8")
			continue
		}
		field := into.FieldByIndex(keys[path])
		d := &decoder{doc: p}
		d.value(envValue(text, field), field, fieldTag(into.Type(), keys[path]), path)
	}
}

// inSection says whether a variable begins like those of a section. What an exec
// hook is given (MONITORD_ALERT_…) begins like none.
func inSection(name string, keys map[string][]int) bool {
	for path := range keys {
		if section, _, ok := strings.Cut(path, "."); ok && strings.HasPrefix(name, envName(section)+"_") {
			return true
		}
	}
	return false
}

func envName(path string) string {
	return "MONITORD_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

func fieldTag(t reflect.Type, index []int) reflect.StructTag { return t.FieldByIndex(index).Tag }

// scalarKeys lists every key below t that holds one value or a list of strings.
func scalarKeys(t reflect.Type, path string, index []int, out map[string][]int) {
	for key, at := range tomlFields(t) {
		full := append(append([]int(nil), index...), at...)
		f := t.FieldByIndex(at)
		switch {
		case f.Type.Kind() == reflect.Struct:
			scalarKeys(f.Type, join(path, key), full, out)
		case f.Type.Kind() == reflect.Map, f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() != reflect.String:
		default:
			out[join(path, key)] = full
		}
	}
}
