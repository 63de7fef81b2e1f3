package alerts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCompileFaults(t *testing.T) {
	many := make(map[string]string)
	for i := range maxPairs + 1 {
		many[fmt.Sprint("l", i)] = "x"
	}
	ok := RuleConfig{Name: "A", Expr: "up == 0"}
	with := func(change func(*RuleConfig)) []RuleConfig {
		c := ok
		change(&c)
		return []RuleConfig{c}
	}
	for name, tc := range map[string]struct {
		rules []RuleConfig
		want  []string // beginnings of the faults
	}{
		"none":                     {[]RuleConfig{ok}, nil},
		"no rules":                 {nil, nil},
		"no name":                  {with(func(c *RuleConfig) { c.Name = "" }), []string{"rules[0].name: is missing"}},
		"name and record":          {with(func(c *RuleConfig) { c.Record = "b" }), []string{`rules[0].record: stands beside name ("A")`}},
		"long name":                {with(func(c *RuleConfig) { c.Name = strings.Repeat("x", 600) }), []string{"rules[0].name: is longer than 512 bytes"}},
		"name that is not UTF-8":   {with(func(c *RuleConfig) { c.Name = "\xff" }), []string{"rules[0].name: is not UTF-8"}},
		"no expression":            {with(func(c *RuleConfig) { c.Expr = " \n" }), []string{"rules[0].expr: is empty, write"}},
		"no PromQL":                {with(func(c *RuleConfig) { c.Expr = "sum(" }), []string{"rules[0].expr: is not PromQL: 1:5: parse error"}},
		"a string":                 {with(func(c *RuleConfig) { c.Expr = `"x"` }), []string{"rules[0].expr: returns a string, must"}},
		"a range":                  {with(func(c *RuleConfig) { c.Expr = "up[5m]" }), []string{"rules[0].expr: returns a matrix, must"}},
		"negative every":           {with(func(c *RuleConfig) { c.Every = -1 }), []string{"rules[0].every: is -1ns, must not be negative"}},
		"every below the tick":     {with(func(c *RuleConfig) { c.Every = time.Millisecond }), []string{"rules[0].every: is 1ms, must be at least"}},
		"negative for":             {with(func(c *RuleConfig) { c.For = -time.Second }), []string{"rules[0].for: is -1s, must not be negative"}},
		"negative keep_firing_for": {with(func(c *RuleConfig) { c.KeepFiringFor = -time.Second }), []string{"rules[0].keep_firing_for: is -1s, must not be negative"}},
		"clear is no PromQL":       {with(func(c *RuleConfig) { c.Clear = "up ==" }), []string{"rules[0].clear: is not PromQL"}},
		"a flap of nothing":        {with(func(c *RuleConfig) { c.Flap = &Flap{} }), []string{"rules[0].flap.changes: is 0, must be from 2 to 100", "rules[0].flap.window: is 0s, must be more than 0"}},
		"a flap of too much":       {with(func(c *RuleConfig) { c.Flap = &Flap{101, 25 * time.Hour} }), []string{"rules[0].flap.changes: is 101", "rules[0].flap.window: is 25h0m0s"}},
		"severity twice":           {with(func(c *RuleConfig) { c.Severity, c.Labels = "a", map[string]string{"severity": "b"} }), []string{`rules[0].severity: is given here ("a") and in labels ("b")`}},
		"too many labels":          {with(func(c *RuleConfig) { c.Labels = many }), []string{"rules[0].labels: are 65, must be at most 64"}},
		"no label name":            {with(func(c *RuleConfig) { c.Labels = map[string]string{"": "x"} }), []string{`rules[0].labels.: "" is no label name`}},
		"label of the name":        {with(func(c *RuleConfig) { c.Labels = map[string]string{"alertname": "x"} }), []string{"rules[0].labels.alertname: is set from"}},
		"label that is not UTF-8":  {with(func(c *RuleConfig) { c.Labels = map[string]string{"a": "\xff"} }), []string{"rules[0].labels.a: is not UTF-8"}},
		"long annotation":          {with(func(c *RuleConfig) { c.Annotations = map[string]string{"a": strings.Repeat("x", 20000)} }), []string{"rules[0].annotations.a: is 20000 bytes"}},
		"empty hook":               {with(func(c *RuleConfig) { c.Hooks = []string{"a", ""} }), []string{"rules[0].hooks[1]: is empty"}},
		"template syntax":          {with(func(c *RuleConfig) { c.Labels = map[string]string{"a": "{{ $labels.x "} }), []string{"rules[0].labels.a: is no template that works"}},
		"template function":        {with(func(c *RuleConfig) { c.Annotations = map[string]string{"a": "{{ humanise 1 }}"} }), []string{"rules[0].annotations.a: is no template"}},
		"template field":           {with(func(c *RuleConfig) { c.Annotations = map[string]string{"a": "{{ .Labelz.x }}"} }), []string{"rules[0].annotations.a: is no template"}},
		"template argument":        {with(func(c *RuleConfig) { c.Annotations = map[string]string{"a": "{{ humanize }}"} }), []string{"rules[0].annotations.a: is no template"}},
		"template query":           {with(func(c *RuleConfig) { c.Annotations = map[string]string{"a": `{{ query "sum(" | first | value }}`} }), []string{"rules[0].annotations.a: is no template"}},
		"template regexp":          {with(func(c *RuleConfig) { c.Annotations = map[string]string{"a": `{{ reReplaceAll "(" "" "x" }}`} }), []string{"rules[0].annotations.a: is no template"}},
		"severity template":        {with(func(c *RuleConfig) { c.Severity = "{{ x }}" }), []string{"rules[0].severity: is no template"}},
		"recording with what an alert has": {
			[]RuleConfig{{Record: "a:b", Expr: "up", For: 1, KeepFiringFor: 1, Clear: "up", Flap: &Flap{2, 1}, Severity: "x", Annotations: map[string]string{"a": "b"}, Hooks: []string{}}},
			[]string{"rules[0].for: belongs", "rules[0].keep_firing_for: belongs", "rules[0].clear: belongs", "rules[0].flap: belongs", "rules[0].severity: belongs", "rules[0].annotations: belongs", "rules[0].hooks: belongs"},
		},
		"recording with a bad name": {[]RuleConfig{{Record: "a{b}", Expr: "up"}}, []string{`rules[0].record: "a{b}" is no metric name`}},
		"the same twice":            {[]RuleConfig{ok, {Name: "A", Expr: "up == 1"}}, []string{`rules[1].name: "A" with these labels is rules[0] already`}},
		"same name, other labels":   {[]RuleConfig{ok, {Name: "A", Expr: "up == 0", Severity: "x"}}, nil},
		"an alert and a metric":     {[]RuleConfig{ok, {Record: "A", Expr: "up"}}, nil},
		"same as a built-in":        {[]RuleConfig{{Name: "MonitordHistoryNotWritable", Expr: "up", Severity: "critical"}}, []string{`rules[0].name: "MonitordHistoryNotWritable" with these labels is a built-in rule already`}},
		"all of them at once": {
			[]RuleConfig{{Expr: "("}, ok, {Name: "C", Expr: "up", For: -1}},
			[]string{"rules[0].name: ", "rules[0].expr: ", "rules[2].for: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := Compile(inGroup(tc.rules...), time.Second)
			if len(faults) != len(tc.want) {
				t.Fatalf("faults %q, want %d", faults, len(tc.want))
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(faults[i].Error(), want) {
					t.Errorf("fault %q, want one that begins with %q", faults[i], want)
				}
			}
		})
	}
}

