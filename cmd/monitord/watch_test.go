package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"monitord/stream/client"
	"monitord/stream/wire"
)

// labelsOf makes labels of names and values in turn.
func labelsOf(pairs ...string) wire.Labels {
	var ls wire.Labels
	for i := 0; i < len(pairs); i += 2 {
		ls = append(ls, wire.Label{Name: pairs[i], Value: pairs[i+1]})
	}
	return ls
}

// loads answers a subscription with one column at the given times.
func loads(id string, sub uint32, times ...int64) []wire.Message {
	out := []wire.Message{
		&wire.Subscribed{ID: id, Sub: sub, T: 5000},
		&wire.Series{Sub: sub, Rev: 1, Series: []wire.Labels{labelsOf("__name__", "node_load1", "instance", "web1")}},
	}
	for _, t := range times {
		out = append(out, &wire.Samples{Sub: sub, Rev: 1, T: t, V: []float64{float64(t) / 2000}})
	}
	return out
}

func firing(sub uint32, seq uint64, current bool) *wire.Event {
	return &wire.Event{Sub: sub, Seq: seq, T: 5000, Event: "firing", Current: current, Alert: wire.Alert{
		Fingerprint: "00c4b4e2a9f1d37b", State: "firing", Value: 93.2,
		Labels:      labelsOf("alertname", "DiskFull", "instance", "web1", "mountpoint", "/srv", "severity", "critical"),
		Annotations: labelsOf("summary", "/srv is full"),
		ActiveAt:    time.UnixMilli(4000), StartsAt: time.UnixMilli(5000),
	}}
}

// watchCommand runs a command line against a server and returns what it wrote.
func watchCommand(t *testing.T, url string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, errors.New("test took too long"))
	defer cancel()
	var out, errs bytes.Buffer
	code = execute(ctx, append([]string{"watch", "--url", url}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

func TestWatch(t *testing.T) {
	const load = `{"t":5000,"metric":{"__name__":"node_load1","instance":"web1"},"value":2.5}` + "\n"
	const load6 = `{"t":6000,"metric":{"__name__":"node_load1","instance":"web1"},"value":3}` + "\n"
	alert := string(firing(7, 9, true).AppendJSON(nil)) + "\n"
	subscribedToAlerts := &wire.Subscribed{ID: "1", Sub: 7, Alerts: true, Seq: 10}
	for name, c := range map[string]struct {
		answers map[string][]wire.Message
		args    []string
		code    int
		stdout  string
		stderr  string // a part of it
	}{
		"values end after a count": {
			map[string][]wire.Message{"1": loads("1", 3, 5000, 6000, 7000)}, []string{"node_load1", "-n", "2"}, 0, load + load6, ""},
		"once": {
			map[string][]wire.Message{"1": loads("1", 3, 5000, 6000)}, []string{"node_load1", "--once"}, 0, load, ""},
		"once without anything": {
			map[string][]wire.Message{"1": loads("1", 3)}, []string{"node_load1 > 100", "--once"}, 0, "", ""},
		"alerts by themselves": {
			map[string][]wire.Message{"1": {subscribedToAlerts, firing(7, 9, true)}}, []string{"--once"}, 0, alert, ""},
		"no alerts": {
			map[string][]wire.Message{"1": {subscribedToAlerts}}, []string{"--alerts", "--once"}, 0, "", ""},
		"until alone": {
			map[string][]wire.Message{"until": loads("until", 3, 5000)}, []string{"--until", "node_load1 > 2"}, 0, load, ""},
		"until beside an expression": {
			map[string][]wire.Message{"1": loads("1", 3, 5000), "until": loads("until", 4, 5000)},
			[]string{"node_load1", "--until", "up"}, 0, load, ""},
		"the same twice": {
			map[string][]wire.Message{"1": loads("1", 3, 5000, 6000)}, []string{"node_load1", "node_load1", "-n", "2"}, 0, load + load6, ""},
		"until what is shown": {
			map[string][]wire.Message{"1": loads("1", 3, 5000)}, []string{"node_load1", "--until", "node_load1"}, 0, load, ""},
		"csv": {
			map[string][]wire.Message{"1": loads("1", 3, 5000, 6000)}, []string{"node_load1", "-n", "2", "-o", "csv"}, 0,
			"t,metric,value\n5000,\"node_load1{instance=\"\"web1\"\"}\",2.5\n6000,\"node_load1{instance=\"\"web1\"\"}\",3\n", ""},
		"csv of alerts": {
			map[string][]wire.Message{"1": {subscribedToAlerts, firing(7, 11, false)}}, []string{"-n", "1", "-o", "csv"}, 0,
			"t,seq,event,alert,value,summary\n5000,11,firing,\"{alertname=\"\"DiskFull\"\",instance=\"\"web1\"\",mountpoint=\"\"/srv\"\",severity=\"\"critical\"\"}\",93.2,/srv is full\n", ""},
		"prom": {
			map[string][]wire.Message{"1": loads("1", 3, 5000)}, []string{"node_load1", "-n", "1", "-o", "prom"}, 0,
			`node_load1{instance="web1"} 2.5 5000` + "\n", ""},
		"prom of alerts": {
			map[string][]wire.Message{"1": {subscribedToAlerts, firing(7, 11, false)}}, []string{"-n", "1", "-o", "prom"}, 0,
			`ALERTS{alertname="DiskFull",alertstate="firing",instance="web1",mountpoint="/srv",severity="critical"} 1 5000` + "\n", ""},
		"a hole": {
			map[string][]wire.Message{"1": append([]wire.Message{&wire.Subscribed{ID: "1", Sub: 3, T: 5000},
				&wire.Gap{Sub: 3, From: 1000, To: 4000, Missed: 4, Reason: wire.Down}}, loads("1", 3, 5000)[1:]...)},
			[]string{"node_load1", "-n", "1", "--from", "-10m"}, 0, load, "gap: node_load1: 4 values from "},
		"a wrong expression": {
			map[string][]wire.Message{"1": {&wire.Error{ID: "1", Code: wire.BadQuery, Message: "1:5: unexpected \x1b[31m"}}},
			[]string{"sum(("}, 2, "", "sum((: bad_query: 1:5: unexpected \ufffd[31m"},
		"not allowed": {
			map[string][]wire.Message{"1": {&wire.Error{ID: "1", Code: wire.Forbidden, Message: "no"}}}, []string{"up"}, 4, "", "forbidden"},
		"too many": {
			map[string][]wire.Message{"1": {&wire.Error{ID: "1", Code: wire.TooMany, Message: "no"}}}, []string{"up"}, 1, "", "too_many"},
		"a tick that failed": {
			map[string][]wire.Message{"1": append(loads("1", 3)[:1:1], append([]wire.Message{
				&wire.Error{Sub: 3, T: 4000, Code: wire.QueryFailed, Message: "too many samples"}}, loads("1", 3, 5000)[1:]...)...)},
			[]string{"node_load1", "-n", "1"}, 0, load, "query_failed: too many samples"},
		"a timeout": {nil, []string{"up", "--timeout", "50ms"}, 124, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := watchCommand(t, watchServer(t, c.answers), c.args...)
			if code != c.code || stdout != c.stdout || !strings.Contains(stderr, c.stderr) {
				t.Errorf("code %d, want %d\nstdout %q\n  want %q\nstderr %q\n  want %q", code, c.code, stdout, c.stdout, stderr, c.stderr)
			}
		})
	}
}

func TestWatchRaw(t *testing.T) {
	code, stdout, _ := watchCommand(t, watchServer(t, map[string][]wire.Message{"1": loads("1", 3, 5000)}), "node_load1", "-o", "raw", "-n", "1")
	var ops []string
	for line := range strings.Lines(stdout) {
		if m, err := wire.Decode([]byte(line)); err != nil || m == nil {
			t.Errorf("line %q: %v", line, err)
		}
		ops = append(ops, strings.SplitN(line, `"`, 5)[3])
	}
	if code != 0 || strings.Join(ops, " ") != "hello subscribed series samples" {
		t.Errorf("code %d, messages %q", code, ops)
	}
}

func TestWatchIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if code := execute(ctx, []string{"watch", "--url", watchServer(t, nil)}, &out, &errs); code != exitInterrupted {
		t.Errorf("code %d: %s", code, errs.String())
	}
}

