package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestObservationMeasuresFromTheCommit(t *testing.T) {
	const ms = int64(time.Millisecond)
	o := newObservation()
	for _, m := range []arrived{
		{Op: "hello", T: 1000},
		{Op: "subscribed", ID: "query=up", Sub: 1},
		{Op: "subscribed", ID: "query=" + commitTime, Sub: 2},
		{Op: "samples", Sub: 1, T: 1000, at: 1900 * ms},                               // came with the subscription
		{Op: "alert", Seq: 1, T: 1000, Event: "firing", Current: true, at: 1900 * ms}, // likewise
		{Op: "samples", Sub: 1, T: 2000, at: 2005 * ms},
		{Op: "alert", Seq: 2, T: 2000, Event: "resolved", at: 2009 * ms},
		{Op: "alert", Seq: 3, T: 2000, Event: "notified", at: 2050 * ms},
		{Op: "samples", Sub: 2, T: 3000, V: []any{2.003}, at: 3005 * ms},
		{Op: "samples", Sub: 1, T: 3000, at: 3005 * ms}, // its commit is not known yet
	} {
		o.take(m)
	}
	stamps := filepath.Join(t.TempDir(), "stamps")
	if err := os.WriteFile(stamps, []byte("2 2013000000\n2 2999000000\n1 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report([]*observation{o}, "here", &server{said: &tail{}}, stamps, newTable(&out)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"here: 1 ticks, 1 subscribers, 1 alerts, 1 hooks", "2.00 / 2.00 / 2.00 ms", "6.00 / 6.00 / 6.00 ms", "10.00 / 10.00 / 10.00 ms", "3.00 / 3.00 / 3.00 ms"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if err := report([]*observation{newObservation()}, "here", &server{said: &tail{}}, stamps, newTable(&out)); err == nil {
		t.Error("nothing observed is no error")
	}
}

func TestReadFrame(t *testing.T) {
	long := strings.Repeat("y", 300)
	longer := strings.Repeat("z", 70_000)
	stream := "\x81\x02hi" + "\x81\x7e\x01\x2c" + long + "\x89\x00" + "\x81\x7f\x00\x00\x00\x00\x00\x01\x11\x70" + longer
	in := bufio.NewReader(strings.NewReader(stream))
	for i, want := range []struct {
		op      byte
		payload string
	}{{1, "hi"}, {1, long}, {9, ""}, {1, longer}} {
		op, payload, err := readFrame(in)
		if err != nil || op != want.op || string(payload) != want.payload {
			t.Fatalf("frame %d: %d, %d bytes, %v", i, op, len(payload), err)
		}
	}
	for _, bad := range []string{"", "\x81", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "\x89\x7e\x01\x00", "\x81\x05hi"} {
		if _, _, err := readFrame(bufio.NewReader(strings.NewReader(bad))); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestStampIsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stamps")
	t.Setenv("MONITORD_ALERT_SEQ", "7")
	if code := stamp(path, time.Unix(1, 5)); code != 0 {
		t.Fatalf("code %d", code)
	}
	got, err := readStamps(path)
	if err != nil || len(got) != 1 || got[7] != 1_000_000_005 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{[]float64{1.5}, "1.50"},
		{[]float64{3, 1, 2}, "2.00 [1.00..3.00]"},
		{nil, "-1.00"},
	} {
		if got := spread(c.values, "%.2f"); got != c.want {
			t.Errorf("%v: %s, want %s", c.values, got, c.want)
		}
	}
	if got := quantile([]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.99); got != 10 {
		t.Errorf("p99 of ten: %v", got)
	}
}
