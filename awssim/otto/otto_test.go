package otto_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
	"github.com/setmend/setmend/awssim/otto"
)

func TestTheFleetIsAsLargeAsTheArticles(t *testing.T) {
	l := fill(t, 320, 1)
	accounts, byState := 0, map[orgtypes.AccountState]int{}
	p := organizations.NewListAccountsPaginator(organizations.NewFromConfig(sdktest.Config(l.aws, "any-key", otto.HomeRegion)), &organizations.ListAccountsInput{})
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		must(t, err)
		for _, x := range out.Accounts {
			accounts++
			byState[x.State]++
		}
	}
	if accounts != 320 {
		t.Errorf("the organization lists %d accounts, want 320", accounts)
	}
	want := map[orgtypes.AccountState]int{"ACTIVE": 314, "SUSPENDED": 3, "CLOSED": 2, "PENDING_CLOSURE": 1}
	if diff := cmp.Diff(want, byState); diff != "" {
		t.Errorf("accounts by state differ (-want +got):\n%s", diff)
	}
	if len(l.truth.Departed) != 4 || len(l.truth.Joined) != 6 {
		t.Errorf("%d accounts left and %d joined, want 4 and 6", len(l.truth.Departed), len(l.truth.Joined))
	}
	instances := 0
	for _, name := range l.truth.StackSets {
		instances += len(l.list(name))
	}
	if len(l.truth.StackSets) != 24 || instances != len(l.truth.Cells) || instances < 15_000 || instances > 17_000 {
		t.Errorf("%d stack sets have %d instances (the truth says %d), want 24 with about 16,000", len(l.truth.StackSets), instances, len(l.truth.Cells))
	}
}

func TestTheSameSeedsMakeTheSameFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second, other := fill(t, 60, 7), fill(t, 60, 7), fill(t, 60, 8)
		if diff := cmp.Diff(first.truth, second.truth); diff != "" {
			t.Errorf("two fleets of one seed differ:\n%s", diff)
		}
		for _, name := range first.truth.StackSets {
			if diff := cmp.Diff(first.stacks(name), second.stacks(name)); diff != "" {
				t.Fatalf("stacks of %s differ:\n%s", name, diff)
			}
		}
		if cmp.Equal(first.truth.Problems, other.truth.Problems) {
			t.Error("another seed makes the same problems")
		}
	})
}

func TestNoFaultIsSoCommonThatAGuardWouldStopTheHealing(t *testing.T) {
	for _, accounts := range []int{20, 40, 100, 320} {
		for seed := range uint64(2) {
			checkProportions(t, accounts, fill(t, accounts, seed))
		}
	}
}

func checkProportions(t *testing.T, accounts int, l *lab) {
	t.Helper()
	drifted, gone, all := map[string]int{}, map[string]int{}, map[string]int{}
	for _, name := range l.truth.StackSets {
		all[name] = len(l.list(name))
	}
	for _, p := range l.truth.Problems {
		switch {
		case p.Resource != "":
			drifted[p.StackSet]++
		case slices.Contains([]otto.Kind{otto.Departed, otto.Suspended, otto.Closed}, p.Kind):
			gone[p.StackSet]++
		}
	}
	for name, n := range all {
		if drifted[name] > 4 && drifted[name]*100 > 15*n {
			t.Errorf("%d accounts: %d of %d instances of %s have drifted", accounts, drifted[name], n, name)
		}
		if gone[name] > 4 && gone[name]*100 >= 20*n {
			t.Errorf("%d accounts: %d of %d instances of %s are to be let go of", accounts, gone[name], n, name)
		}
	}
	if n := len(l.truth.Departed) + len(l.truth.Suspended); accounts >= 100 && n*100 >= 4*accounts {
		t.Errorf("%d of %d accounts left or are suspended", n, accounts)
	}
}

func TestFourPercentHaveDriftedAThirdOfThemWithOverrides(t *testing.T) {
	l := fill(t, 320, 1)
	drifted, overridden := 0, 0
	for _, p := range l.truth.Problems {
		if p.Resource == "" {
			continue
		}
		drifted++
		if l.truth.Overrides[p.Cell] != nil {
			overridden++
		}
	}
	if share := float64(drifted) / float64(len(l.truth.Cells)); share < 0.035 || share > 0.045 {
		t.Errorf("%.1f %% have drifted, want about 4 %%", 100*share)
	}
	if share := float64(overridden) / float64(drifted); share < 0.31 || share > 0.36 {
		t.Errorf("%.0f %% of the drifted have overrides, want a third", 100*share)
	}
}

