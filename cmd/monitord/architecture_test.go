package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport is the import tree: for each package, the packages of this module
// that its code (tests aside) may import. Every package must be listed.
var mayImport = map[string][]string{
	"metric":                {},
	"collectors":            {"metric"},
	"history":               {"metric"},
	"history/standing":      {"metric", "history"},
	"alerts/journal":        {},
	"alerts/match":          {},
	"alerts/silence":        {"alerts/match"},
	"alerts":                {"metric", "alerts/journal", "alerts/silence"},
	"alerts/promrules":      {"alerts"},
	"alerts/defaults":       {},
	"alerts/hooks":          {"alerts", "alerts/match", "alerts/journal", "alerts/hooks/message", "alerts/hooks/send"},
	"alerts/hooks/message":  {"alerts"},
	"alerts/hooks/send":     {"alerts", "alerts/hooks/message"},
	"alerts/hooks/hooktest": {"alerts"},
	"alerts/trial":          {"metric", "history", "alerts", "alerts/silence"},
	"stream":                {},
	"stream/wire":           {},
	"stream/client":         {"stream/wire"},
	"stream/feed":           {"metric", "history", "history/standing", "alerts", "alerts/journal", "stream", "stream/wire"},
	"stream/echo":           {"stream"},
	"access":                {},
	"api": {"metric", "collectors", "history", "history/standing", "alerts", "alerts/match", "alerts/silence", "alerts/journal", "alerts/hooks",
		"stream", "stream/wire", "stream/client", "stream/feed", "access"},
	"dashboard":           {},
	"cmd/monitord/clean":  {},
	"cmd/monitord/config": {"collectors", "history", "alerts", "alerts/promrules", "alerts/defaults", "alerts/hooks", "stream", "stream/feed", "access", "cmd/monitord/clean"},
	"cmd/monitord":        {"*"},
}

// onlyIn lists dependencies that one part of the tree alone may import, by
// prefix of the import path.
var onlyIn = map[string][]string{
	"github.com/shirou/gopsutil/":               {"collectors"},
	"github.com/prometheus/procfs":              {"collectors"},
	"github.com/prometheus/prometheus/tsdb":     {"history"},
	"github.com/prometheus/prometheus/storage":  {"history", "history/standing", "api"},
	"github.com/gobwas/ws":                      {"stream", "stream/client", "stream/echo"},
	"github.com/nicholas-fedor/shoutrrr":        {"alerts/hooks/send"},
	"github.com/BurntSushi/toml":                {"cmd/monitord/config"},
	"github.com/spf13/cobra":                    {"cmd/monitord"},
	"github.com/coreos/go-systemd/":             {"cmd/monitord"},
	"net/http/pprof":                            {},
	"github.com/prometheus/prometheus/rules":    {},
	"github.com/prometheus/prometheus/web":      {},
	"github.com/prometheus/prometheus/notifier": {},
}

// forbidden are calls with a better way, as package path and name; the packages
// listed may make them all the same.
var forbidden = []struct {
	pkg, name string
	why       string
	except    []string
}{
	{"github.com/gobwas/ws", "ReadFrame", "allocates the length that the client declares", nil},
	{"github.com/gobwas/ws", "MustReadFrame", "panics on input", nil},
	{"github.com/gobwas/ws", "ReadHeader", "blocks and allocates; use the incremental parser", []string{"stream/client"}},
	{"github.com/gobwas/ws", "UpgradeHTTP", "answers before the request is checked", nil},
	{"github.com/gobwas/ws", "Upgrade", "reads without limit from a socket", nil},
	{"github.com/gobwas/ws", "Upgrader", "only for requests that are complete in memory", []string{"stream"}},
	{"net/http", "DefaultServeMux", "anything can register on it", nil},
	{"net/http", "Handle", "registers on the default mux", nil},
	{"net/http", "HandleFunc", "registers on the default mux", nil},
	{"net/http", "ListenAndServe", "has no limits", nil},
	{"net/http", "DefaultClient", "has no time limit", nil},
	{"net/http", "Get", "has no time limit", nil},
	{"net/http", "Post", "has no time limit", nil},
	{"log", "Fatal", "ends the process without cleaning up", nil},
	{"log", "Panic", "panics", nil},
}

