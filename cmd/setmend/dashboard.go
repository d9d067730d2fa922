package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/dashboard"
	"github.com/setmend/setmend/heal"
)

func (a *app) dashboardCommand() *cobra.Command {
	var out string
	var fresh bool
	cmd := &cobra.Command{
		Use:   "dashboard",
		Short: "Write the dashboard of the last run, or of a fresh reading, as one HTML file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := a.latestReport(cmd.Context(), fresh)
			if err != nil {
				return err
			}
			if out == "-" {
				return dashboard.Page(a.stdout, report, pageOptions())
			}
			if err := replaceFile(out, func(f *os.File) error { return dashboard.Page(f, report, pageOptions()) }); err != nil {
				return err
			}
			fmt.Fprintf(a.stderr, "written: %s\n", out)
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "setmend.html", "file to write, - for standard output")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "read the fleet now instead of showing the last run")
	return cmd
}

// latestReport is the last run's, or a fresh reading where there is none.
func (a *app) latestReport(ctx context.Context, fresh bool) (*heal.Report, error) {
	if !fresh {
		var report *heal.Report
		err := a.withJournal(ctx, func(j store) (err error) {
			report, err = lastReport(ctx, j)
			return err
		})
		if err != nil || report != nil {
			return report, err
		}
	}
	r, err := a.read(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	defer r.close()
	return r.report(), nil
}

func lastReport(ctx context.Context, j store) (*heal.Report, error) {
	runs, err := heal.Runs(ctx, j)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if run.Result != "" {
			return heal.LoadReport(ctx, j, run.ID)
		}
	}
	return nil, nil
}

// serveReport shows a finished run's dashboard on loopback until interrupted.
func (a *app) serveReport(ctx context.Context, report *heal.Report, j store) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serving the dashboard: %w", err)
	}
	fmt.Fprintf(a.stderr, "dashboard: http://%s/ (Ctrl-C ends)\n", listener.Addr())
	handler := http.NewServeMux()
	handler.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := dashboard.Page(w, report, pageOptions()); err != nil && !errors.Is(err, http.ErrAbortHandler) {
			fmt.Fprintln(a.stderr, "setmend: serving the dashboard:", err)
		}
	})
	return serveUntil(ctx, listener, handler)
}
