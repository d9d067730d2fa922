package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/fault"
)

// Exit codes. They are documented in the README and stay as they are.
const (
	exitOK          = 0
	exitFailed      = 1   // anything not listed below
	exitChanges     = 2   // --detailed-exitcode: the plan has something to do
	exitAttention   = 3   // --detailed-exitcode: healed what could be; a person is needed
	exitUsage       = 64  // wrong flag, argument or command
	exitNotFound    = 66  // no such stack set, run, file
	exitUnreachable = 69  // the endpoint cannot be reached
	exitBusy        = 75  // another healer holds the lease, or a guard stopped all
	exitCredentials = 76  // credentials missing or expired
	exitDenied      = 77  // a permission is missing
	exitConfig      = 78  // the policy file cannot be read or is wrong
	exitInterrupted = 130 // by the user
)

// usageError is a command line that cannot be carried out.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// hintedError is an error with its own hint and exit code.
type hintedError struct {
	err  error
	hint string
	code int
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// exitCode is a result that is not an error.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// report prints an error and its hint, and gives the exit code of its class.
func (a *app) report(command *cobra.Command, err error) int {
	var code exitCode
	if err == nil {
		return exitOK
	}
	if errors.As(err, &code) {
		return int(code)
	}
	class, hint := classify(command, err)
	if class == exitDenied && asDelegate(a.callAs) {
		hint = "calls are made as DELEGATED_ADMIN: if this account is none, leave --call-as out in the management account, or register this one with `aws organizations register-delegated-administrator`; else `setmend permissions` prints the IAM policy that is needed"
	}
	w := colouring(a.stderr, a.colours(a.stderr))
	fmt.Fprintf(w, "%ssetmend: %s\n", markBad, oneLine(err.Error()))
	fmt.Fprintf(w, "  %shint: %s\n", markFaint, oneLine(hint))
	return class
}

// oneLine keeps untrusted text (AWS's messages, file contents) from breaking out
// of its line or playing with the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || isMark(r):
			return -1
		}
		return r
	}, strings.TrimSpace(s))
}

// journalError is an error of the journal, which says itself what to do.
type journalError interface {
	error
	Hint() string
	Unusable() bool
}

func classify(command *cobra.Command, err error) (code int, hint string) {
	var usage *usageError
	var hinted *hintedError
	var stage *fault.Error
	var advised journalError
	switch {
	case errors.As(err, &usage):
		return exitUsage, usage.hint
	case errors.As(err, &hinted):
		return hinted.code, hinted.hint
	case strings.HasPrefix(err.Error(), "unknown command"):
		return exitUsage, suggest(command, command.Flags().Args()) + "`setmend --help` lists the commands"
	case errors.As(err, &stage) && stage.Name == fault.LeaseLost:
		return exitBusy, "one healer acts at a time; `setmend runs` shows what is under way"
	case errors.As(err, &advised) && advised.Hint() != "":
		if advised.Unusable() {
			return exitConfig, advised.Hint()
		}
		return exitFailed, advised.Hint()
	case errors.Is(err, fs.ErrNotExist):
		return exitNotFound, "check the path"
	}
	return classifyCloud(err)
}

// suggest names the commands that a mistyped one comes near.
func suggest(command *cobra.Command, args []string) string {
	if len(args) == 0 {
		return ""
	}
	command.SuggestionsMinimumDistance = 2 // letters that may be wrong
	near := command.SuggestionsFor(args[0])
	if len(near) == 0 {
		return ""
	}
	for i, name := range near {
		near[i] = "`" + command.CommandPath() + " " + name + "`"
	}
	return fmt.Sprintf("did you mean %s? ", strings.Join(near, " or "))
}

// classifyCloud sorts AWS's errors.
func classifyCloud(err error) (code int, hint string) {
	switch fleet.KindOf(err) {
	case fleet.Unreachable:
		return exitUnreachable, "check the network, the region and --endpoint-url (AWS_ENDPOINT_URL); nothing was changed"
	case fleet.Expired:
		return exitCredentials, "sign in (for example `aws sso login`), and name the profile with --profile or AWS_PROFILE; `aws sts get-caller-identity` tries it"
	case fleet.Denied:
		return exitDenied, "`setmend permissions` prints the IAM policy that is needed; a delegated administrator needs --call-as DELEGATED_ADMIN"
	case fleet.NotFound:
		return exitNotFound, "`setmend status` lists the stack sets; check --region and --profile"
	case fleet.Throttled:
		return exitBusy, "AWS is refusing for rate, probably because of other callers in this account; try again later"
	case fleet.Invalid:
		return exitFailed, "AWS refuses the request as it stands; check --region and --call-as"
	}
	return exitFailed, "run again with --verbose to see what was done; a run that was under way goes on with `setmend runs resume`"
}
