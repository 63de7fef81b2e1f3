package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"monitord/alerts/hooks"
)

const hooksPath = "/api/v1/hooks"

func newHookCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hook",
		Short: "What hooks have delivered, what waits, what was given up; try one out",
		Example: `  monitord hook list
  monitord hook test ops --severity critical
  monitord hook retry ops`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newHookListCommand(), newHookRetryCommand(), newHookTestCommand())
	return cmd
}

// oneHook is the only argument of a command.
func oneHook(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return errors.New("say which hook: write its name, from monitord hook list")
	case 1:
		return nil
	}
	return fmt.Errorf("takes the name of one hook and no more, not %q", args[1])
}

// hook asks for something below /api/v1/hooks.
func (r *remote) hook(ctx context.Context, method string, query url.Values, into any, path ...string) error {
	at := hooksPath
	for _, part := range path {
		at += "/" + url.PathEscape(part)
	}
	answer := struct{ Data any }{into}
	return r.call(ctx, method, at, query, nil, &answer)
}

// alertText names what is delivered, in one cell.
func alertText(c hooks.Content) string {
	if c.Labels == nil {
		return "(no longer kept)"
	}
	text := alertName(c.Labels)
	if c.Events > 1 {
		text += fmt.Sprintf(" and %d more", c.Events-1)
	}
	if c.Repeat > 0 {
		text += fmt.Sprintf(" (repeat %d)", c.Repeat)
	}
	return text
}
