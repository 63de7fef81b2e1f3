package config

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"
)

// DefaultPath is read by `run` and `check` when it exists and no other
// file is named.
const DefaultPath = "/etc/monitord/monitord.toml"

// maxSize bounds what is read of a configuration file.
const maxSize = 4 << 20

// A Source is where a configuration comes from: the three layers, the later
// ones win.
type Source struct {
	Path    string   // file; empty: none
	Environ []string // as os.Environ gives it
	Listen  []string // --listen; empty: not given

	// Interval is that of the daemon that is running, which a reload does not change
	// and the rules have to fit. 0: the configuration's own.
	Interval time.Duration

	search string // where a file is looked for if there is no Path
	filled bool   // the file had something in it once
}

// Find returns where the configuration is, as `run` and `check` look for it.
func Find(path string, listen []string) Source {
	return Source{Path: path, Environ: os.Environ(), Listen: listen, search: DefaultPath}.Look()
}

// Look looks for the file at its default path if there was none. One that was there
// once is not given up when it is gone, nor when there is nothing in it any more, as
// while somebody writes it or the disk is full: a reload would drop every rule in it,
// and what its hooks have not delivered.
func (src Source) Look() Source {
	if src.Path == "" && src.search != "" {
		if _, err := os.Stat(src.search); !errors.Is(err, fs.ErrNotExist) {
			src.Path = src.search // one that cannot be read is a fault, not none
		}
	}
	if info, err := os.Stat(src.Path); err == nil && info.Size() > 0 {
		src.filled = true
	}
	return src
}

// Load reads the configuration in force. The error is a *Error that has
// every fault.
func (src Source) Load() (*Config, error) {
	if src.Path == "" {
		return parse("", nil, src)
	}
	text, err := ReadFile(src.Path, maxSize)
	if err != nil {
		return nil, &Error{[]Fault{unread(src.Path, err)}}
	}
	if src.filled && len(text) == 0 {
		return nil, &Error{[]Fault{{File: src.Path, Msg: "is empty and was not before, write it again; for the defaults alone, restart the daemon"}}}
	}
	return parse(src.Path, text, src)
}

func parse(path string, text []byte, src Source) (*Config, error) {
	dir := ""
	if path != "" {
		if abs, err := filepath.Abs(filepath.Dir(path)); err == nil {
			dir = abs
		}
	}
	c := Default()
	into := reflect.ValueOf(c).Elem()
	p := decodeTOML(path, text, into, dir)
	if p.broken {
		return nil, &Error{p.Faults()}
	}
	p.environment(src.Environ, into)
	if len(src.Listen) > 0 {
		c.Server.Listen = src.Listen
		p.given["server.listen"] = "--listen"
	}
	p.rules(c, dir, src.interval(c))
	for _, f := range ruleFaults(c, src.interval(c)) {
		if !p.follows(f.File, f.Key) {
			p.Add(f)
		}
	}
	p.Invalid(c.Validate())
	if len(p.faults) > 0 {
		return c, &Error{p.Faults()}
	}
	return c, nil
}

// interval is that of the ticks at which the rules will be evaluated.
func (src Source) interval(c *Config) time.Duration {
	return cmp.Or(src.Interval, c.Collectors.Interval)
}
