package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/dashboard"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/report"
)

func (a *app) dashboardCommand() *cobra.Command {
	var out string
	var fresh, open bool
	cmd := &cobra.Command{
		Use:   "dashboard",
		Short: "Write the dashboard of the last run, or of a fresh reading, as one HTML file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, options, err := a.latestReport(cmd.Context(), fresh)
			if err != nil {
				return err
			}
			if out == "-" {
				return dashboard.Page(a.stdout, report, options)
			}
			if err := replaceFile(out, func(f *os.File) error { return dashboard.Page(f, report, options) }); err != nil {
				return err
			}
			fmt.Fprintf(a.stderr, "written: %s\n", out)
			if open {
				return openInBrowser(out)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "setmend.html", "file to write, - for standard output")
	cmd.Flags().BoolVar(&open, "open", false, "open it in the browser")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "read the fleet now instead of showing the last run")
	return cmd
}

// latestReport is the last run's, or a fresh reading where there is none.
func (a *app) latestReport(ctx context.Context, fresh bool) (*report.Report, dashboard.Options, error) {
	options := pageOptions()
	if !fresh {
		var report *report.Report
		err := a.withJournal(ctx, func(j store) (err error) {
			if report, err = lastReport(ctx, j); err == nil && report != nil {
				options, err = pageOptionsOf(ctx, j, report)
			}
			return err
		})
		if err != nil || report != nil {
			return report, options, err
		}
	}
	r, err := a.read(ctx, nil, nil)
	if err != nil {
		return nil, options, err
	}
	defer r.close()
	return r.report(), options, nil
}

// openInBrowser shows a file with whatever the system opens pages with.
func openInBrowser(path string) error {
	opener := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
	if opener == "" {
		opener = "xdg-open"
	}
	if err := exec.Command(opener, path).Start(); err != nil {
		return &hintedError{fmt.Errorf("opening %s in a browser: %w", path, err), "open the file by hand; it is written", exitFailed}
	}
	return nil
}

func lastReport(ctx context.Context, j store) (*report.Report, error) {
	runs, err := record.Runs(ctx, j)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if run.Result != "" {
			return record.LoadReport(ctx, j, run.ID)
		}
	}
	return nil, nil
}

// serveReport shows a finished run's dashboard on loopback until interrupted.
func (a *app) serveReport(ctx context.Context, c *connection, j store) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serving the dashboard: %w", err)
	}
	fmt.Fprintf(a.stderr, "dashboard: http://%s/ (Ctrl-C ends)\n", listener.Addr())
	server, err := dashboard.NewServer(dashboard.Config{Source: journalSource{j, c}, Approvals: journalApprovals{j, c},
		Address: listener.Addr().String(), Page: pageOptions()})
	if err != nil {
		return fmt.Errorf("serving the dashboard: %w", err)
	}
	stop := context.AfterFunc(ctx, server.Close)
	defer stop()
	return dashboard.Serve(ctx, listener, server)
}
