package plan

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Whether a stack that is deleted can come back is decided before anything is
// deleted, from the template, AWS's last reason and the instance's state:
//
//	there is no stack (any more)             nothing is lost
//	its import into the set failed           never: a second stack would be made beside it
//	it serves its previous version           never deleted to force the new one on it
//	a named resource outlives the stack      its successor would collide with it
//	the template cannot be read whole        taken to hold data
//	a resource holds data that would go      only where the policy says dataLoss: allow
//	data would lie in a snapshot alone       the same: what is made anew is empty

// keep notes why the instance's stack must not be redeployed.
func (v *setView) keep(i fleet.Instance, c *Assessed) {
	if c.Bare || c.Class == ReasonStackGone {
		return
	}
	facts := v.set.Template
	lossAllowed := v.policy.DataLoss == policy.AllowDataLoss
	switch lost := facts.Destroys(); {
	case i.Detailed == fleet.DetailedFailedImport || c.Class == ReasonImportFailed:
		c.Kept, c.KeptWhy = ReasonImportFailed, "It could not be imported; a redeployment would make a second stack beside it."
	case (c.Verdict == Failed || c.Verdict == Outdated) && !neverServed(i.Reason):
		c.Kept, c.KeptWhy = ReasonCannotComeBack, "The stack still serves its previous version, and is not deleted to force the new one on it."
	case len(facts.Retained) > 0:
		c.Kept, c.KeptWhy = ReasonCannotComeBack, "Its successor would collide with what outlives the stack: "+namesOf(facts.Retained)+"."
	case facts.Opaque && !lossAllowed:
		c.Kept, c.KeptWhy = ReasonHoldsData, "The template cannot be read whole, so that what a redeployment destroys is not known."
	case len(facts.Empties()) > 0 && !lossAllowed:
		c.Kept, c.KeptWhy = ReasonHoldsData, "A redeployment would make "+dataOf(facts.Empties())+" anew, empty, and leave the content in a snapshot."
		if len(lost) > 0 {
			c.KeptWhy += " It would destroy " + dataOf(lost) + "."
		}
	case len(lost) > 0 && !lossAllowed:
		c.Kept, c.KeptWhy = ReasonHoldsData, "A redeployment would destroy "+dataOf(lost)+"."
	}
}

// unserved are the states of a stack that has never been of use, or is not any
// more: deleting it takes nothing away. UPDATE_ROLLBACK_COMPLETE is none of them.
var unserved = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(^|[^A-Z_])(ROLLBACK_COMPLETE|ROLLBACK_FAILED|CREATE_FAILED|REVIEW_IN_PROGRESS|DELETE_FAILED)\b`)
})

// neverServed reports whether AWS's reason says that the stack serves nothing.
func neverServed(reason string) bool { return unserved().MatchString(reason) }

// listed bounds how many resources a sentence names.
const listed = 5

func namesOf(resources []fleet.NamedResource) string {
	var names []string
	for _, r := range resources {
		names = append(names, fmt.Sprintf("%s (%s, named %s)", r.LogicalID, r.Type, r.Name))
	}
	return enumerate(names)
}

func dataOf(resources []fleet.DataResource) string {
	var names []string
	for _, r := range resources {
		names = append(names, fmt.Sprintf("%s (%s: %s)", r.LogicalID, r.Type, r.Holds))
	}
	return enumerate(names)
}

// enumerate joins names, and counts those beyond the first few.
func enumerate(names []string) string {
	if len(names) > listed {
		names = append(names[:listed:listed], plural(len(names)-listed, "other"))
	}
	return strings.Join(names, ", ")
}

// sayKept adds to a cell that only a redeployment could heal why there is none.
func sayKept(c *Assessed) {
	if c.Kept == "" {
		return
	}
	if !strings.HasSuffix(c.Reason, ".") { // it ends with AWS's words
		c.Reason += "."
	}
	c.Reason += " " + c.KeptWhy
	if c.Class == "" || c.Class == ReasonUnknown {
		c.Class = c.Kept
	}
	if c.Hint = Hint(c.Class); c.Class != c.Kept {
		c.Hint += " " + Hint(c.Kept)
	}
	c.Attention = true
}

// globalName reports whether a name collision is with the same set's own stack in
// another region of the account: the name can exist once in an account.
func (v *setView) globalName(c *Assessed) bool {
	if len(v.set.Template.Global) == 0 {
		return false
	}
	for target, instance := range v.instances {
		if target.Account == c.Account && target.Region != c.Region && instance.StackID != "" && instance.Status != fleet.InstanceInoperable {
			return true
		}
	}
	return false
}

// cause returns the class of a failure in the light of the set's other instances.
func (v *setView) cause(c *Assessed, class ReasonClass) ReasonClass {
	if class == ReasonNameCollision && v.globalName(c) {
		return ReasonGlobalName
	}
	return class
}