func TestCompileAcceptsWhatDependsOnData(t *testing.T) {
	for _, text := range []string{
		"{{ $labels.host | parseDuration }}", "{{ slice $labels.host 0 30 }}", "{{ $value | humanizeTimestamp }}",
		`{{ with query "up" }}{{ . | first | value | humanize }}{{ end }}`, "{{ index $labels \"a-b\" }}",
		"{{ .Labels.x }} {{ .Value }} {{ $externalURL }} {{ $externalLabels.y }}", "{{ stripPort $labels.instance }}",
		`{{ range query (printf "up{instance='%s'}" $labels.instance) }}{{ .Value }}{{ end }}`,
	} {
		if _, faults := Compile(inGroup(RuleConfig{Name: "A", Expr: "up", Annotations: map[string]string{"a": text}}), time.Second); len(faults) > 0 {
			t.Errorf("%s: %v", text, faults)
		}
	}
}

func TestCompileOrderAndDefaults(t *testing.T) {
	hooks := []string{}
	rules, faults := Compile(inGroup(
		RuleConfig{Name: "A", Expr: " up == 0\n", Severity: "page", Hooks: hooks},
		RuleConfig{Record: "r", Expr: "sum(up)"},
	), time.Second)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var names []string
	for _, r := range rules {
		names = append(names, r.Name)
		if r.BuiltIn != strings.HasPrefix(r.Name, "Monitord") {
			t.Errorf("%s: built in is %v", r.Name, r.BuiltIn)
		}
	}
	want := []string{"r", "A"}
	for _, c := range builtInConfigs() {
		want = append(want, c.Name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("rules are %q, want %q", names, want)
	}
	if a := rules[1]; a.Labels["severity"] != "page" || a.Expr != "up == 0" || a.Hooks == nil || len(a.ID) != 16 {
		t.Errorf("rule is %+v", a)
	}
	if b := rules[2]; b.Hooks != nil || b.Annotations["summary"] == "" || b.Annotations["description"] == "" {
		t.Errorf("built-in rule is %+v", b)
	}
}

func TestBuiltInRulesHaveNoFaults(t *testing.T) {
	c := compiler{interval: time.Second, ids: make(map[string]int)}
	if c.group(GroupConfig{Rules: builtInConfigs()}); len(c.faults) > 0 {
		t.Error(c.faults)
	}
	if len(builtInRules(time.Second)) != len(builtInConfigs()) {
		t.Error("a built-in rule is missing")
	}
}

func TestRuleIdentity(t *testing.T) {
	id := func(c RuleConfig) string {
		rules, faults := Compile(inGroup(c), time.Second)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		return rules[0].ID
	}
	base := RuleConfig{Name: "A", Expr: "up", Labels: map[string]string{"severity": "x"}}
	if got, want := id(base), id(RuleConfig{Name: "A", Expr: " up ", Severity: "x", For: time.Hour, KeepFiringFor: 1, Clear: "up", Flap: &Flap{2, 1}, Every: time.Minute, Hooks: []string{}, Annotations: map[string]string{"a": "b"}}); got != want {
		t.Errorf("identity %s, want %s: only name, labels and expression count", got, want)
	}
	for _, other := range []RuleConfig{
		{Name: "B", Expr: "up", Severity: "x"}, {Name: "A", Expr: "down", Severity: "x"}, {Name: "A", Expr: "up"},
		{Name: "A", Expr: "up", Labels: map[string]string{"severityx": ""}}, {Record: "A", Expr: "up", Labels: map[string]string{"severity": "x"}},
	} {
		if id(other) == id(base) {
			t.Errorf("%+v has the identity of %+v", other, base)
		}
	}
	// It is on disk: a change would resolve and fire again every alert at an upgrade.
	if got, want := id(base), "bcde2a0046954f14"; got != want {
		t.Errorf("identity is %s, was %s", got, want)
	}
}

func TestExpressions(t *testing.T) {
	for text, want := range map[string]struct {
		span, fill time.Duration
		names      []string
		anyOne     bool
	}{
		"vector(1)":                                {},
		"up == 0":                                  {names: []string{"up"}},
		"up offset 5m":                             {fill: 5 * time.Minute, names: []string{"up"}},
		"up offset -5m":                            {names: []string{"up"}},
		"rate(a[5m]) + rate(b[1m])":                {span: 5 * time.Minute, fill: 5 * time.Minute, names: []string{"a", "b"}},
		"rate(a[5m] offset 1h)":                    {span: 5 * time.Minute, fill: 65 * time.Minute, names: []string{"a"}},
		"max_over_time(rate(a[5m])[1h:1m])":        {span: 65 * time.Minute, fill: 65 * time.Minute, names: []string{"a"}},
		"max_over_time(a[30m:] offset 10m)":        {span: 30 * time.Minute, fill: 40 * time.Minute, names: []string{"a"}},
		"max_over_time(vector(1)[30m:])":           {span: 30 * time.Minute, fill: 30 * time.Minute},
		`{__name__=~"a.*"}`:                        {anyOne: true},
		`{job="x"}`:                                {anyOne: true},
		`{"some.metric", x="y"} or {__name__="b"}`: {names: []string{"some.metric", "b"}},
	} {
		e, err := parseExpression(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if e.span != want.span || e.fill != want.fill || !slices.Equal(e.names, want.names) || e.anyOne != want.anyOne {
			t.Errorf("%s: %+v, want %+v", text, e, want)
		}
	}
}

func TestDefaultEvery(t *testing.T) {
	for _, tc := range []struct{ span, interval, want time.Duration }{
		{0, time.Second, time.Second},
		{0, 5 * time.Second, 5 * time.Second},
		{10 * time.Second, time.Second, time.Second},
		{5 * time.Minute, time.Second, 5 * time.Second},
		{5 * time.Minute, 2 * time.Second, 6 * time.Second},
		{time.Hour, time.Second, time.Minute},
		{time.Hour, 7 * time.Second, 63 * time.Second},
		{24 * time.Hour, time.Second, time.Minute},
		{24 * time.Hour, 2 * time.Minute, 2 * time.Minute},
	} {
		if got := defaultEvery(tc.span, tc.interval); got != tc.want {
			t.Errorf("range %v, interval %v: every %v, want %v", tc.span, tc.interval, got, tc.want)
		}
	}
}

func TestRuleIsDue(t *testing.T) {
	r := &Rule{Every: 5 * time.Second, phase: 2 * time.Second}
	var at []int64
	last := int64(0)
	for _, now := range []int64{100, 101, 102, 103, 106, 108, 109, 118, 121, 122, 90, 91, 92} {
		if r.Due(now*second, last) {
			at, last = append(at, now), now*second
		}
	}
	// At the start, on the grid of phase 2, after left-out ticks at once, after a step back.
	if want := []int64{100, 102, 108, 118, 122, 90, 92}; !slices.Equal(at, want) {
		t.Errorf("due at %v, want %v", at, want)
	}
}

func TestConfigValidate(t *testing.T) {
	if faults := DefaultConfig().Validate(); len(faults) > 0 {
		t.Errorf("the defaults have faults: %v", faults)
	}
	faults := Config{Keep: time.Minute, MaxJournal: 1}.Validate()
	if len(faults) != 2 {
		t.Errorf("faults %q, want keep and max_journal", faults)
	}
}
