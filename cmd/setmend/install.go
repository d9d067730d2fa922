package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/install"
)

// installFlags say what is installed, and how.
type installFlags struct {
	stack      string
	zip        string
	arch       string
	parameters map[string]string
	stackSets  []string
	printed    string
	check      bool
}

func (a *app) installCommand() *cobra.Command {
	var f installFlags
	cmd := &cobra.Command{
		Use: "install", Short: "Install setmend on AWS, or update what is installed: Step Functions, Lambda, S3, CloudFront",
		Long: `install creates one CloudFormation stack, or updates it, from the policy file and this
program. It shows what would change, what it costs and what it may do, and asks.

A new installation has two steps, of one stack: first its journal's bucket, because the
functions' code must lie somewhere before there can be functions; then all the rest.
The code is this program with the policy file, zipped; on another system or processor
give one built for it with --zip (make lambda-zip).

A run that is under way goes on through an update: its state is in the journal, and
its next stage is called in the new code. docs/install.md has permissions, cost,
upgrade and removal.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case f.printed != "":
				return a.printTemplate(f)
			case f.check:
				return a.checkInstallation(cmd.Context(), f)
			}
			return a.install(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVar(&f.stack, "stack", "setmend", "the stack's name")
	cmd.Flags().StringVar(&f.zip, "zip", "", "the functions' code, instead of this program itself (see make lambda-zip)")
	cmd.Flags().StringVar(&f.arch, "architecture", "", "the processor of --zip: arm64 or x86_64 (arm64; this program's own without --zip)")
	cmd.Flags().StringToStringVar(&f.parameters, "parameter", nil, "a parameter of the template, as NAME=VALUE (repeatable)")
	cmd.Flags().StringSliceVar(&f.stackSets, "governs", nil, "the healer may change only stack sets of this name or pattern (repeatable)")
	cmd.Flags().StringVar(&f.printed, "print", "", "print a template and do nothing: main, first, organization, member or pipeline")
	cmd.Flags().Lookup("print").NoOptDefVal = "main"
	cmd.Flags().BoolVar(&f.check, "check", false, "compare what is installed with what would be installed, and have AWS detect its drift")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) uninstallCommand() *cobra.Command {
	var stack string
	var journalToo bool
	cmd := &cobra.Command{
		Use: "uninstall", Short: "Remove what install has created; the journal stays",
		Long: `uninstall deletes the stack. The journal's bucket stays, with the overrides that were
saved and what is to be created again, unless --delete-journal is given. The parameters
that config sync has written stay: others read them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.uninstall(cmd.Context(), stack, journalToo) },
	}
	cmd.Flags().StringVar(&stack, "stack", "setmend", "the stack's name")
	cmd.Flags().BoolVar(&journalToo, "delete-journal", false, "delete everything in the journal's bucket as well")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

// installConfig is what the template is made from: the calls that the code declares,
// and what the policy file names.
func (a *app) installConfig(f installFlags) (install.Config, error) {
	s, err := a.readSettings()
	if err != nil {
		return install.Config{}, err
	}
	secrets, err := secretParameters(s.notify)
	if err != nil {
		return install.Config{}, err
	}
	slices.Sort(secrets)
	c := install.Config{
		Read: actionsFor(forReading), Heal: actionsFor(forHealing), Sync: actionsFor(forSync), Member: actionsFor(forMembers), Start: actionsFor(forStarting),
		MemberRoles: s.policy.MemberRoles(), Secrets: slices.Compact(secrets), StackSets: f.stackSets, Path: s.parameterStore.path(),
		CallAs: a.callAs, RunningInstances: s.policy.Limits.RunningInstances, Version: version(), Environment: map[string]string{},
	}
	for _, channel := range s.notify.Channels {
		if channel.SNS != nil {
			c.Topics = append(c.Topics, channel.SNS.Topic)
		}
	}
	if a.speed != 1 { // an embedded AWS that runs faster than the wall
		c.Environment["SETMEND_SPEED"] = fmt.Sprint(a.speed)
	}
	return c, nil
}

func (a *app) printTemplate(f installFlags) error {
	c, err := a.installConfig(f)
	if err != nil {
		return err
	}
	kinds := map[string]func(install.Config) ([]byte, error){"main": install.Template, "first": install.FirstTemplate,
		"organization": install.OrganizationTemplate, "member": install.MemberTemplate, "pipeline": install.PipelineTemplate}
	template, known := kinds[f.printed]
	if !known {
		return &usageError{fmt.Errorf("there is no template %q", f.printed), "choose main, first, organization, member or pipeline, as in --print=member"}
	}
	text, err := template(c)
	if err != nil {
		return err
	}
	_, err = a.stdout.Write(text)
	return err
}