func TestEveryKindOfProblemOccurs(t *testing.T) {
	l := fill(t, 320, 1)
	for _, kind := range []otto.Kind{
		otto.Departed, otto.Suspended, otto.Closed, otto.PendingClosure, otto.Missing, otto.Displaced, otto.Conflict, otto.Changed, otto.Deleted,
		otto.Unhealed, otto.Masked, otto.Flapping, otto.Mended, otto.Failed, otto.Cancelled, otto.Inoperable, otto.Protected, otto.Denied,
	} {
		if len(l.truth.Of(kind)) == 0 {
			t.Errorf("nothing is %s", kind)
		}
	}
	if !slices.IsSortedFunc(l.truth.Problems, func(p, q otto.Problem) int {
		return strings.Compare(p.StackSet+p.Account+p.Region, q.StackSet+q.Account+q.Region)
	}) {
		t.Error("problems are not sorted by cell")
	}
	for _, p := range l.truth.Problems {
		if found, ok := l.truth.At(p.Cell); !ok || found != p {
			t.Fatalf("At does not find %v", p.Cell)
		}
	}
}

// The whole scenario stands on this: what the truth says has drifted has, and
// nothing else.
func TestExactlyWhatTheTruthSaysHasDrifted(t *testing.T) {
	l := fill(t, 320, 1)
	found := l.drifted(l.cells()...)
	for _, p := range l.truth.Problems {
		if want := p.Resource != ""; want != found[p.Cell] {
			t.Errorf("%v (%s: %s%s) has drifted: %t, want %t", p.Cell, p.Kind, p.Resource, p.Pointer, found[p.Cell], want)
		}
		delete(found, p.Cell)
	}
	for cell := range found {
		t.Errorf("%v has drifted, of which the truth knows nothing", cell)
	}
}

func TestWhatAWSKnowsOfDriftIsStale(t *testing.T) {
	l := fill(t, 320, 1)
	now := l.aws.Now()
	states := map[string]int{}
	for _, name := range l.truth.StackSets {
		for _, i := range l.list(name) {
			if name == l.truth.Foreign {
				continue
			}
			states[string(i.DriftStatus)]++
			if i.LastDriftCheckTimestamp != nil && now.Sub(*i.LastDriftCheckTimestamp) < minutes(47*60) {
				t.Fatalf("an instance of %s was checked only %v ago", name, now.Sub(*i.LastDriftCheckTimestamp))
			}
		}
	}
	if states["NOT_CHECKED"] == 0 || states["IN_SYNC"] == 0 || states["DRIFTED"] == 0 {
		t.Errorf("drift statuses are %v, want some of each", states)
	}
	known := 0
	for _, p := range l.truth.Problems {
		if p.Known {
			known++
		}
	}
	if known != states["DRIFTED"] {
		t.Errorf("AWS knows of %d drifted instances, the truth says %d", states["DRIFTED"], known)
	}
}

func TestTagsAreAsTheArticleHasThem(t *testing.T) {
	l := fill(t, 20, 1)
	tags := l.tags("config-recorder")
	want := map[string]string{"mandatory": "true", "selfhealing": "true", "dependson": "log-bucket", "region": "eu-central-1:eu-west-1:us-east-1", "team": "platform"}
	if diff := cmp.Diff(want, tags); diff != "" {
		t.Errorf("tags differ (-want +got):\n%s", diff)
	}
	if tags := l.tags("network-legacy"); tags["antidependson"] != "network-baseline" || tags["mandatory"] != "false" {
		t.Errorf("tags of network-legacy are %v", tags)
	}
	if tags := l.tags("idp-role"); tags["selfhealing"] != "false" {
		t.Errorf("tags of idp-role are %v", tags)
	}
}

func TestEmptyHasAnOrganizationAndNothingElse(t *testing.T) {
	a := sdktest.New(t)
	must(t, otto.Empty(a))
	c := organizations.NewFromConfig(sdktest.Config(a, sdktest.Management, otto.HomeRegion))
	accounts, err := c.ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	must(t, err)
	organization, err := c.DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
	must(t, err)
	if len(accounts.Accounts) != 1 || organization.Organization.FeatureSet != orgtypes.OrganizationFeatureSetAll {
		t.Errorf("%d accounts, features %s; want the management account alone, with all features", len(accounts.Accounts), organization.Organization.FeatureSet)
	}
	access, err := newLab(t, a, nil).cf.DescribeOrganizationsAccess(t.Context(), &cloudformation.DescribeOrganizationsAccessInput{})
	must(t, err)
	if access.Status != types.OrganizationStatusEnabled {
		t.Errorf("trusted access is %s", access.Status)
	}
}

func TestTooFewAccountsAreRefused(t *testing.T) {
	if _, err := otto.Fill(sdktest.New(t), otto.Options{Accounts: 19}); err == nil {
		t.Error("19 accounts are accepted")
	}
	if otto.Template("no-such-set") != "" {
		t.Error("there is a template of a set that does not exist")
	}
}

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(float64(len(fill(b, 320, 1).truth.Cells)), "instances")
	}
}

func TestASnapshotOfTheFleetLoadsAsTheSameFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := fill(t, 60, 7).aws.Snapshot()
		other, err := awssim.New(awssim.Options{Seed: 99})
		must(t, err)
		must(t, other.Load(first)) // sets that import stand before those that export
		if diff := cmp.Diff(first, other.Snapshot()); diff != "" {
			t.Errorf("the loaded fleet differs:\n%s", diff)
		}
	})
}
