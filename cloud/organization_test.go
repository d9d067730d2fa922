package cloud

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
)

// orgStub is an organization with a chain of five OUs, ou-1111-1 on top, and an
// account in each place, as a stub's answers.
type orgStub struct {
	paths    bool     // accounts come with their paths
	accounts []string // in the order of the list; account n sits at depth n%6 of the chain
	cut      func(q question) (answer, bool)
}

type jsonObject = map[string]any

func (o orgStub) answer(q question) answer {
	if o.cut != nil {
		if a, ok := o.cut(q); ok {
			return a
		}
	}
	switch q.Action {
	case "DescribeOrganization":
		return jsonOf(200, jsonObject{"Organization": jsonObject{"Id": "o-abc", "MasterAccountId": "000000000001"}})
	case "ListRoots":
		return jsonOf(200, jsonObject{"Roots": []jsonObject{{"Id": "r-1111", "Name": "Root"}}})
	case "ListOrganizationalUnitsForParent":
		var units []jsonObject
		if depth := depthOf(q.JSON["ParentId"]); depth < 5 {
			units = []jsonObject{{"Id": fmt.Sprintf("ou-1111-%d", depth+1), "Name": fmt.Sprintf("Level %d", depth+1)}}
		}
		return jsonOf(200, jsonObject{"OrganizationalUnits": units})
	case "ListAccounts":
		return jsonOf(200, jsonObject{"Accounts": o.list()})
	case "DescribeAccount":
		return jsonOf(200, jsonObject{"Account": o.list()[0]})
	case "ListParents":
		return o.parent(q.JSON["ChildId"].(string))
	case "ListAccountsForParent":
		var here []jsonObject
		for i := depthOf(q.JSON["ParentId"]); i < len(o.accounts); i += 6 {
			here = append(here, o.list()[i])
		}
		return jsonOf(200, jsonObject{"Accounts": here})
	case "DescribeOrganizationsAccess":
		return xml(q.Action, "<Status>ENABLED</Status>")
	}
	return jsonOf(400, jsonObject{"__type": "UnknownOperationException"})
}

func depthOf(ou any) int {
	depth := 0
	fmt.Sscanf(ou.(string), "ou-1111-%d", &depth)
	return depth
}

// chain are the ids from the root down to a depth.
func chain(depth int) []fleet.OUID {
	ous := []fleet.OUID{"r-1111"}
	for i := 1; i <= depth; i++ {
		ous = append(ous, fleet.OUID(fmt.Sprintf("ou-1111-%d", i)))
	}
	return ous
}

func (o orgStub) list() []jsonObject {
	var list []jsonObject
	for i, id := range o.accounts {
		account := jsonObject{"Id": id, "Name": "a" + id, "State": "ACTIVE", "Status": "ACTIVE"}
		if o.paths {
			path := "o-abc/"
			for _, ou := range chain(i % 6) {
				path += string(ou) + "/"
			}
			account["Paths"] = []string{path + id + "/"}
		}
		list = append(list, account)
	}
	return list
}

func (o orgStub) parent(child string) answer {
	depth := slices.Index(o.accounts, child) % 6
	if depth < 0 {
		depth = depthOf(child) - 1
	}
	ous := chain(depth)
	return jsonOf(200, jsonObject{"Parents": []jsonObject{{"Id": string(ous[len(ous)-1]), "Type": "ORGANIZATIONAL_UNIT"}}})
}

var sixAccounts = []string{"000000000001", "000000000002", "000000000003", "000000000004", "000000000005", "000000000006"}

// moreAccounts are more than there are OUs.
var moreAccounts = append(slices.Clone(sixAccounts), "000000000007", "000000000008")

