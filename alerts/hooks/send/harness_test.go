package send

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == HelperName {
		if err := ServeHelper(os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	// The helper is this program; with the race detector it would take its exit slowly.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	goleak.VerifyTestMain(m)
}

var testOrigin = message.Origin{Epoch: "00c0ffee00c0ffee", Instance: "web1", ExternalURL: "http://web1:6455"}

func messageOf(t testing.TB, e alerts.Event) *message.Message {
	t.Helper()
	m, err := testOrigin.Compose(message.Draft{Hook: "ops", Events: []alerts.Event{e}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
