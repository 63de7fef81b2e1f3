package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
)

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  monitord version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.Join(versionWords(), " "))
			return err
		},
	}
}

// versionWords is what `monitord version` prints: name, version, and with what
// and for what it was built.
func versionWords() []string {
	return []string{"monitord", version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
}
