package cloud

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
)

// reached is what AWS makes of a request, by its rules: plain accounts are taken
// as they are; with deployment targets the filter decides, and a missing filter
// is UNION. ou is who is in the only OU there is.
func reached(form url.Values, ou []fleet.AccountID) []fleet.Target {
	accounts := members[fleet.AccountID](form, "Accounts")
	if form.Has("DeploymentTargets.OrganizationalUnitIds.member.1") {
		named := members[fleet.AccountID](form, "DeploymentTargets.Accounts")
		isNamed := func(id fleet.AccountID) bool { return slices.Contains(named, id) }
		switch form.Get("DeploymentTargets.AccountFilterType") {
		case "INTERSECTION":
			accounts = keep(ou, isNamed)
		case "DIFFERENCE":
			accounts = keep(ou, func(id fleet.AccountID) bool { return !isNamed(id) })
		case "NONE":
			accounts = ou
		default:
			accounts = slices.Concat(ou, named)
		}
	}
	slices.Sort(accounts)
	return fleet.InstanceChange{Accounts: slices.Compact(accounts), Regions: members[fleet.Region](form, "Regions")}.Targets()
}

// members are a list's elements, in their order.
func members[T ~string](form url.Values, list string) []T {
	var out []T
	for i := 1; form.Has(fmt.Sprintf("%s.member.%d", list, i)); i++ {
		out = append(out, T(form.Get(fmt.Sprintf("%s.member.%d", list, i))))
	}
	return out
}

func keep(ids []fleet.AccountID, wanted func(fleet.AccountID) bool) []fleet.AccountID {
	return slices.DeleteFunc(slices.Clone(ids), func(id fleet.AccountID) bool { return !wanted(id) })
}

func TestAChangeReachesItsTargetsAndNoOthers(t *testing.T) {
	account := rapid.Custom(func(t *rapid.T) fleet.AccountID {
		return fleet.AccountID(fmt.Sprintf("%012d", rapid.IntRange(0, 30).Draw(t, "account")))
	})
	region := rapid.SampledFrom([]fleet.Region{"eu-central-1", "eu-west-1", "us-east-1", "us-west-2"})
	rapid.Check(t, func(rt *rapid.T) {
		ou := rapid.SliceOfNDistinct(account, 1, 30, rapid.ID).Draw(rt, "ou")
		change := fleet.InstanceChange{
			OperationID: "op", StackSet: "baseline",
			Kind:     rapid.SampledFrom([]fleet.OperationKind{fleet.OperationCreate, fleet.OperationUpdate, fleet.OperationDelete}).Draw(rt, "kind"),
			Accounts: rapid.SliceOfNDistinct(rapid.SampledFrom(ou), 1, len(ou), rapid.ID).Draw(rt, "accounts"),
			Regions:  rapid.SliceOfNDistinct(region, 1, 4, rapid.ID).Draw(rt, "regions"),
		}
		if rapid.Bool().Draw(rt, "service-managed") {
			change.OUs = []fleet.OUID{"ou-abcd-11111111"}
		}
		if diff := cmp.Diff(change.Targets(), reached(sent(t, change), ou)); diff != "" {
			rt.Fatalf("-want +got\n%s", diff)
		}
	})
}
