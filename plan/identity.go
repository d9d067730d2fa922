package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// actionID follows from what the action is: rung, stack set, targets and what is
// taken along. Two plans that would do the same thing call it the same.
func actionID(a Action) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", a.Stage, a.Rung, a.StackSet)
	for _, target := range a.Targets {
		fmt.Fprintln(h, target)
	}
	for _, set := range a.Together {
		fmt.Fprintln(h, "+", set)
	}
	return fmt.Sprintf("%s-%s-%s", a.Rung, slug(string(a.StackSet)), hex.EncodeToString(h.Sum(nil))[:10])
}

// slug is a name in lower case letters, digits and hyphens, at most 40 of them.
func slug(name string) string {
	keep := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}
	name = strings.Map(keep, strings.ToLower(name))
	return strings.Trim(name[:min(len(name), 40)], "-")
}

// hashActions is the SHA-256 of the actions without their explanations, in hex.
// The ids stand for stage, rung, stack set, targets and what is taken along.
func hashActions(actions []Action) string {
	h := sha256.New()
	for _, a := range actions {
		fmt.Fprintf(h, "%s %d %v %v %v %+v\n", a.ID, a.Wave, a.Calls, a.OUs, a.After, a.Preferences)
	}
	return hex.EncodeToString(h.Sum(nil))
}
