package main

import "github.com/spf13/cobra"

func newRulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Try rules out: unit tests, and what they would have done",
		Example: `  monitord rules test rules.d/*_test.toml   # unit tests
  monitord rules replay --since 24h         # what the configuration's rules would have done`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRulesTestCommand(), newRulesReplayCommand())
	return cmd
}
