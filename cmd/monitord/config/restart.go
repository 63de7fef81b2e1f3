package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// reloadable are the keys, and the tables of keys, that take effect without a
// restart. A change of any other is named in the log and waits for one.
var reloadable = []string{
	"log.level", "server.hosts", "server.allowed_origins", "server.tls",
	"alerts.rules", "alerts.rule_files", "alerts.default_rules", "alerts.disable_rules", "alerts.silences", "alerts.hooks",
}

// NeedRestart returns the keys that differ and are not reloadable.
func NeedRestart(old, new *Config) []string {
	was, is := flatten(old), flatten(new)
	var keys []string
	for key := range is {
		if is[key] != was[key] && !slices.ContainsFunc(reloadable, func(r string) bool { return key == r || strings.HasPrefix(key, r+".") }) {
			keys = append(keys, key)
		}
	}
	if old.Server.TLS.Enabled() != new.Server.TLS.Enabled() {
		keys = append(keys, "server.tls")
	}
	slices.Sort(keys)
	return keys
}

// flatten writes every key outside of lists of tables as path → value.
func flatten(c *Config) map[string]string {
	out := map[string]string{}
	flattenTable(out, reflect.ValueOf(c).Elem(), "")
	return out
}

func flattenTable(out map[string]string, v reflect.Value, path string) {
	for key, index := range maps.All(tomlFields(v.Type())) {
		f := v.FieldByIndex(index)
		at := join(path, key)
		switch {
		case f.Kind() == reflect.Struct:
			flattenTable(out, f, at)
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
		default:
			out[at], _ = tomlValue(f, "")
		}
	}
}