// installation is an installation in the making.
type installation struct {
	*app
	flags  installFlags
	c      *connection
	config install.Config
	code   functionCode
	before *cloud.Stack // nil for a new one
}

func (a *app) prepareInstallation(ctx context.Context, f installFlags) (*installation, error) {
	config, err := a.installConfig(f)
	if err != nil {
		return nil, err
	}
	code, err := a.functionCode(f)
	if err != nil {
		return nil, err
	}
	c, err := a.connect(ctx, nil)
	if err != nil {
		return nil, err
	}
	i := &installation{app: a, flags: f, c: c, config: config, code: code}
	stack, err := c.aws.Stack(ctx, f.stack)
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
	case err != nil:
		return nil, err
	case !stack.Resting():
		return nil, &hintedError{fmt.Errorf("stack %s is %s", f.stack, stack.Status), "wait until it rests, and install again", exitBusy}
	case stack.Status == "ROLLBACK_COMPLETE":
		return nil, &hintedError{fmt.Errorf("stack %s is %s: it was never created", f.stack, stack.Status), "remove it with `setmend uninstall`, and install again", exitFailed}
	default:
		i.before = &stack
	}
	return i, nil
}

// install shows, asks, and makes or updates the stack.
func (a *app) install(ctx context.Context, f installFlags) error {
	if !a.yes && !isTerminal(a.stdin) {
		return &usageError{errors.New("install has to ask, and there is no terminal to ask on"), "look at `setmend install --print`, then use --yes"}
	}
	i, err := a.prepareInstallation(ctx, f)
	if err != nil {
		return err
	}
	i.explain()
	if i.before == nil {
		return i.create(ctx)
	}
	return i.update(ctx)
}

// explain prints what will be installed.
func (i *installation) explain() {
	w := i.stderr
	fmt.Fprintf(w, "setmend %s as stack %s in %s, from %s (%.1f MB, %s)\n\n", version(), i.flags.stack, i.c.aws.Region(), i.code.from, float64(len(i.code.zip))/1e6, i.code.architecture)
	fmt.Fprintln(w, "What it may do:")
	for _, line := range i.powers() {
		fmt.Fprintf(w, "  %s\n", line)
	}
	fmt.Fprintln(w, "\nWhat it costs, by its calls and AWS's prices of eu-central-1 (docs/install.md has the reckoning):")
	for _, line := range install.Estimate(install.Usage{}).Lines() {
		fmt.Fprintf(w, "  %s\n", line)
	}
	fmt.Fprintln(w)
}

// powers are the roles' permissions in words.
func (i *installation) powers() []string {
	governed := "all stack sets of the account and region"
	if len(i.config.StackSets) > 0 {
		governed = "the stack sets " + strings.Join(i.config.StackSets, ", ")
	}
	lines := []string{
		fmt.Sprintf("read the organization and stack sets (%d actions, none of which changes anything): all roles but the one that starts runs", len(i.config.Read)),
		fmt.Sprintf("create, update and delete instances of %s (%s): the healer alone", governed, strings.Join(i.config.Heal, ", ")),
	}
	for _, role := range i.config.MemberRoles {
		lines = append(lines, "assume the role "+role+" in every account, to revert drift in place: the healer alone")
	}
	return append(lines, "write its journal, its reports, the parameters below "+i.config.Path+", its own alarms' topic; start its own state machine")
}

// create makes the stack in two steps.
func (i *installation) create(ctx context.Context) error {
	text, err := install.Template(i.config)
	if err != nil {
		return err
	}
	resources, err := install.Resources(text)
	if err != nil {
		return err
	}
	var changes []cloud.ResourceChange
	for _, r := range resources {
		changes = append(changes, cloud.ResourceChange{Action: "Add", LogicalID: r.Name, Type: r.Type})
	}
	if err := i.showChanges(changes); err != nil {
		return err
	}
	if err := i.agree("Create this?"); err != nil {
		return err
	}
	first, err := install.FirstTemplate(i.config)
	if err != nil {
		return err
	}
	fmt.Fprintln(i.stderr, "creating the journal's bucket …")
	change := cloud.StackChange{Name: i.flags.stack, Body: string(first), Create: true, ChangeSet: i.changeSetName("first"), Parameters: i.parameters()}
	if _, err := i.c.aws.PrepareStack(ctx, change); err != nil {
		return i.failed("preparing the journal's bucket", err)
	}
	stack, err := i.c.aws.ExecuteStack(ctx, change.Name, change.ChangeSet)
	if err != nil {
		return i.failed("creating the journal's bucket", err)
	}
	i.before = &stack
	return i.apply(ctx, nil)
}

