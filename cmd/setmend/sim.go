package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/otto"
	"github.com/setmend/setmend/clock"
)

// simulation is what `setmend sim` is started with.
type simulation struct {
	scenario
	listen string
	name   string   // of the scenario
	fleet  string   // a snapshot's file
	faults string   // a fault plan's file
	set    []string // options of the embedded AWS, as NAME=VALUE

	runFunctions bool // run the functions' code as processes of this machine
	enforceIAM   bool
	endpoint     string // where it listens, for the functions
}

func (a *app) simCommand() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use:   "sim",
		Short: "Serve the embedded AWS, for setmend, the AWS CLI and any SDK",
		Long: `sim serves the embedded AWS on an address until interrupted. Point a client at
it with --endpoint-url or AWS_ENDPOINT_URL; the subcommands, which control what
is being served, are pointed at it in the same way.

Credentials: an access key that is a 12-digit account id acts as that account,
AssumeRole returns such keys, and any other key is the management account.

On an address that others can reach, they can use all of the embedded AWS; the
subcommands work on the machine it runs on only.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.fleet != "" && (cmd.Flags().Changed("scenario") || cmd.Flags().Changed("accounts")) {
				return &usageError{errors.New("--fleet brings its own accounts"), "leave --scenario and --accounts out, or --fleet"}
			}
			if err := s.check(); err != nil {
				return err
			}
			return a.sim(cmd.Context(), s)
		},
	}
	s.flags(cmd, 1)
	cmd.Flags().StringVar(&s.listen, "listen", "127.0.0.1:4566", "address to listen on")
	cmd.Flags().StringVar(&s.name, "scenario", "otto", "otto (a large organization with much to heal) or empty")
	cmd.Flags().StringVar(&s.fleet, "fleet", "", "fill it from a file that `setmend sim snapshot` wrote, instead of a scenario")
	cmd.Flags().StringArrayVar(&s.set, "option", nil, "turn over what AWS leaves open, such as StackSets.MaxBusyPerSet=100 or Partition=aws-us-gov; may be given several times")
	cmd.Flags().BoolVar(&s.runFunctions, "run-functions", false, "run Lambda functions (bootstrap of provided.al2023) as processes of this machine: code of templates and requests then has your rights here")
	cmd.Flags().BoolVar(&s.enforceIAM, "enforce-iam", false, "evaluate the policies of roles: deny what a caller's role does not allow")
	cmd.Flags().StringVar(&s.faults, "faults", "", "a file of faults to inject, in force from the start and after every reset")
	cmd.AddCommand(a.simResetCommand(), a.simFaultsCommand(), a.simAdvanceCommand(), a.simSnapshotCommand(),
		a.simLoadCommand(), a.simDriftCommand(), a.simStatsCommand(), a.simWritesCommand())
	return cmd
}

func (a *app) sim(ctx context.Context, s simulation) error {
	if s.runFunctions && !onLoopback(s.listen) {
		return &usageError{fmt.Errorf("--run-functions with --listen %s: whoever reaches that address could run code here", s.listen), "listen on 127.0.0.1, or leave --run-functions out"}
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return &hintedError{fmt.Errorf("listening on %s: %w", s.listen, err), "choose another address with --listen", exitUsage}
	}
	url := "http://" + reachable(listener.Addr())
	s.endpoint = url
	aws, err := s.aws(clock.Scaled(s.speed, time.Now()))
	if err != nil {
		_ = listener.Close() // nothing was served
		return err
	}
	defer aws.Close()
	fmt.Fprintf(a.stderr, "embedded AWS on %s (%s, seed %d, speed %g); Ctrl-C ends it\n", url, s.what(), s.seed, s.speed)
	// Some clients read one name of the region, some the other.
	fmt.Fprintf(a.stderr, "  export AWS_ENDPOINT_URL=%s AWS_REGION=%s AWS_DEFAULT_REGION=%s AWS_ACCESS_KEY_ID=sim AWS_SECRET_ACCESS_KEY=sim%s\n",
		url, otto.HomeRegion, otto.HomeRegion, s.speedVariable())
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		fmt.Fprintln(a.stderr, "  note: whoever reaches this address may use it as any account; only this machine may control it")
	}
	go releaseStart()
	return serveUntil(ctx, listener, aws)
}

// onLoopback reports whether an address to listen on is one of this machine's own.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// speedVariable tells setmend to keep up.
func (s *simulation) speedVariable() string {
	if s.speed == 1 {
		return ""
	}
	return fmt.Sprintf(" SETMEND_SPEED=%g", s.speed)
}

// reachable is a listener's address for clients on this machine: one that listens
// on every address is named by its loopback one, which alone may control it.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return address.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
}

// what names the world that is served.
func (s *simulation) what() string {
	if s.fleet != "" {
		return "fleet " + s.fleet
	}
	return "scenario " + s.name
}

// aws makes the embedded AWS. What fills it is run again by every reset.
func (s *simulation) aws(time *clock.Clock) (*awssim.AWS, error) {
	fill, err := s.world()
	if err != nil {
		return nil, err
	}
	plan, err := s.plan()
	if err != nil {
		return nil, err
	}
	options := s.options(time)
	options.StateMachines, options.EnforceIAM = statesLanguage{}, s.enforceIAM
	options.Functions.Run, options.Functions.Endpoint = s.runFunctions, s.endpoint
	if s.speed != 1 {
		options.Functions.Environment = []string{fmt.Sprintf("SETMEND_SPEED=%g", s.speed)}
	}
	for _, assignment := range s.set {
		if err := options.Set(assignment); err != nil {
			return nil, &usageError{err, "docs/embedded-aws.md tells what each option does"}
		}
	}
	options.Fill = func(aws *awssim.AWS) error {
		if err := fill(aws); err != nil {
			return err
		}
		aws.ResetStats()
		return aws.Inject(plan)
	}
	aws, err := awssim.New(options)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("filling the embedded AWS from the %s: %w", s.what(), err),
			"a fleet must be a file that `setmend sim snapshot` wrote", exitConfig}
	}
	return aws, nil
}

// world is what fills the embedded AWS: a snapshot or a scenario.
func (s *simulation) world() (func(*awssim.AWS) error, error) {
	switch {
	case s.fleet != "":
		snapshot, err := readSnapshot(s.fleet)
		return func(aws *awssim.AWS) error { return aws.Load(snapshot) }, err
	case s.name == "otto":
		return func(aws *awssim.AWS) error {
			_, err := otto.Fill(aws, otto.Options{Accounts: s.accounts, Seed: s.seed})
			return err
		}, nil
	case s.name == "empty":
		return otto.Empty, nil
	}
	return nil, &usageError{fmt.Errorf("scenario %q is not known", s.name), "choose otto or empty"}
}

// plan are the faults to begin with.
func (s *simulation) plan() (awssim.FaultPlan, error) {
	if s.faults == "" {
		return awssim.FaultPlan{}, nil
	}
	plan, _, err := readFaults(s.faults)
	return plan, err
}

// readFaults reads a fault plan, and its text.
func readFaults(path string) (awssim.FaultPlan, []byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return awssim.FaultPlan{}, nil, fmt.Errorf("reading the faults: %w", err)
	}
	plan, err := awssim.ParseFaults(text)
	if err != nil {
		return plan, nil, &hintedError{fmt.Errorf("reading the faults in %s: %w", path, err), "docs/embedded-aws.md shows what may stand in it", exitConfig}
	}
	return plan, text, nil
}

// readSnapshot reads a snapshot, strictly.
func readSnapshot(path string) (*awssim.Snapshot, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the fleet: %w", err)
	}
	snapshot, err := awssim.ParseSnapshot(text)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the fleet in %s: %w", path, err), "it must be a file that `setmend sim snapshot` wrote", exitConfig}
	}
	return snapshot, nil
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
