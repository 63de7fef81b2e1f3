package hooks

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"monitord/alerts/hooks/hooktest"
)

// TestSecretsStayIn: a receiver that quotes all it got, and one that is not
// there, put no secret into the error, the journal or the log.
func TestSecretsStayIn(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s hunter2 s3cret", r.URL, r.Header)
	}))
	defer echo.Close()
	var logged bytes.Buffer
	for _, target := range []string{
		strings.Replace(echo.URL, "http://", "http://user:hunter2@", 1) + "/hook/T0K3N?q=T0K3N",
		"http://user:hunter2@127.0.0.1:1/hook/T0K3N",
		"http://user:hunter2@does-not..exist.invalid/hook/T0K3N",
	} {
		log, _ := openLog(t, t.TempDir())
		c := DefaultConfig()
		c.Name, c.Type, c.URL, c.Secret = "ops", "webhook", target, "s3cret"
		r, err := New([]Config{c}, Options{Log: log, Logger: slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
		if err != nil {
			t.Fatal(err)
		}
		write(t, log, hooktest.Firing("A"))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { r.Run(ctx); close(done) }()
		waitFor(t, log, func() bool { return len(told(t, log)) > 0 })
		cancel()
		<-done
		events, err := log.Read(0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Delivery != nil {
				fmt.Fprintln(&logged, e.Delivery.Error, r.Stats()[0].LastError)
			}
		}
	}
	for _, secret := range []string{"hunter2", "s3cret", "T0K3N"} {
		if strings.Contains(logged.String(), secret) {
			t.Errorf("%q is in:\n%s", secret, logged.String())
		}
	}
	if !strings.Contains(logged.String(), "418") || !strings.Contains(logged.String(), "refused") {
		t.Errorf("errors say too little:\n%s", logged.String())
	}
}