// forbiddenPrefix are families of calls, refused outside tests.
var forbiddenPrefix = map[string][]string{
	"github.com/gobwas/ws/wsutil": {"Read"},
	"github.com/gobwas/ws":        {"Must"},
}

// goFiles calls visit for every file of this module that is not a test.
func goFiles(t *testing.T, visit func(pkg, file string, f *ast.File)) {
	t.Helper()
	root := filepath.Join("..", "..")
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		if e.IsDir() {
			base := e.Name()
			if base == "node_modules" || base == "testdata" || rel == "bench" || (strings.HasPrefix(base, ".") && base != ".." && base != ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(filepath.Dir(rel)), filepath.ToSlash(rel), f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsFormTheTree(t *testing.T) {
	seen := map[string]bool{}
	goFiles(t, func(pkg, file string, f *ast.File) {
		seen[pkg] = true
		allowed, listed := mayImport[pkg]
		if !listed {
			t.Errorf("%s: package %s is not in the import tree", file, pkg)
			return
		}
		for _, spec := range f.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if of, ours := strings.CutPrefix(imported, "monitord/"); ours {
				if !slices.Contains(allowed, of) && !slices.Contains(allowed, "*") {
					t.Errorf("%s: %s must not import %s", file, pkg, of)
				}
				continue
			}
			for prefix, pkgs := range onlyIn {
				if strings.HasPrefix(imported, prefix) && !slices.Contains(pkgs, pkg) {
					t.Errorf("%s: %s is imported outside %v", file, imported, pkgs)
				}
			}
		}
	})
	for pkg := range mayImport {
		if !seen[pkg] {
			t.Errorf("package %s of the import tree does not exist", pkg)
		}
	}
}

func TestForbiddenCalls(t *testing.T) {
	goFiles(t, func(pkg, file string, f *ast.File) {
		names := map[string]string{} // identifier → import path
		for _, spec := range f.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			name := path.Base(imported)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names[name] = imported
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				checkShell(t, file, names, call)
				checkPattern(t, file, names, call)
			}
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			id, ok := sel.X.(*ast.Ident)
			if !ok || names[id.Name] == "" {
				return true
			}
			from := names[id.Name]
			for _, no := range forbidden {
				if no.pkg == from && no.name == sel.Sel.Name && !slices.Contains(no.except, pkg) {
					t.Errorf("%s: %s.%s: %s", file, id.Name, no.name, no.why)
				}
			}
			for _, prefix := range forbiddenPrefix[from] {
				if strings.HasPrefix(sel.Sel.Name, prefix) {
					t.Errorf("%s: %s.%s: blocks, allocates or panics by the peer's word", file, id.Name, sel.Sel.Name)
				}
			}
			return true
		})
	})
}

// checkShell refuses a shell as the program of exec.Command: what reaches a
// shell as text is evaluated by it.
func checkShell(t *testing.T, file string, names map[string]string, call *ast.CallExpr) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	id, ok := sel.X.(*ast.Ident)
	if !ok || names[id.Name] != "os/exec" || !strings.HasPrefix(sel.Sel.Name, "Command") {
		return
	}
	for _, arg := range call.Args {
		lit, ok := arg.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			continue
		}
		switch path.Base(strings.Trim(lit.Value, "\"`")) {
		case "sh", "bash", "dash", "zsh", "ksh", "busybox":
			t.Errorf("%s: a shell is started by exec.%s", file, sel.Sel.Name)
		}
	}
}

// checkPattern refuses regexp.MustCompile of anything but a literal: on an
// expression of a user it is a crash by typo.
func checkPattern(t *testing.T, file string, names map[string]string, call *ast.CallExpr) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !strings.HasPrefix(sel.Sel.Name, "MustCompile") {
		return
	}
	if id, ok := sel.X.(*ast.Ident); !ok || names[id.Name] != "regexp" {
		return
	}
	if lit, ok := call.Args[0].(*ast.BasicLit); !ok || lit.Kind != token.STRING {
		t.Errorf("%s: regexp.%s of something that is no literal panics on a user's typo", file, sel.Sel.Name)
	}
}
