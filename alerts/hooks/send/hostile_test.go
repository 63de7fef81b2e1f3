package send

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
)

// hostileStrings are a hundred and more that something evaluates somewhere; what
// they would do is to make the file trap.
func hostileStrings(trap string) []string {
	commands := []string{"touch " + trap, "touch${IFS}" + trap, "\ttouch\t" + trap + "\t"}
	var all []string
	for _, pattern := range []string{
		"$(%s)", "`%s`", ";%s;", "|%s", "||%s", "&&%s", "&%s&", "\n%s\n", "() { :;}; %s", "'; %s; '", "\"; %s; \"", "'$(%s)'", "\"$(%s)\"",
		"$'\\n'%s", "<(%s)", ">(%s)", "${x:-$(%s)}", "$((`%s`))", "a[$(%s)]", "eval %s", "exec %s", "!%s", "-o ProxyCommand=%s",
		"{{ system %q }}", "${jndi:exec:%s}", "<?php system('%s') ?>", "<script>%s</script>", "\";%s;#", "\\`%s\\`", "x=%s", "--%s", "$0;%s", "%%0a%s", "\r\n%s",
	} {
		for _, command := range commands {
			all = append(all, fmt.Sprintf(pattern, command))
		}
	}
	return append(all,
		trap, "> "+trap, ">>"+trap, "| tee "+trap, "../../"+trap, "-rf /", "--help", "-c", "", " ", "\\", "'", "\"", "$", "`", "#", "~root", "*", "?", "[a-z]", "{a,b}",
		"%s%n%x", "\x1b]0;title\a", "\u202egnp.exe", "\ufeff", "\x00after", "a\x00b", "\xff\xfe\xfd", "\x7f", "MONITORD_ALERT_NAME=x", "LD_PRELOAD="+trap, "IFS=x", "PATH=",
		strings.Repeat("é", 50<<10), strings.Repeat("x", 200<<10), strings.Repeat("\n", 5000))
}

// TestHostileStrings: whatever is in labels and annotations reaches a program as
// data, in its environment and on standard input, and nothing evaluates it.
func TestHostileStrings(t *testing.T) {
	dir := t.TempDir()
	trap := filepath.Join(dir, "owned")
	got := filepath.Join(dir, "got")
	s := script(t, `printf '%s\0%s\0%s\0%s' "$MONITORD_ALERT_NAME" "$MONITORD_ALERT_SEVERITY" "$MONITORD_ALERT_INSTANCE" "$MONITORD_ALERT_SUMMARY" > "$1"; cat > "$2"`,
		got, got+".json")
	hostile := hostileStrings(trap)
	if len(hostile) < 130 {
		t.Fatalf("only %d", len(hostile))
	}
	for _, text := range hostile {
		e := hooktest.Golden()
		e.Alert.Labels = labels.FromStrings("alertname", "x"+text, "severity", text, "instance", "i"+text, "other", text)
		e.Alert.Annotations = map[string]string{"summary": text, "other": text}
		if o := s.Send(t.Context(), messageOf(t, e)); o.Err != nil {
			t.Errorf("%.40q: %v", text, o.Err)
			continue
		}
		env, _ := os.ReadFile(got)
		want := []string{envValue("x" + text), envValue(text), envValue("i" + text), envValue(text)}
		if vars := strings.Split(string(env), "\x00"); !slices.Equal(vars, want) {
			t.Errorf("%.40q: the environment has %.200q", text, vars)
		}
		body, _ := os.ReadFile(got + ".json")
		var p message.Payload
		if err := json.Unmarshal(body, &p); err != nil || p.Alerts[0].Labels["severity"] != inJSON(text) {
			t.Errorf("%.40q: standard input has %.200q, %v", text, p.Alerts[0].Labels["severity"], err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("something was evaluated: %v, %v", entries, err)
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("something was evaluated")
	}
}

// inJSON is a text as JSON can have it.
func inJSON(text string) string {
	b, _ := json.Marshal(text)
	var back string
	_ = json.Unmarshal(b, &back)
	return back
}
