package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/otto"
	"github.com/setmend/setmend/clock"
)

func (a *app) simCommand() *cobra.Command {
	var s scenario
	var listen, name string
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Serve the embedded AWS, for setmend, the AWS CLI and any SDK",
		Long: `sim serves the embedded AWS on an address until interrupted. Point a client at
it with --endpoint-url or AWS_ENDPOINT_URL.

Credentials: an access key that is a 12-digit account id acts as that account,
AssumeRole returns such keys, and any other key is the management account.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			return a.sim(cmd.Context(), s, listen, name)
		},
	}
	s.flags(cmd, 1)
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:4566", "address to listen on")
	cmd.Flags().StringVar(&name, "scenario", "otto", "otto (a large organization with much to heal) or empty")
	return cmd
}

func (a *app) sim(ctx context.Context, s scenario, listen, name string) error {
	aws, err := a.scenario(s, name, clock.Scaled(s.speed, time.Now()))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return &hintedError{fmt.Errorf("listening on %s: %w", listen, err), "choose another address with --listen", exitUsage}
	}
	fmt.Fprintf(a.stderr, "embedded AWS on http://%s (scenario %s, seed %d, speed %g); Ctrl-C ends it\n", listener.Addr(), name, s.seed, s.speed)
	fmt.Fprintf(a.stderr, "  export AWS_ENDPOINT_URL=http://%s AWS_REGION=%s AWS_ACCESS_KEY_ID=sim AWS_SECRET_ACCESS_KEY=sim\n", listener.Addr(), otto.HomeRegion)
	return serveUntil(ctx, listener, aws)
}

func (a *app) scenario(s scenario, name string, time *clock.Clock) (*awssim.AWS, error) {
	switch name {
	case "otto":
		return a.fill(s, time)
	case "empty":
		aws, err := awssim.New(s.options(time))
		if err == nil {
			err = otto.Empty(aws)
		}
		return aws, err
	}
	return nil, &usageError{fmt.Errorf("scenario %q is not known", name), "choose otto or empty"}
}

// serveUntil serves until the context ends, then lets requests finish.
func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
