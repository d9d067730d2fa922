package plan_test

import (
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// A fleet and a policy give an assessment, and the assessment a sealed plan with every
// request.
func ExampleAssessment_Plan() {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	const root, account, region = fleet.OUID("r-ab12"), fleet.AccountID("200000000001"), fleet.Region("eu-central-1")
	f := &fleet.Fleet{HomeRegion: region, ReadAt: noon,
		Organization: fleet.Organization{ID: "o-abcdefghij", Management: "100000000000", Root: root, TrustedAccess: true,
			OUs: map[fleet.OUID]fleet.OU{root: {ID: root}},
			Accounts: map[fleet.AccountID]fleet.Account{
				"100000000000": {ID: "100000000000", State: fleet.AccountActive, OUs: []fleet.OUID{root}},
				account:        {ID: account, State: fleet.AccountActive, OUs: []fleet.OUID{root}}}},
		StackSets: map[fleet.StackSetName]*fleet.Inventory{"baseline": {StackSet: fleet.StackSet{
			Name: "baseline", ID: "baseline:1", PermissionModel: fleet.ServiceManaged, OUs: []fleet.OUID{root},
			Tags: map[string]string{"mandatory": "true", "selfhealing": "true", "region": string(region)}}}}}

	assessment := plan.Assess(f, policy.Default(), plan.Memory{}, noon)
	for _, cell := range assessment.Cells {
		fmt.Println(cell.Cell, "is", cell.Verdict)
	}
	p := assessment.Plan(plan.Options{})
	for _, action := range p.Actions {
		for _, request := range action.Requests {
			fmt.Println(request.Kind, request.StackSet, request.Accounts, request.Regions, "in", request.OUs)
		}
	}
	fmt.Println("sealed:", p.Sealed())
	// Output:
	// baseline@200000000001/eu-central-1 is missing
	// CREATE baseline [200000000001] [eu-central-1] in [r-ab12]
	// sealed: true
}
