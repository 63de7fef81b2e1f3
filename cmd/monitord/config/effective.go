package config

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// WriteEffective prints the configuration as TOML that would be read back as the
// same one, and the default rules in force as comments. Fields tagged
// `secret:"true"` are masked.
func (c *Config) WriteEffective(w io.Writer) error {
	var b strings.Builder
	writeTable(&b, reflect.ValueOf(c).Elem(), "")
	if err := writeDefaultRules(&b, c); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeTable prints the keys of one table, then the tables below it: in TOML a
// key after a table's header belongs to that table.
//
// An element of a list of tables says only what differs from its defaults: some
// keys exclude each other, and an empty list is not an absent one.
func writeTable(b *strings.Builder, v reflect.Value, path string) {
	defaults := reflect.Zero(v.Type())
	element := strings.HasSuffix(path, "]")
	if def, ok := v.Interface().(withDefaults); ok {
		defaults = reflect.ValueOf(def.Defaults())
	}
	fields := tomlFields(v.Type())
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool { // in the order of the struct
		a, z := fields[keys[i]], fields[keys[j]]
		for n := range min(len(a), len(z)) {
			if a[n] != z[n] {
				return a[n] < z[n]
			}
		}
		return len(a) < len(z)
	})
	for _, key := range keys {
		f := v.FieldByIndex(fields[key])
		if f.Kind() == reflect.Map && path == "" {
			continue
		}
		if element && reflect.DeepEqual(f.Interface(), defaults.FieldByIndex(fields[key]).Interface()) {
			continue
		}
		if text, ok := tomlValue(f, v.Type().FieldByIndex(fields[key]).Tag); ok {
			fmt.Fprintf(b, "%s = %s\n", tomlKey(key), text)
		}
	}
	for _, key := range keys {
		f := v.FieldByIndex(fields[key])
		at := join(path, tomlKey(key))
		switch {
		case f.Kind() == reflect.Struct:
			fmt.Fprintf(b, "\n[%s]\n", at)
			writeTable(b, f, at)
		case f.Kind() == reflect.Map && path == "":
			fmt.Fprintf(b, "\n[%s]\n", at)
			writeStringMap(b, f)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			for i := range f.Len() {
				fmt.Fprintf(b, "\n[[%s]]\n", at)
				writeTable(b, f.Index(i), indexed(at, i))
			}
		}
	}
}

func writeStringMap(b *strings.Builder, m reflect.Value) {
	for _, key := range sortedMapKeys(m) {
		fmt.Fprintf(b, "%s = %s\n", tomlKey(key), tomlString(m.MapIndex(reflect.ValueOf(key)).String()))
	}
}

func sortedMapKeys(m reflect.Value) []string {
	var keys []string
	for _, k := range m.MapKeys() {
		keys = append(keys, k.String())
	}
	sort.Strings(keys)
	return keys
}

// tomlValue writes a value that stands behind a key; false for what becomes a
// table of its own, and for what was left out.
func tomlValue(v reflect.Value, tag reflect.StructTag) (string, bool) {
	if tag.Get("secret") != "" && !v.IsZero() {
		if v.Kind() == reflect.Slice {
			return "[" + strings.TrimSuffix(strings.Repeat(`"********", `, v.Len()), ", ") + "]", true
		}
		return `"********"`, true
	}
	if v.Type() == durationType {
		return tomlString(FormatDuration(time.Duration(v.Int()))), true
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "", false
		}
		if v.Elem().Kind() == reflect.Struct {
			return inlineTable(v.Elem()), true
		}
		return tomlValue(v.Elem(), tag)
	case reflect.String:
		return tomlString(v.String()), true
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int, reflect.Int64:
		if tag.Get("unit") == "bytes" {
			return tomlString(formatSize(v.Int())), true
		}
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64), true
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			return "", false
		}
		items := make([]string, v.Len())
		for i := range items {
			items[i], _ = tomlValue(v.Index(i), "")
		}
		return "[" + strings.Join(items, ", ") + "]", true
	case reflect.Map:
		// Inside an element of a list of tables, on one line.
		items := []string{}
		for _, key := range sortedMapKeys(v) {
			items = append(items, tomlKey(key)+" = "+tomlString(v.MapIndex(reflect.ValueOf(key)).String()))
		}
		return "{ " + strings.Join(items, ", ") + " }", len(items) > 0
	}
	return "", false
}

// inlineTable writes a struct of plain values on one line.
func inlineTable(v reflect.Value) string {
	fields := tomlFields(v.Type())
	var items []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if text, ok := tomlValue(v.FieldByIndex(fields[key]), v.Type().FieldByIndex(fields[key]).Tag); ok {
			items = append(items, tomlKey(key)+" = "+text)
		}
	}
	return "{ " + strings.Join(items, ", ") + " }"
}

func tomlKey(key string) string {
	for i := range len(key) {
		if !isBareKey(key[i]) {
			return tomlString(key)
		}
	}
	return key
}

// tomlString writes a string in quotes as TOML 1.0 has them: Go's own escapes for
// control characters are others.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08X`, r)
		default:
			fmt.Fprintf(&b, `\u%04X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