// update shows the change set and executes it.
func (i *installation) update(ctx context.Context) error {
	return i.apply(ctx, func(changes []cloud.ResourceChange) error {
		if err := i.showChanges(changes); err != nil {
			return err
		}
		return i.agree("Update this?")
	})
}

// apply uploads the code and the template, and updates the stack to them. agree, if
// not nil, sees the changes first, and refuses them with an error.
func (i *installation) apply(ctx context.Context, agree func([]cloud.ResourceChange) error) error {
	change, err := i.upload(ctx)
	if err != nil {
		return err
	}
	changes, err := i.c.aws.PrepareStack(ctx, change)
	if err != nil {
		return i.failed("preparing the update", err)
	}
	if len(changes) == 0 {
		fmt.Fprintf(i.stderr, "stack %s is as it should be\n", i.flags.stack)
		return errors.Join(i.c.aws.AbandonStack(ctx, change.Name, change.ChangeSet), i.finish(ctx))
	}
	if agree != nil {
		if err := agree(changes); err != nil {
			return errors.Join(err, i.c.aws.AbandonStack(ctx, change.Name, change.ChangeSet))
		}
	}
	fmt.Fprintf(i.stderr, "updating %d resources …\n", len(changes))
	if _, err := i.c.aws.ExecuteStack(ctx, change.Name, change.ChangeSet); err != nil {
		return i.failed("updating the stack", err)
	}
	return i.finish(ctx)
}

// upload puts the code and the template into the journal's bucket, under names that
// follow from their contents: what runs keeps its code until it is updated.
func (i *installation) upload(ctx context.Context) (cloud.StackChange, error) {
	change := cloud.StackChange{Name: i.flags.stack}
	bucket := i.before.Outputs["JournalBucket"]
	if bucket == "" {
		return change, &hintedError{fmt.Errorf("stack %s has no output JournalBucket: it is none that setmend has installed", i.flags.stack), "choose another name with --stack", exitFailed}
	}
	text, err := install.Template(i.config)
	if err != nil {
		return change, err
	}
	store := i.c.aws.Bucket(bucket)
	fmt.Fprintf(i.stderr, "uploading the code (%.1f MB) …\n", float64(len(i.code.zip))/1e6)
	if err := store.Upload(ctx, i.code.key, i.code.zip, "application/zip", ""); err != nil {
		return change, err
	}
	templateKey := "code/" + sumOf(text) + ".yaml"
	if err := store.Upload(ctx, templateKey, text, "application/yaml", ""); err != nil {
		return change, err
	}
	change.URL, change.Parameters = i.c.aws.ObjectURL(bucket, templateKey), i.parameters()
	change.ChangeSet = i.changeSetName(sumOf(text, []byte(i.code.key), []byte(fmt.Sprint(change.Parameters))))
	for name := range i.before.Parameters {
		change.Previous = append(change.Previous, name)
	}
	slices.Sort(change.Previous)
	return change, nil
}

// parameters are the values that this installation sets; others stay as they are.
func (i *installation) parameters() map[string]string {
	values := map[string]string{"Architecture": i.code.architecture, install.ParameterCodeKey: i.code.key}
	if i.before == nil { // a new installation gets a key to sign links with
		values[install.ParameterKey] = randomText()
	}
	for name, value := range i.flags.parameters {
		values[name] = value
	}
	if user, password, ok := strings.Cut(i.getenv("SETMEND_DASHBOARD_LOGIN"), ":"); ok {
		header := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
		values[install.ParameterLogin] = sumHex([]byte(header))
	}
	return values
}

func randomText() string {
	random := make([]byte, 24)
	_, _ = rand.Read(random) // never fails
	return hex.EncodeToString(random)
}

