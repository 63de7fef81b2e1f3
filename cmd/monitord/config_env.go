package main

import (
	"reflect"
	"strconv"
	"strings"
	"time"
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
