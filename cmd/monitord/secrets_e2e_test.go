package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// the secrets of TestSecretsStayIn; none has anything in common with another text.
const (
	secretUser  = "Quokka7user"
	secretPass  = "Wombat8pass"
	secretPath  = "Numbat9path"
	secretQuery = "Bilby10query"
	secretSign  = "Kowari11sign"
	secretFile  = "Potoroo12file"
)

// With a secret in every key that may hold one, for every kind of hook, and with
// receivers that refuse and quote all that they were sent, none of it is to be
// found in anything that the daemon writes or answers.
func TestSecretsStayIn(t *testing.T) {
	t.Parallel()
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := readAll(t, r.Body)
		user, pass, _ := r.BasicAuth()
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, `{"errorDescription":"%s %s %s","error":"%s %s"}`, r.URL, user, pass, r.Header, strings.ReplaceAll(body, `"`, ""))
	}))
	defer echo.Close()
	host := strings.TrimPrefix(echo.URL, "http://")
	target := fmt.Sprintf("http://%s:%s@%s/%s?q=%s", secretUser, secretPass, host, secretPath, secretQuery)
	var conf strings.Builder
	conf.WriteString("[log]\nlevel = \"debug\"\n[[alerts.rules]]\nname = \"Always\"\nexpr = \"vector(1)\"\n")
	names := []string{}
	hook := func(kind, keys string) {
		name := fmt.Sprintf("%s-%d", kind, len(names))
		names = append(names, name)
		fmt.Fprintf(&conf, "[[alerts.hooks]]\nname = %q\ntype = %q\n%s", name, kind, keys)
	}
	dir := t.TempDir()
	file := func(text string) string {
		path := filepath.Join(dir, fmt.Sprintf("secret-%d", len(names)))
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	hook("webhook", fmt.Sprintf("url = %q\nsecret = %q\n", target, secretSign))
	hook("webhook", fmt.Sprintf("url_file = %q\n", file(target)))
	hook("webhook", fmt.Sprintf("url = %q\nsecret_file = %q\n", target, file(secretFile)))
	hook("webhook", fmt.Sprintf("url = %q\nheartbeat = \"2s\"\n", target))
	hook("alertmanager", fmt.Sprintf("url = \"http://%s:%s@%s/%s\"\nresend = \"1s\"\n", secretUser, secretPass, host, secretPath))
	hook("alertmanager", fmt.Sprintf("urls = [\"http://%s/%s\", \"http://127.0.0.1:1/%s\"]\nsecret = %q\n", host, secretPath, secretPath, secretSign))
	hook("alertmanager", fmt.Sprintf("url_file = %q\n", file("http://"+secretUser+":"+secretPass+"@"+host)))
	hook("alertmanager", fmt.Sprintf("url = \"http://%s\"\nsecret_file = %q\n", host, file(secretFile)))
	hook("shoutrrr", fmt.Sprintf("url = \"generic+http://%s:%s@%s/%s?k=%s&template=json\"\n", secretUser, secretPass, host, secretPath, secretQuery))
	hook("shoutrrr", fmt.Sprintf("url = \"ntfy://%s:%s@%s/%s?scheme=http\"\n", secretUser, secretPass, host, secretPath))
	hook("shoutrrr", fmt.Sprintf("url = \"bark://:%s@%s/%s?scheme=http\"\n", secretPass, host, secretPath))
	hook("shoutrrr", fmt.Sprintf("url = \"mattermost://%s@%s/%s/%s?disabletls=yes\"\n", secretUser, host, secretPath, secretQuery))
	hook("shoutrrr", fmt.Sprintf("url = \"matrix://%s:%s@%s/?disableTLS=yes&rooms=%s\"\n", secretUser, secretPass, host, secretQuery))
	hook("shoutrrr", fmt.Sprintf("url = \"smtp://%s:%s@127.0.0.1:1/?from=%s@x.test&to=%s@x.test\"\n", secretUser, secretPass, secretPath, secretQuery))
	hook("shoutrrr", fmt.Sprintf("url_file = %q\n", file("telegram://110201543:AAHdqTcvCH1vGWJxfSeofS-"+secretPass+"@telegram?chats="+secretQuery)))
	writeConfig(t, dir, conf.String())
	d := startDaemon(t, dir, "HTTPS_PROXY=http://127.0.0.1:1")

	said := map[string]string{} // where → what
	page := "/api/v1/stream?alerts=&after=0&wait=0&limit=500"
	eventually(t, "every hook has failed", func() bool {
		_, said[page] = d.get(page)
		for _, name := range names {
			if name != "webhook-3" && !strings.Contains(said[page], "notify_failed") || !strings.Contains(d.log(), "hook="+name) {
				return false
			}
		}
		return true
	})

	for _, path := range []string{"/metrics", "/api/v1/hooks", "/api/v1/rules", "/api/v1/alerts", "/api/v2/alerts", "/api/v2/status", "/api/v2/receivers"} {
		_, said[path] = d.get(path)
	}
	said["hook list"], _ = runCommand(t, exitDone, "hook", "list", "--url", d.URL())
	for _, name := range names {
		what := "hook test " + name
		out, errs := runCommand(t, exitFailed, "hook", "test", name, "--url", d.URL(), "-o", "json")
		said[what] = out + errs
		if !strings.Contains(out, `"request":"`) || !strings.Contains(said["/api/v1/hooks"], name) {
			t.Errorf("%s says %s", what, said[what])
		}
	}

	// Faults of a configuration are quoted, but not what is secret in it.
	writeConfig(t, dir, conf.String()+fmt.Sprintf("[[alerts.hooks]]\nname = \"w\"\ntype = \"webhook\"\nurl = \"ftp://%[1]s\"\nsecret = [%[1]q]\n"+
		"[[alerts.hooks]]\nname = \"x\"\ntype = \"shoutrrr\"\nurl = \"slack://%[1]s/%[2]s\"\n"+
		"[[alerts.hooks]]\nname = \"y\"\ntype = \"alertmanager\"\nurls = %[1]q\nsecret_file = 3\n"+
		"[[alerts.hooks]]\nname = \"z\"\ntype = \"exec\"\nurl = %[1]q\nsecret = %[2]q\n", secretPath, secretSign))
	said["check"], _ = runCommand(t, exitConfig, "check", "--config", filepath.Join(dir, "monitord.toml"))
	if n := strings.Count(said["check"], "\n"); n < 6 {
		t.Errorf("check finds %d faults:\n%s", n, said["check"])
	}
	d.signal(os.Interrupt)
	writeConfig(t, dir, conf.String())
	said["check --effective"], _ = runCommand(t, exitDone, "check", "--effective", "--config", filepath.Join(dir, "monitord.toml"))
	if d.wait() != exitDone {
		t.Errorf("the daemon ended with %v", d.cmd.ProcessState)
	}
	said["log"] = d.log()
	files := 0
	err := filepath.WalkDir(filepath.Join(dir, "data"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		said[path] = string(b)
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
	for where, text := range said {
		for _, secret := range []string{secretUser, secretPass, secretPath, secretQuery, secretSign, secretFile} {
			if i := strings.Index(strings.ToLower(text), strings.ToLower(secret[:6])); i >= 0 {
				t.Errorf("%s is in %s: …%q…", secret, where, text[max(i-200, 0):min(i+100, len(text))])
			}
		}
	}
}