func sumHex(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// sumOf names contents.
func sumOf(texts ...[]byte) string {
	h := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(h, "%d:", len(text))
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (i *installation) changeSetName(of string) string { return "setmend-" + of }

func (i *installation) showChanges(changes []cloud.ResourceChange) error {
	return i.print(changes, func(w io.Writer) error {
		for _, c := range changes {
			replaced := ""
			if c.Replacement == "True" || c.Replacement == "Conditional" {
				replaced = "replaced: " + c.Replacement
			}
			row(w, c.Action, c.LogicalID, c.Type, replaced)
		}
		return nil
	})
}

// agree asks for a yes, unless --yes was given.
func (i *installation) agree(question string) error {
	if i.yes {
		return nil
	}
	fmt.Fprintf(i.stderr, "\n%s Only yes is taken for yes: ", question)
	answer, err := bufio.NewReader(i.stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return &hintedError{errors.New("not installed: you did not say yes"), "no resource was changed", exitFailed}
	}
	return nil
}

func (i *installation) failed(doing string, err error) error {
	hint := "the stack's events say more: `aws cloudformation describe-stack-events --stack-name " + i.flags.stack + "`; mend the cause and install again"
	if fleet.KindOf(err) == fleet.Denied {
		hint = "docs/install.md lists what installing takes"
	}
	return &hintedError{fmt.Errorf("%s of %s: %w", doing, i.flags.stack, err), hint, exitFailed}
}

// finish says where things are.
func (i *installation) finish(ctx context.Context) error {
	stack, err := i.c.aws.Stack(ctx, i.flags.stack)
	if err != nil {
		return err
	}
	return i.print(stack.Outputs, func(w io.Writer) error {
		for _, name := range fleet.SortedKeys(stack.Outputs) {
			row(w, name, stack.Outputs[name])
		}
		return nil
	})
}

// checkInstallation compares what is installed with what would be, changing nothing.
func (a *app) checkInstallation(ctx context.Context, f installFlags) error {
	i, err := a.prepareInstallation(ctx, f)
	if err != nil {
		return err
	}
	if i.before == nil {
		return &hintedError{fmt.Errorf("stack %s is not there", f.stack), "install it with `setmend install`", exitNotFound}
	}
	var differences []string
	text, err := install.Template(i.config)
	if err != nil {
		return err
	}
	installed, err := i.c.aws.StackBody(ctx, f.stack)
	if err != nil {
		return err
	}
	lines, err := install.Compare([]byte(installed), text)
	if err != nil {
		return err
	}
	differences = append(differences, lines...)
	if have := i.before.Parameters[install.ParameterCodeKey]; have != i.code.key {
		differences = append(differences, fmt.Sprintf("the code is %s, and would be %s: another version or policy", have, i.code.key))
	}
	fmt.Fprintln(a.stderr, "AWS detects the drift of the installation's own resources …")
	_, drifts, err := i.c.aws.OwnStackDrift(ctx, f.stack)
	if err != nil {
		return err
	}
	for _, d := range drifts {
		differences = append(differences, fmt.Sprintf("%s (%s) was changed outside CloudFormation: %s", d.LogicalID, d.ResourceType, d.Status))
	}
	if err := a.print(differences, func(w io.Writer) error {
		for _, line := range differences {
			row(w, line)
		}
		if len(differences) == 0 {
			row(w, "What is installed is what this version and policy would install.")
		}
		return nil
	}); err != nil {
		return err
	}
	if len(differences) > 0 {
		return exitCode(exitChanges)
	}
	return nil
}

func (a *app) uninstall(ctx context.Context, name string, journalToo bool) error {
	c, err := a.connect(ctx, nil)
	if err != nil {
		return err
	}
	stack, err := c.aws.Stack(ctx, name)
	if err != nil {
		return err
	}
	i := &installation{app: a, c: c, flags: installFlags{stack: name}, before: &stack}
	if !a.yes && !isTerminal(a.stdin) {
		return &usageError{errors.New("uninstall has to ask, and there is no terminal to ask on"), "use --yes"}
	}
	kept := "the journal's bucket " + stack.Outputs["JournalBucket"] + " stays"
	if journalToo {
		kept = "and everything in the journal's bucket " + stack.Outputs["JournalBucket"] + ", saved overrides too"
	}
	fmt.Fprintf(a.stderr, "Deletes stack %s in %s; %s.\n", name, c.aws.Region(), kept)
	if err := i.agree("Delete this?"); err != nil {
		return err
	}
	if running, err := c.aws.RunningExecution(ctx, stack.Outputs["StateMachine"]); err == nil && running != "" {
		return &hintedError{fmt.Errorf("run %s is under way", running), "wait until it has ended, or stop it: `setmend runs stop " + running + " --journal " + stack.Outputs["JournalURL"] + "`", exitBusy}
	}
	// A bucket with objects cannot be deleted; reports can be made again.
	if bucket := stack.Outputs["ReportBucket"]; bucket != "" {
		if err := c.aws.Bucket(bucket).Empty(ctx); err != nil {
			return err
		}
	}
	if err := c.aws.DeleteStack(ctx, name); err != nil {
		return i.failed("deleting the stack", err)
	}
	if bucket := stack.Outputs["JournalBucket"]; journalToo && bucket != "" {
		if err := c.aws.Bucket(bucket).Empty(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.stderr, "deleted stack %s\n", name)
	return nil
}