func TestTheOrganizationIsReadWithItsTreeAndPlaces(t *testing.T) {
	for name, org := range map[string]orgStub{
		"with paths":          {paths: true, accounts: sixAccounts},
		"without paths, few":  {accounts: sixAccounts},
		"without paths, many": {accounts: moreAccounts},
	} {
		synctest.Test(t, func(t *testing.T) {
			a, _ := against(t, org.answer)
			o, err := a.Organization(t.Context())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if o.ID != "o-abc" || o.Management != "000000000001" || o.Root != "r-1111" || !o.TrustedAccess {
				t.Errorf("%s: %+v", name, o)
			}
			if diff := cmp.Diff(chain(5), slices.Sorted(maps.Keys(o.OUs)), sortOUs); diff != "" {
				t.Errorf("%s: OUs -want +got\n%s", name, diff)
			}
			if ou := o.OUs["ou-1111-3"]; ou.Name != "Level 3" || ou.Parent != "ou-1111-2" {
				t.Errorf("%s: %+v", name, ou)
			}
			for i, id := range org.accounts {
				if diff := cmp.Diff(chain(i%6), o.Accounts[fleet.AccountID(id)].OUs); diff != "" {
					t.Errorf("%s: place of %s -want +got\n%s", name, id, diff)
				}
			}
		})
	}
}

var sortOUs = cmp.Transformer("sort", func(ous []fleet.OUID) string {
	var s []string
	for _, ou := range ous {
		s = append(s, string(ou))
	}
	slices.Sort(s)
	return strings.Join(s, " ")
})

// AWS nests five levels of OUs below the root, so the fifth is not asked.
func TestTheTreeIsReadWithOneCallForEachOUAboveTheDeepest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := against(t, orgStub{paths: true, accounts: sixAccounts}.answer)
		if _, err := a.Organization(t.Context()); err != nil {
			t.Fatal(err)
		}
		calls := map[string]int{}
		for _, action := range s.actions() {
			calls[action]++
		}
		want := map[string]int{
			"DescribeOrganization": 1, "ListRoots": 1, "ListOrganizationalUnitsForParent": 5, "ListAccounts": 1,
			"DescribeOrganizationsAccess": 1,
		}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("calls -want +got\n%s", diff)
		}
	})
}

func TestOrganizationsIsAskedForPagesOfTwentyAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := against(t, orgStub{accounts: sixAccounts}.answer)
		if _, err := a.Organization(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, q := range s.asked {
			if max, ok := q.JSON["MaxResults"].(float64); ok && max != 20 {
				t.Errorf("%s asks for pages of %v", q.Action, max)
			}
		}
	})
}

// AWS documents that a page of accounts may be empty and yet not the last.
func TestAnEmptyPageOfAccountsIsNotAnEmptyOrganization(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org := orgStub{paths: true, accounts: sixAccounts}
		org.cut = func(q question) (answer, bool) {
			if q.Action != "ListAccounts" {
				return answer{}, false
			}
			switch q.JSON["NextToken"] {
			case nil:
				return jsonOf(200, jsonObject{"Accounts": []jsonObject{}, "NextToken": "a"}), true
			case "a":
				return jsonOf(200, jsonObject{"Accounts": org.list()[:4], "NextToken": "b"}), true
			case "b":
				return jsonOf(200, jsonObject{"Accounts": []jsonObject{}, "NextToken": "c"}), true
			}
			return jsonOf(200, jsonObject{"Accounts": org.list()[4:]}), true
		}
		a, _ := against(t, org.answer)
		o, err := a.Organization(t.Context())
		if err != nil || len(o.Accounts) != 6 {
			t.Errorf("%d accounts, %v", len(o.Accounts), err)
		}
	})
}

func TestAnOrganizationThatCannotBeReadWhollyIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, action := range []string{
			"DescribeOrganization", "ListRoots", "ListOrganizationalUnitsForParent", "ListAccounts",
			"ListAccountsForParent", "DescribeOrganizationsAccess",
		} {
			for name, bad := range map[string]answer{
				"denied":  jsonOf(400, jsonObject{"__type": "AccessDeniedException", "Message": "no"}),
				"garbage": {status: 200, body: `{"Accounts": [{"Id": `},
			} {
				org := orgStub{accounts: moreAccounts}
				org.cut = func(q question) (answer, bool) {
					if q.Action == "DescribeOrganizationsAccess" && q.Action == action {
						return fault(403, "AccessDenied", "no"), true
					}
					return bad, q.Action == action
				}
				a, _ := against(t, org.answer)
				if o, err := a.Organization(t.Context()); fleet.KindOf(err) == "" {
					t.Errorf("%s %s: %d accounts and error %v", action, name, len(o.Accounts), err)
				}
			}
		}
	})
}

func TestAnswersWithoutTheEssentialsAreErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for action, empty := range map[string]jsonObject{
			"DescribeOrganization": {}, "ListRoots": {}, "ListAccounts": {"Accounts": []jsonObject{{"Name": "nameless"}}},
		} {
			org := orgStub{paths: true, accounts: sixAccounts}
			org.cut = func(q question) (answer, bool) { return jsonOf(200, empty), q.Action == action }
			a, _ := against(t, org.answer)
			_, err := a.Organization(t.Context())
			wantKind(t, err, fleet.UnknownOutcome)
		}
	})
}

func TestAnOUMadeWhileTheTreeWasReadIsLookedUp(t *testing.T) {
	for _, paths := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			org := orgStub{paths: paths, accounts: sixAccounts}
			org.cut = func(q question) (answer, bool) {
				switch {
				case q.Action == "ListOrganizationalUnitsForParent" && q.JSON["ParentId"] == "ou-1111-2":
					return jsonOf(200, jsonObject{}), true
				case q.Action == "DescribeOrganizationalUnit":
					return jsonOf(200, jsonObject{"OrganizationalUnit": jsonObject{"Id": q.JSON["OrganizationalUnitId"], "Name": "New"}}), true
				}
				return answer{}, false
			}
			a, _ := against(t, org.answer)
			o, err := a.Organization(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if ou := o.OUs["ou-1111-4"]; ou.Name != "New" || ou.Parent != "ou-1111-3" {
				t.Errorf("with paths %v: %+v", paths, ou)
			}
			if diff := cmp.Diff(chain(5), o.Accounts["000000000006"].OUs); diff != "" {
				t.Errorf("with paths %v: -want +got\n%s", paths, diff)
			}
		})
	}
}

func TestAnAccountsStateIsReadFromStateAndElseFromStatus(t *testing.T) {
	for _, test := range []struct {
		state, status string
		want          fleet.AccountState
	}{
		{"ACTIVE", "ACTIVE", fleet.AccountActive},
		{"CLOSED", "SUSPENDED", fleet.AccountClosed},
		{"PENDING_ACTIVATION", "ACTIVE", fleet.AccountPendingActivation},
		{"", "SUSPENDED", fleet.AccountSuspended},
		{"", "PENDING_CLOSURE", fleet.AccountPendingClosure},
		{"ACTIVE", "", fleet.AccountActive},
		{"", "", fleet.AccountUnknown},
		{"HIBERNATING", "ACTIVE", "HIBERNATING"},
	} {
		a, _ := against(t, func(question) answer {
			return jsonOf(200, jsonObject{"Account": jsonObject{"Id": "000000000002", "State": test.state, "Status": test.status, "Paths": []string{"o-a/r-1111/000000000002/"}}})
		})
		account, err := a.DescribeAccount(t.Context(), "000000000002")
		if err != nil || account.State != test.want {
			t.Errorf("State %q, Status %q read as %q (%v), want %q", test.state, test.status, account.State, err, test.want)
		}
	}
}

func TestOneAccountsPlaceIsFoundByWalkingUpOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org := orgStub{accounts: []string{"000000000009"}}
		org.cut = func(q question) (answer, bool) {
			if q.Action == "ListParents" && q.JSON["ChildId"] == "000000000009" {
				return jsonOf(200, jsonObject{"Parents": []jsonObject{{"Id": "ou-1111-3"}}}), true
			}
			return answer{}, false
		}
		a, s := against(t, org.answer)
		for range 2 {
			account, err := a.DescribeAccount(t.Context(), "000000000009")
			if diff := cmp.Diff(chain(3), account.OUs); err != nil || diff != "" {
				t.Fatalf("%v -want +got\n%s", err, diff)
			}
		}
		// The account and three OUs the first time, then only the account, which may have moved.
		if got := slices.DeleteFunc(s.actions(), func(a string) bool { return a != "ListParents" }); len(got) != 5 {
			t.Errorf("%d questions for parents, want 5", len(got))
		}
	})
}

func TestAnAccountThatIsNoMemberIsNotFound(t *testing.T) {
	a, _ := against(t, func(question) answer {
		return jsonOf(400, jsonObject{"__type": "AccountNotFoundException", "Message": "You specified an account that doesn't exist."})
	})
	_, err := a.DescribeAccount(t.Context(), "000000000002")
	wantKind(t, err, fleet.NotFound)
}
