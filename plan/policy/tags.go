package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// The tags that a stack set is configured with. AWS allows no commas in tag
// values, so ':' divides lists.
const (
	tagMandatory     = "mandatory"
	tagSelfHealing   = "selfhealing"
	tagDependsOn     = "dependson"
	tagAntiDependsOn = "antidependson"
	tagRegion        = "region"
)

var knownTags = []string{tagMandatory, tagSelfHealing, tagDependsOn, tagAntiDependsOn, tagRegion}

// readTags turns a stack set's tags into settings, by lower-case key, with the
// problems found. Of keys that differ in case only, contradicting values stop
// the set; equal ones do no harm.
func readTags(set fleet.StackSet) (map[string]string, []Problem) {
	tags, problems := map[string]string{}, []Problem(nil)
	for _, key := range fleet.SortedKeys(set.Tags) {
		name, value := strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(set.Tags[key])
		earlier, seen := tags[name]
		if seen && slices.Contains(knownTags, name) && !strings.EqualFold(earlier, value) {
			problems = append(problems, Problem{
				StackSet: set.Name,
				Text:     fmt.Sprintf("The tag %s is given twice, as %q and as %q.", name, earlier, value),
				Hint:     "Remove one of the two; keys are compared without regard to case.",
				Stops:    true,
			})
		}
		tags[name] = value
	}
	return tags, problems
}

// applyTags puts what the tags say into the set's policy.
func applyTags(set fleet.StackSet, sp *Set) []Problem {
	tags, problems := readTags(set)
	t := tagReader{set: set.Name, tags: tags, from: sp.From}
	t.flag(tagMandatory, "mandatory", func(on bool) { sp.Mandatory = on })
	t.flag(tagSelfHealing, "healing", func(on bool) { sp.Healing = healingOf(on) })
	t.list(tagDependsOn, "dependsOn", func(names []string) { sp.DependsOn = convert[fleet.StackSetName](names) })
	t.list(tagAntiDependsOn, "antiDependsOn", func(names []string) { sp.AntiDependsOn = convert[fleet.StackSetName](names) })
	t.list(tagRegion, "regions", func(names []string) { sp.Regions = convert[fleet.Region](lower(names)) })
	return append(problems, t.problems...)
}

// tagReader hands tags on as settings, and notes where those come from.
type tagReader struct {
	set      fleet.StackSetName
	tags     map[string]string
	from     map[string]string
	problems []Problem
}

func (t *tagReader) flag(name, setting string, apply func(bool)) {
	value, given := t.tags[name]
	if !given {
		return
	}
	on, ok := parseFlag(value)
	if !ok {
		t.problems = append(t.problems, unreadableFlag(t.set, name, value))
		return
	}
	apply(on)
	t.from[setting] = fmt.Sprintf("the tag %s=%s", name, value)
}

func (t *tagReader) list(name, setting string, apply func([]string)) {
	if value, given := t.tags[name]; given {
		apply(splitList(value))
		t.from[setting] = fmt.Sprintf("the tag %s=%s", name, value)
	}
}

// healingOf translates the tag: true allows to delete and redeploy, false
// forbids it and leaves the rest to people.
func healingOf(selfHealing bool) Healing {
	if selfHealing {
		return HealRedeploy
	}
	return HealNotify
}

func parseFlag(value string) (on, ok bool) {
	switch strings.ToLower(value) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

func unreadableFlag(set fleet.StackSetName, tag, value string) Problem {
	return Problem{
		StackSet: set,
		Text:     fmt.Sprintf("The tag %s has the value %q, which is neither true nor false; it counts as absent.", tag, value),
		Hint:     DidYouMean(value, []string{"true", "false"}, "Set it to true or false."),
	}
}

// splitList divides a tag's value at ':' and drops empty parts.
func splitList(value string) []string {
	var parts []string
	for part := range strings.SplitSeq(value, ":") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

func lower(list []string) []string {
	for i := range list {
		list[i] = strings.ToLower(list[i])
	}
	return list
}

func convert[T, S ~string](list []S) []T {
	out := make([]T, len(list))
	for i, s := range list {
		out[i] = T(s)
	}
	return out
}
