package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"monitord/cmd/monitord/config"
)

func newCheckCommand() *cobra.Command {
	var path string
	var listen []string
	var effective bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read configuration and rules as `run` would, and print every fault",
		Long: `check reads the configuration and its rules exactly as run does, and prints
every fault as FILE:LINE: key: what is wrong, what to do. It exits with 0 when
there is none, else with 78. A syntax error hides the faults after it.

Without --config it reads ` + config.DefaultPath + ` if that exists, else the
built-in defaults.`,
		Example: `  monitord check --config monitord.toml
  monitord check --effective                # the configuration in force, secrets masked`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Find(path, listen).Load()
			var faulty *config.Error
			if errors.As(err, &faulty) {
				fmt.Fprintln(cmd.OutOrStdout(), faulty)
				return &exitError{code: exitConfig}
			}
			if err != nil {
				return &exitError{exitFailed, err}
			}
			if effective {
				return c.WriteEffective(cmd.OutOrStdout())
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "configuration `FILE`; empty: "+config.DefaultPath+" if that exists, else the built-in defaults")
	cmd.Flags().StringArrayVar(&listen, "listen", nil, "`ADDR` as run would be given it, instead of server.listen; may be repeated")
	cmd.Flags().BoolVar(&effective, "effective", false, "print the configuration in force, secrets masked")
	return cmd
}
