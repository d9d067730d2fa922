package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
)

const topicTemplate = `
Parameters:
  Team: {Type: String, Default: platform}
  Owner: {Type: String, Default: nobody}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !Ref Team}
`

// lab is an embedded AWS with an organization of 31 OUs and 40 accounts, and one
// stack set of each permission model, "shared" and "owned".
type lab struct {
	*AWS
	sim  *awssim.AWS
	want fleet.Organization
}

func newLab(t *testing.T, config Config) lab {
	t.Helper()
	a, sim := embed(t, config)
	l := lab{a, sim, fill(t, sim, 40)}
	sim.Lock()
	sim.Organization().SetTrustedAccess(StackSetsPrincipal, true)
	sim.Unlock()
	for name, model := range map[string]fleet.PermissionModel{"shared": fleet.ServiceManaged, "owned": fleet.SelfManaged} {
		must(t, sim.SeedStackSet(awssim.StackSetSpec{
			Name: name, Template: topicTemplate, PermissionModel: string(model), Region: homeRegion, AutoDeploy: model == fleet.ServiceManaged,
			Tags: map[string]string{"selfhealing": "true"},
		}))
	}
	return l
}

// ended waits for an operation.
func (l lab) ended(t *testing.T, set fleet.StackSetName, id string) fleet.Operation {
	t.Helper()
	for range 1000 {
		operation, err := l.Operation(t.Context(), set, id)
		must(t, err)
		if operation.Status.Ended() {
			return operation
		}
		time.Sleep(5 * time.Second)
	}
	t.Fatalf("operation %s of %s does not end", id, set)
	return fleet.Operation{}
}

func TestTheOrganizationIsReadAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, Config{})
		got, err := l.Organization(t.Context())
		must(t, err)
		l.want.TrustedAccess = true
		if diff := cmp.Diff(l.want, got, ignoreJoined); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if n := l.Stats().Throttled; n != 0 {
			t.Errorf("%d requests were refused for their rate", n)
		}
	})
}

// An OU holds many accounts; a change of one must leave the others alone.
func TestAServiceManagedChangeReachesNobodyElseInTheOU(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, Config{})
		must(t, l.Change(t.Context(), fleet.InstanceChange{
			OperationID: "create-1", StackSet: "shared", Kind: fleet.OperationCreate, OUs: []fleet.OUID{l.want.Root},
			Accounts: []fleet.AccountID{"200000000000", "200000000001"}, Regions: []fleet.Region{"eu-central-1", "us-east-1"},
			Overrides:   []fleet.Parameter{{Key: "Team", Value: "search"}},
			Preferences: fleet.Preferences{RegionConcurrency: fleet.RegionsParallel, MaxConcurrentCount: 10, FailureToleranceCount: 10},
		}))
		if operation := l.ended(t, "shared", "create-1"); operation.Status != fleet.OperationSucceeded || operation.Kind != fleet.OperationCreate {
			t.Fatalf("%+v", operation)
		}
		instances, err := l.Instances(t.Context(), "shared", fleet.InstanceFilter{})
		must(t, err)
		var targets []string
		for _, instance := range instances {
			targets = append(targets, instance.Target.String())
			if instance.Status != fleet.InstanceCurrent || instance.LastOperation != "create-1" || instance.StackID == "" {
				t.Errorf("%+v", instance)
			}
		}
		slices.Sort(targets)
		want := []string{"200000000000/eu-central-1", "200000000000/us-east-1", "200000000001/eu-central-1", "200000000001/us-east-1"}
		if diff := cmp.Diff(want, targets); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		results, err := l.Results(t.Context(), "shared", "create-1")
		if err != nil || len(results) != 4 {
			t.Errorf("%d results, %v", len(results), err)
		}
		must(t, l.Change(t.Context(), fleet.InstanceChange{
			OperationID: "delete-1", StackSet: "shared", Kind: fleet.OperationDelete, OUs: []fleet.OUID{l.want.Root},
			Accounts: []fleet.AccountID{"200000000001"}, Regions: []fleet.Region{"eu-central-1"},
		}))
		l.ended(t, "shared", "delete-1")
		instances, err = l.Instances(t.Context(), "shared", fleet.InstanceFilter{})
		if err != nil || len(instances) != 3 {
			t.Errorf("%d instances after one was deleted, %v", len(instances), err)
		}
	})
}

func TestOverridesComeBackAsTheyWereSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, Config{})
		cell := fleet.Cell{StackSet: "owned", Target: fleet.Target{Account: "200000000007", Region: "eu-central-1"}}
		step := 0
		change := func(kind fleet.OperationKind, overrides []fleet.Parameter) []fleet.Parameter {
			t.Helper()
			step++
			id := fmt.Sprintf("step-%d", step)
			must(t, l.Change(t.Context(), fleet.InstanceChange{
				OperationID: id, StackSet: cell.StackSet, Kind: kind, Overrides: overrides,
				Accounts: []fleet.AccountID{cell.Account}, Regions: []fleet.Region{cell.Region},
			}))
			if operation := l.ended(t, cell.StackSet, id); operation.Status != fleet.OperationSucceeded {
				t.Fatalf("%+v", operation)
			}
			instance, err := l.Instance(t.Context(), cell)
			must(t, err)
			return instance.Overrides
		}
		both := []fleet.Parameter{{Key: "Owner", Value: "ada"}, {Key: "Team", Value: ""}}
		for _, test := range []struct {
			name       string
			kind       fleet.OperationKind
			send, want []fleet.Parameter
		}{
			{"given with the creation", fleet.OperationCreate, both, both},
			{"an absent list leaves them", fleet.OperationUpdate, nil, both},
			{"keeping one drops the other", fleet.OperationUpdate, []fleet.Parameter{{Key: "Owner", UsePrevious: true}}, both[:1]},
			{"a value replaces another", fleet.OperationUpdate, []fleet.Parameter{{Key: "Owner", Value: "bob"}}, []fleet.Parameter{{Key: "Owner", Value: "bob"}}},
			{"an empty list drops them all", fleet.OperationUpdate, []fleet.Parameter{}, []fleet.Parameter{}},
		} {
			if diff := cmp.Diff(test.want, change(test.kind, test.send)); diff != "" {
				t.Errorf("%s: -want +got\n%s", test.name, diff)
			}
		}
	})
}

// lossy carries out every change and loses the first answers.
type lossy struct {
	http.RoundTripper
	mu   sync.Mutex
	lose int
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.RoundTripper.RoundTrip(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lose > 0 && err == nil {
		l.lose--
		response.Body.Close()
		return nil, errors.New("read: connection reset by peer")
	}
	return response, err
}

func TestARepeatedChangeIsRecognisedHoweverTheFirstAnswerWasLost(t *testing.T) {
	for name, wait := range map[string]time.Duration{"while it runs": 0, "after it ended": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, Config{})
			line := &lossy{RoundTripper: l.sim.Transport(), lose: 1}
			a, err := New(t.Context(), Config{Region: homeRegion, Transport: line})
			must(t, err)
			change := fleet.InstanceChange{
				OperationID: "once", StackSet: "owned", Kind: fleet.OperationCreate,
				Accounts: []fleet.AccountID{"200000000000"}, Regions: []fleet.Region{"eu-central-1"},
			}
			wantKind(t, a.Change(t.Context(), change), fleet.UnknownOutcome)
			time.Sleep(wait)
			if err := a.Change(t.Context(), change); err != nil {
				t.Errorf("%s: repeating the change: %v", name, err)
			}
			recent, err := a.Recent(t.Context(), "owned", 10)
			if err != nil || len(recent) != 1 {
				t.Errorf("%s: %d operations, %v", name, len(recent), err)
			}
		})
	}
}

func TestSomebodyElsesOperationIsAConflictUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, Config{})
		change := func(id string, kind fleet.OperationKind) error {
			return l.Change(t.Context(), fleet.InstanceChange{
				OperationID: id, StackSet: "owned", Kind: kind,
				Accounts: []fleet.AccountID{"200000000000"}, Regions: []fleet.Region{"eu-central-1"},
			})
		}
		must(t, change("theirs", fleet.OperationCreate))
		wantKind(t, change("ours", fleet.OperationUpdate), fleet.Conflict)
		wantKind(t, l.DetectDrift(t.Context(), "owned", "ours-too", fleet.Preferences{}), fleet.Conflict)
		running, err := l.Running(t.Context(), "owned")
		if err != nil || len(running) != 1 || running[0].ID != "theirs" {
			t.Errorf("%+v, %v", running, err)
		}
		l.ended(t, "owned", "theirs")
		must(t, change("ours", fleet.OperationUpdate))
		l.ended(t, "owned", "ours")
		wantKind(t, change("theirs", fleet.OperationDelete), fleet.Duplicate)
	})
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, Config{})
		_, err := l.StackSet(t.Context(), "absent")
		wantKind(t, err, fleet.NotFound)
		_, err = l.Instances(t.Context(), "absent", fleet.InstanceFilter{})
		wantKind(t, err, fleet.NotFound)
		_, err = l.Instance(t.Context(), fleet.Cell{StackSet: "owned", Target: fleet.Target{Account: "200000000000", Region: "eu-central-1"}})
		wantKind(t, err, fleet.NotFound)
		_, err = l.Operation(t.Context(), "owned", "absent")
		wantKind(t, err, fleet.NotFound)
		wantKind(t, l.DetectDrift(t.Context(), "absent", "op", fleet.Preferences{}), fleet.NotFound)
	})
}

// 1,230 instances are 13 pages; eight readers share the rate, and AWS refuses
// nobody.
func TestManyReadersStayWithinAWSsRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, Config{})
		regions := []string{"eu-central-1", "us-east-1", "eu-west-1"}
		n := 0
		for i := range 410 {
			for _, region := range regions {
				n++
				must(t, l.sim.SeedInstance("owned", fmt.Sprintf("%012d", 300000000000+i), region, awssim.InstanceSeed{}))
			}
		}
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				instances, err := l.Instances(t.Context(), "owned", fleet.InstanceFilter{})
				if err != nil || len(instances) != n {
					t.Errorf("%d instances of %d, %v", len(instances), n, err)
				}
			})
		}
		readers.Wait()
		if got := l.Stats(); got.Throttled != 0 || got.Calls != 8*13 {
			t.Errorf("%+v, want %d calls and no refusal", got, 8*13)
		}
		if refused := l.sim.Stats().Throttled; refused != 0 {
			t.Errorf("AWS refused %d", refused)
		}
	})
}

func TestADelegatedAdministratorSeesTheServiceManagedSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, Config{})
		as := func(account, callAs string) ([]fleet.StackSetName, error) {
			a, err := New(t.Context(), Config{
				Region: homeRegion, Transport: l.sim.Transport(), CallAs: callAs, Keys: &Keys{AccessKeyID: account, SecretAccessKey: "s"},
			})
			must(t, err)
			return a.StackSets(context.WithoutCancel(t.Context()))
		}
		_, err := as("200000000001", "DELEGATED_ADMIN")
		if err == nil {
			t.Error("an ordinary account lists as a delegated administrator")
		}
		l.sim.Lock()
		must(t, l.sim.Organization().RegisterDelegatedAdministrator("200000000001", StackSetsPrincipal))
		l.sim.Unlock()
		for _, test := range []struct {
			account, callAs string
			want            []fleet.StackSetName
		}{
			{"200000000001", "DELEGATED_ADMIN", []fleet.StackSetName{"shared"}},
			{"200000000001", "SELF", []fleet.StackSetName{}},
			{management, "SELF", []fleet.StackSetName{"owned", "shared"}},
		} {
			got, err := as(test.account, test.callAs)
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%s as %s: %v -want +got\n%s", test.account, test.callAs, err, diff)
			}
		}
	})
}
