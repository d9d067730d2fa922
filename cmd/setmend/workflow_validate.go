package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/deploy"
)

func (a *app) workflowValidateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate FILE", Short: "Say everything that is wrong with a definition", Args: cobra.ExactArgs(1),
		Long: `validate lists every problem with the place where it is: what Step Functions would
refuse, and what would fail at run time as far as it can be seen before, such as
unknown resources and parameters. It exits 0 if there is none, and 1 otherwise.`,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := a.readDefinition(args[0])
			if err != nil {
				return fmt.Errorf("reading the definition: %w", err)
			}
			problems, err := workflowProblems(text)
			if err != nil {
				return err
			}
			return a.printProblems(args[0], problems)
		},
	}
}

func (a *app) printProblems(path string, problems []asl.Problem) error {
	err := a.print(append([]asl.Problem{}, problems...), func(w io.Writer) error {
		for _, p := range problems {
			fmt.Fprintln(w, oneLine(located(path, p)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return exitCode(exitFailed)
	}
	fmt.Fprintf(a.stderr, "%s is in order\n", oneLine(path))
	return nil
}

// located is a problem as compilers print it: with the file and the line, where
// that is known.
func located(path string, p asl.Problem) string {
	if p.Line == 0 {
		return path + ": " + p.String()
	}
	return fmt.Sprintf("%s:%d: %s", path, p.Line, p)
}

// workflowProblems is what is wrong with a definition by itself, or else with
// what it calls.
func workflowProblems(text []byte) ([]asl.Problem, error) {
	problems := asl.Validate(text, nil)
	if slices.ContainsFunc(problems, func(p asl.Problem) bool { return p.Path == "$" }) {
		return problems, nil // nothing can be said of the parts of what is no definition
	}
	definition, err := asl.JSON(text)
	if err != nil {
		return nil, err
	}
	uses, err := integration.Uses(definition)
	if err != nil {
		return nil, err
	}
	stages, err := stageNames()
	if err != nil {
		return nil, err
	}
	for _, p := range integration.NewTable().Check(uses, stages) {
		problems = append(problems, asl.Problem{Path: p.Path, Message: p.Message, Suggestion: asl.Nearest(p.Name, p.Candidates)})
	}
	return asl.Located(text, append(problems, misnamedStages(uses, stages)...)), nil
}

// stageNames are the functions of setmend's own run: those that its definition
// calls.
func stageNames() ([]string, error) {
	machine, err := asl.Parse(deploy.SelfHeal)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range machine.Resources() {
		if r.Function != "" && !slices.Contains(names, r.Function) {
			names = append(names, r.Function)
		}
	}
	return names, nil
}

// misnamedStages finds functions that have setmend's prefix and are none of its.
func misnamedStages(uses []integration.Use, stages []string) []asl.Problem {
	var problems []asl.Problem
	for _, u := range uses {
		name, _ := u.Parameters["FunctionName"].(string)
		if strings.HasPrefix(name, "setmend-") && !slices.Contains(stages, name) {
			problems = append(problems, asl.Problem{Path: u.Path + ".Parameters.FunctionName",
				Message: fmt.Sprintf("setmend has no stage %q", name), Suggestion: asl.Nearest(name, stages)})
		}
	}
	return problems
}
