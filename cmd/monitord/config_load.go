package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"monitord/alerts"
)

// defaultConfigPath is read by `run` and `check` when it exists and no other
// file is named.
const defaultConfigPath = "/etc/monitord/monitord.toml"

// maxConfigSize bounds what is read of a configuration file.
const maxConfigSize = 4 << 20

// A Fault is one thing that is wrong with a configuration: of a file, the
// environment or a flag.
type Fault = alerts.Fault

// faultLine is a fault as one line, safe for a terminal: names of files and texts
// in them may hold anything.
func faultLine(f Fault) string {
	return clean(strings.NewReplacer("\n", " ", "\t", " ").Replace(f.Error()))
}

// ConfigError is every fault of a configuration, in the order of the file.
type ConfigError struct{ Faults []Fault }

func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = faultLine(f)
	}
	return strings.Join(lines, "\n")
}

// A source is where a configuration comes from: the three layers, the later
// ones win.
type source struct {
	path    string   // file; empty: none
	environ []string // as os.Environ gives it
	listen  []string // --listen; empty: not given
}

// configSource finds the configuration as `run` and `check` do.
func configSource(path string, listen []string) source {
	if path == "" {
		if _, err := os.Stat(defaultConfigPath); err == nil {
			path = defaultConfigPath
		}
	}
	return source{path: path, environ: os.Environ(), listen: listen}
}

// load reads the configuration in force. The error is a *ConfigError that has
// every fault.
func (src source) load() (*Config, error) {
	if src.path == "" {
		return parseConfig("", nil, src)
	}
	text, err := readBounded(src.path, maxConfigSize)
	if err != nil {
		return nil, &ConfigError{[]Fault{{File: src.path, Msg: fmt.Sprintf("cannot be read (%v), correct the path or its permissions", err)}}}
	}
	return parseConfig(src.path, text, src)
}

func parseConfig(path string, text []byte, src source) (*Config, error) {
	p := &configParser{file: path, lines: keyLines(string(text))}
	var doc map[string]any
	if _, err := toml.Decode(string(text), &doc); err != nil {
		p.syntax(err, text)
		return nil, p.err()
	}
	c := defaultConfig()
	into := reflect.ValueOf(c).Elem()
	dir := ""
	if path != "" {
		if abs, err := filepath.Abs(filepath.Dir(path)); err == nil {
			dir = abs
		}
	}
	d := &decoder{dir: dir, report: p.fault}
	d.table(doc, into, "")
	p.environment(src.environ, into)
	if len(src.listen) > 0 {
		c.Server.Listen = src.listen
	}
	p.rules(c, dir)
	decoded := len(p.faults)
	for _, f := range ruleFaults(c) {
		if !slices.ContainsFunc(p.faults[:decoded], func(d Fault) bool { return d.File == f.File && d.Key == f.Key }) {
			p.faults = append(p.faults, f)
		}
	}
	for _, err := range c.Validate() {
		key, msg, ok := strings.Cut(err.Error(), ": ")
		if !ok {
			key, msg = "", err.Error()
		}
		// A key that could not be decoded still has its default; what is
		// derived from that is no fault of the author's.
		if !p.reported(key, decoded) {
			p.fault(key, msg)
		}
	}
	return c, p.err()
}

// configParser collects faults and knows where in the file their keys are.
type configParser struct {
	file   string
	lines  map[string]int
	faults []Fault
	env    map[string]string // key path → variable that set it
}

func (p *configParser) fault(key, msg string) {
	if variable, ok := p.env[key]; ok {
		p.faults = append(p.faults, Fault{Key: variable, Msg: msg})
		return
	}
	p.faults = append(p.faults, Fault{File: p.file, Line: p.line(key), Key: key, Msg: msg})
}

// line finds the key, or else the nearest table around it that is in the file:
// a missing key is reported where it belongs.
func (p *configParser) line(key string) int {
	for key != "" {
		if n := p.lines[key]; n > 0 {
			return n
		}
		if cut := strings.LastIndexAny(key, ".["); cut >= 0 {
			key = key[:cut]
		} else {
			return 0
		}
	}
	return 0
}

func (p *configParser) syntax(err error, text []byte) {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		// The library's own line is the next one when it trips over a line's end,
		// and its offset may lie before the text.
		line := 1 + bytes.Count(text[:max(0, min(parse.Position.Start, len(text)))], []byte("\n"))
		p.faults = append(p.faults, Fault{File: p.file, Line: line, Msg: "syntax: " + parse.Message})
		return
	}
	p.faults = append(p.faults, Fault{File: p.file, Msg: "syntax: " + err.Error()})
}

func (p *configParser) reported(key string, first int) bool {
	for _, f := range p.faults[:first] {
		if f.Key == key {
			return true
		}
	}
	return false
}

func (p *configParser) err() error {
	if len(p.faults) == 0 {
		return nil
	}
	// The file itself first, then those that it names.
	slices.SortStableFunc(p.faults, func(a, b Fault) int {
		other := func(f Fault) string {
			if f.File == p.file {
				return ""
			}
			return f.File
		}
		return cmp.Or(strings.Compare(other(a), other(b)), a.Line-b.Line)
	})
	return &ConfigError{p.faults}
}

// environment applies MONITORD_SECTION_KEY variables. Lists are separated by
// commas; lists of tables cannot be given this way. A variable that begins like
// a section's and names none of its keys is a fault; others are not ours.
func (p *configParser) environment(environ []string, into reflect.Value) {
	keys := map[string][]int{}
	scalarKeys(into.Type(), "", nil, keys)
	byVariable := map[string]string{}
	known := map[string][]int{}
	for path := range keys {
		byVariable[envName(path)] = path
		known[envName(path)] = nil
	}
	p.env = map[string]string{}
	for _, kv := range environ {
		name, text, _ := strings.Cut(kv, "=")
		if label, ok := strings.CutPrefix(name, envName("labels.")); ok {
			p.env[join("labels", strings.ToLower(label))] = name
			labels := into.FieldByName("Labels")
			(&decoder{report: p.fault}).stringMap(map[string]any{strings.ToLower(label): text}, labels, "labels")
			continue
		}
		path, ok := byVariable[name]
		if !ok {
			if inSection(name, keys) {
				p.faults = append(p.faults, Fault{Key: name, Msg: "unknown variable" + suggestion(name, known)})
			}
			continue
		}
		p.env[path] = name
		field := into.FieldByIndex(keys[path])
		d := &decoder{report: p.fault}
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

func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	var because *fs.PathError
	if errors.As(err, &because) {
		return nil, because.Err
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("no regular file of at most %s", formatSize(limit))
	}
	return os.ReadFile(path)
}
