package main

import (
	"github.com/spf13/cobra"

	"monitord/alerts/hooks/send"
)

// newHelperCommand is what the daemon starts for a delivery of a hook of type
// shoutrrr; nobody else calls it.
func newHelperCommand() *cobra.Command {
	return &cobra.Command{
		Use:    send.HelperName,
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := send.ServeHelper(cmd.InOrStdin(), cmd.OutOrStdout()); err != nil {
				return &exitError{exitFailed, err}
			}
			return nil
		},
	}
}
