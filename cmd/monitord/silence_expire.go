package main

import (
	"errors"
	"net/url"

	"github.com/spf13/cobra"
)

func newSilenceExpireCommand() *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use:   "expire ID...",
		Short: "End silences now",
		Long: `expire ends silences. What they silence is told again if it still fires. Those of
the configuration are ended there.`,
		Example: `  monitord silence expire 0b5cbf1e-9d4e-4a5b-8a8e-6a3f2b1c0d9e
  monitord silence expire $(monitord silence list -q severity=warning)`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("say which silences: write the ID of one, from monitord silence list")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, ids []string) error {
			r, err := newRemote(at)
			if err != nil {
				return err
			}
			for _, id := range ids {
				err := r.call(cmd.Context(), "DELETE", "/api/v2/silence/"+url.PathEscape(id), nil, nil, nil)
				if err != nil {
					return notThere(err, id)
				}
			}
			return nil
		},
	}
	addURLFlag(cmd.Flags(), &at)
	return cmd
}