func TestWatchUsage(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		args []string
		says string
	}{
		"an unknown format":       {2, []string{"up", "-o", "xml"}, "--output"},
		"a duration":              {2, []string{"up", "--every", "soon"}, "--every"},
		"a time":                  {2, []string{"up", "--from", "yesterday"}, "--from"},
		"from without values":     {2, []string{"--from", "-10m"}, "--from"},
		"after without alerts":    {2, []string{"up", "--after", "7"}, "--alerts"},
		"csv of both":             {2, []string{"up", "--alerts", "-o", "csv"}, "csv"},
		"a negative count":        {2, []string{"up", "-n", "-1"}, "--count"},
		"an unknown flag":         {2, []string{"--nope"}, "nope"},
		"a URL":                   {2, []string{"--url", "ftp://x"}, "ftp://x"},
		"a daemon that is absent": {5, []string{"--url", "unix:/nonexistent/m.sock"}, "connect"},
	} {
		code, stdout, stderr := watchCommand(t, "http://127.0.0.1:1", c.args...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: code %d, stdout %q, stderr %q", name, code, stdout, stderr)
		}
	}
}

func TestWatchResult(t *testing.T) {
	gone, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("a signal with a name of its own"))
	forbidden := &client.ConnectError{URL: "u", Err: &client.RefusedError{Status: 403, Message: "\x1b[2Jno"}}
	for name, c := range map[string]struct {
		parent context.Context
		err    error
		code   int
		says   string
	}{
		"interrupted":  {gone, context.Cause(gone), 130, "exit 130"},
		"timed out":    {t.Context(), errWatchTimeout, 124, "exit 124"},
		"not allowed":  {t.Context(), forbidden, 4, "connect to u: refused with status 403: \ufffd[2Jno"},
		"no daemon":    {t.Context(), &client.ConnectError{URL: "u", Err: errors.New("x")}, 5, "connect to u: x"},
		"sent away":    {t.Context(), &client.ClosedError{Code: 1008, Reason: "no\a"}, 1, "closed by the server with code 1008: no\ufffd"},
		"a full disk":  {t.Context(), errors.New("write: no space"), 1, "write: no space"},
		"a wrong expr": {t.Context(), &exitError{exitUsage, errors.New("bad")}, 2, "bad"},
	} {
		var exit *exitError
		if err := watchResult(c.parent, c.err); !errors.As(err, &exit) || exit.code != c.code || exit.Error() != c.says {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, err := range []error{nil, errWatchNothing} {
		if got := watchResult(t.Context(), err); got != nil {
			t.Errorf("%v: %v", err, got)
		}
	}
}
