package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"monitord/cmd/monitord/config"
)

// endWithin is how long an orderly end may take.
var endWithin = 4800 * time.Millisecond // the tests give it more

func newRunCommand() *cobra.Command {
	var path string
	var listen []string
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the daemon",
		Long: `run samples this host, keeps the history, evaluates the rules and serves page,
API and stream until it is ended by SIGTERM or an interrupt. SIGHUP reads the
configuration again; a faulty one changes nothing.

Without --config it reads ` + config.DefaultPath + ` if that exists, else it
runs with built-in defaults. It needs no privileges.`,
		Example: `  monitord run
  monitord run --config monitord.toml
  monitord run --listen 127.0.0.1:7000 --listen unix:/run/user/1000/monitord.sock`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			hup := make(chan os.Signal, 1)
			signal.Notify(hup, syscall.SIGHUP)
			defer signal.Stop(hup)
			// Ending waits for the disk to take what is left. One that does not
			// answer keeps no daemon: what it acknowledged is there, all else is
			// lost either way.
			stop := context.AfterFunc(cmd.Context(), func() {
				time.AfterFunc(endWithin, func() {
					fmt.Fprintln(cmd.ErrOrStderr(), "monitord: the disk does not answer, ending without it")
					os.Exit(exitFailed)
				})
			})
			defer stop()
			err := runDaemon(cmd.Context(), config.Find(path, listen), nil, hup, cmd.ErrOrStderr())
			var faulty *config.Error
			if errors.As(err, &faulty) {
				fmt.Fprintln(cmd.ErrOrStderr(), faulty)
				return &exitError{code: exitConfig, err: errors.New("the configuration is faulty, see above")}
			}
			switch {
			case errors.Is(err, fs.ErrPermission):
				return &exitError{exitNotAllowed, err}
			case err != nil:
				return &exitError{exitFailed, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&path, "config", "", "configuration `FILE`; empty: "+config.DefaultPath+" if that exists, else the built-in defaults")
	cmd.Flags().StringArrayVar(&listen, "listen", nil, "listen on `ADDR` (host:port or unix:/path) instead of server.listen; may be repeated")
	return cmd
}
