package main

import (
	"bufio"
	"fmt"
	"strings"
)

// consent asks for a yes before a command changes something, unless it was given
// beforehand. look is the command that shows the same without changing anything.
func (a *app) consent(command, look, question string) error {
	if a.yes {
		return nil
	}
	if !isTerminal(a.stdin) {
		return &usageError{fmt.Errorf("%s has to ask, and there is no terminal to ask on", command), "look at " + look + ", then use --yes"}
	}
	fmt.Fprintf(a.stderr, "\n%s? Only yes is taken for yes: ", question)
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return &hintedError{fmt.Errorf("%s: not done: you did not say yes", command), "nothing was changed", exitFailed}
	}
	return nil
}
