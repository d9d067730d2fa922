package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// actionID follows from what the action is: stage, remedy, stack set, targets and
// what is taken along. Two plans that would do the same thing call it the same.
func actionID(a Action) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", a.Stage, a.Remedy, a.StackSet)
	for _, target := range a.Targets {
		fmt.Fprintln(h, target)
	}
	for _, set := range a.Together {
		fmt.Fprintln(h, "+", set)
	}
	return fmt.Sprintf("%s-%s-%s", a.Remedy, slug(string(a.StackSet)), hex.EncodeToString(h.Sum(nil))[:10])
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

// encode is the value as JSON; values of this package's types cannot fail.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: encoding %T: %v", v, err))
	}
	return b
}
