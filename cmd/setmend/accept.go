package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// mostKnown is how many known names a hint lists.
const mostKnown = 20

// checkAccept refuses answers of --accept that cannot be taken, with the name that
// may have been meant and those that there are. With sets nil, stack sets are not
// looked at.
func checkAccept(answers []string, sets []fleet.StackSetName) error {
	for _, answer := range answers {
		err := plan.CheckAccept(answer, sets)
		var refused *plan.AcceptError
		if !errors.As(err, &refused) {
			continue
		}
		if refused.Unknown == "" {
			return &usageError{err, "leave it out of --accept; docs/operating.md says what opens each guard"}
		}
		return &usageError{err, meant(refused.Unknown, refused.Known)}
	}
	return nil
}

// meant suggests the nearest of the known names and lists them.
func meant(name string, known []string) string {
	hint := ""
	if near := asl.Nearest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %s? ", near)
	}
	if len(known) == 0 {
		return hint + "there are none in this account and region"
	}
	more := ""
	if len(known) > mostKnown {
		more = fmt.Sprintf(" and %d more", len(known)-mostKnown)
		known = known[:mostKnown]
	}
	return hint + "known: " + strings.Join(known, ", ") + more
}
