package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"monitord/alerts/hooks"
	"monitord/alerts/hooks/message"
)

// TestRetryOfWhatIsOver: a firing that the receiver did not take is told by hand
// after it took the end of the alert, and hears of the end once more.
func TestRetryOfWhatIsOver(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var heard []string
	refuses := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var p message.Payload
		if err != nil || json.Unmarshal(body, &p) != nil || len(p.Alerts) != 1 {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		_, key, _ := strings.Cut(r.Header.Get("Idempotency-Key"), "-web-")
		heard = append(heard, fmt.Sprintf("%s %s", p.Status, key))
		if refuses && p.Status == "firing" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer server.Close()
	last := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(heard)
	}
	config := fmt.Sprintf(`
[server]
listen = ["127.0.0.1:0"]
[[alerts.hooks]]
name = "web"
type = "webhook"
url = %q
`, server.URL)
	rule := "[[alerts.rules]]\nname = \"Up\"\nexpr = \"up == 1\"\nhooks = [\"web\"]\n"
	dir := daemonDir(t, config+rule)
	d := startDaemon(t, dir)
	eventually(t, "the refusal", func() bool { return len(last()) == 1 })
	shown := func() hooks.Status { return d.hook("web") }
	eventually(t, "a dead letter", func() bool { return shown().DeadTotal == 1 })
	writeConfig(t, dir, config)
	if code, text := d.reloadNow(); code != http.StatusOK {
		t.Fatal(text)
	}
	eventually(t, "the end", func() bool { return len(last()) == 2 })
	firing, end := last()[0], last()[1]
	if !strings.HasPrefix(firing, "firing ") || !strings.HasPrefix(end, "resolved ") {
		t.Fatalf("heard %q", last())
	}
	mu.Lock()
	refuses = false
	mu.Unlock()
	eventually(t, "that the delivery is over", func() bool { return shown().Delivered == 1 })
	if got := d.says(exitDone, "hook", "retry", "web"); !strings.HasPrefix(got, "1\n") || !strings.Contains(got, "of 1 alert the receiver has heard more since") {
		t.Errorf("said %q", got)
	}
	eventually(t, "both", func() bool { return len(last()) == 4 })
	if got := last()[2:]; !slices.Equal(got, []string{firing, end + "-r1"}) {
		t.Errorf("heard %q, then %q", []string{firing, end}, got)
	}
}
