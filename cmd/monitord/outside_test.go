//go:build outside

package main

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Tests named TestOutside drive the daemon with programs that are not ours: what
// they see is what users of those programs will see.

// outsideTime is how long a program of somebody else's may take in all.
const outsideTime = time.Minute

// outside runs a program to its end and returns what it printed. The test fails
// if it fails.
func outside(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), outsideTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s\n%s", name, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}
