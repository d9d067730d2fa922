package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is one invocation: its streams and its global flags.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	profile  string
	region   string
	callAs   string
	endpoint string
	config   string
	journal  string

	substitutions map[string]string // of a definition; --substitute

	maxAge *time.Duration // of a drift check, for commands that are about drift

	speed   float64
	output  string
	noColor bool
	verbose bool
	yes     bool
}

// run parses the arguments and carries the command out.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	command, err := root.ExecuteContextC(ctx)
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		if err != nil { // serving until interrupted leaves nothing to tell
			fmt.Fprintln(a.stderr, "setmend: interrupted; nothing is lost: `setmend runs resume RUN` goes on with a heal, and `setmend runs` names it")
		}
		return exitInterrupted
	}
	return a.report(command, err)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "setmend",
		Short: "Keeps CloudFormation StackSets healthy across an AWS Organization",
		Long: `setmend finds every stack instance that should not exist, should exist and does
not, failed, or drifted; plans the fewest and least destructive operations that
put it right; carries them out so that nothing is lost; and proves the result.

Reading commands (status, plan, explain, doctor) never change anything.
heal shows its plan and asks before it acts. demo needs no AWS at all.`,
		SilenceErrors: true, SilenceUsage: true,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Version: version(),
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	f := root.PersistentFlags()
	f.StringVar(&a.profile, "profile", "", "`NAME` of a profile in the shared AWS configuration (AWS_PROFILE)")
	f.StringVar(&a.region, "region", "", "home `REGION`: where the stack sets live (AWS_REGION)")
	f.StringVar(&a.callAs, "call-as", "", "`WHOM` to call as: SELF or DELEGATED_ADMIN (SETMEND_CALL_AS)")
	f.StringVar(&a.endpoint, "endpoint-url", "", "another AWS, at this `URL`, such as that of setmend sim (AWS_ENDPOINT_URL)")
	f.StringVar(&a.config, "config", "", "policy `FILE` (SETMEND_CONFIG; ./setmend.yaml if it is there)")
	f.StringVar(&a.journal, "journal", "", "journal: a `FILE`, or s3://BUCKET/PREFIX (SETMEND_JOURNAL; by default one for each account and region)")
	f.Float64Var(&a.speed, "speed", 1, "run setmend's own waits and rates `N` times as fast, against an embedded AWS of that speed (SETMEND_SPEED)")
	f.StringVarP(&a.output, "output", "o", "", "`FORMAT`: table, json or yaml")
	f.BoolVar(&a.noColor, "no-color", false, "no colours (NO_COLOR)")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log what is done to stderr")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err, "`" + cmd.CommandPath() + " --help` lists the flags"}
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.settle(); err != nil {
			return err
		}
		return a.settleSpeed(cmd.Flags().Changed("speed"))
	}
	group(root, "Try it, without AWS:", a.demoCommand(), a.simCommand())
	group(root, "Look, and change nothing:", a.doctorCommand(), a.statusCommand(), a.planCommand(), a.explainCommand(), a.driftCommand(), a.previewCommand(), a.dashboardCommand())
	group(root, "Heal:", a.healCommand(), a.applyCommand(), a.serveCommand(), a.runsCommand(), a.approvalsCommand(), a.quarantineCommand(),
		a.overridesCommand(), a.journalCommand())
	group(root, "Change on purpose:", a.rolloutCommand(), a.orderCommand())
	group(root, "Set up:", a.installCommand(), a.uninstallCommand(), a.permissionsCommand(), a.policyCommand(), a.notifyCommand(), a.configCommand())
	group(root, "Run workflows of your own:", a.workflowCommand())
	root.AddCommand(a.versionCommand())
	for _, command := range root.Commands() {
		nameArguments(command)
	}
	return root
}

// group adds commands under a title of their own in the help text.
func group(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, command := range commands {
		command.GroupID = title
	}
	root.AddCommand(commands...)
}

// settle fills flags that were not given from the environment and checks them.
func (a *app) settle() error {
	fallback := func(flag *string, names ...string) {
		for _, name := range names {
			if *flag == "" {
				*flag = a.getenv(name)
			}
		}
	}
	fallback(&a.callAs, "SETMEND_CALL_AS")
	fallback(&a.endpoint, "AWS_ENDPOINT_URL")
	fallback(&a.config, "SETMEND_CONFIG")
	fallback(&a.journal, "SETMEND_JOURNAL")
	if a.getenv("NO_COLOR") != "" {
		a.noColor = true
	}
	switch a.output {
	case "", "table", "json", "yaml":
	default:
		return &usageError{fmt.Errorf("output format %q is not known", a.output), "choose table, json or yaml"}
	}
	return nil
}

// settleSpeed takes the speed from SETMEND_SPEED, which `setmend sim` prints, unless
// the flag says it. Against AWS itself there is no other speed than 1.
func (a *app) settleSpeed(given bool) error {
	if text := a.getenv("SETMEND_SPEED"); text != "" && !given && a.endpoint != "" {
		speed, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return &usageError{fmt.Errorf("SETMEND_SPEED is %q, which is no number", text), "set it to the speed of the embedded AWS, or unset it"}
		}
		a.speed = speed
	}
	if a.speed <= 0 {
		return &usageError{fmt.Errorf("speed %g is not positive", a.speed), "choose 1 for real time, or the speed of the embedded AWS"}
	}
	if a.speed != 1 && a.endpoint == "" {
		return &usageError{errors.New("--speed is for an embedded AWS only"), "give its address with --endpoint-url, or leave --speed out"}
	}
	return nil
}

// logger writes to stderr: JSON where that is not a terminal.
func (a *app) logger() *slog.Logger {
	if !a.verbose {
		return slog.New(slog.DiscardHandler)
	}
	if isTerminal(a.stderr) {
		return slog.New(slog.NewTextHandler(a.stderr, nil))
	}
	return slog.New(slog.NewJSONHandler(a.stderr, nil))
}

// isTerminal tells whether a stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// nameArguments makes cobra's argument errors carry a hint and the usage code.
func nameArguments(command *cobra.Command) {
	check := command.Args
	if check != nil {
		command.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return &usageError{err, suggest(cmd, args) + "usage: " + cmd.UseLine()}
			}
			return nil
		}
	}
	for _, sub := range command.Commands() {
		nameArguments(sub)
	}
}
