package cloud

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
)

// aChange touches two accounts in two regions.
func aChange(kind fleet.OperationKind) fleet.InstanceChange {
	return fleet.InstanceChange{
		OperationID: "op-1", StackSet: "baseline", Kind: kind,
		Accounts: []fleet.AccountID{"111122223333", "444455556666"}, Regions: []fleet.Region{"eu-central-1", "us-east-1"},
	}
}

var changeKinds = map[fleet.OperationKind]string{
	fleet.OperationCreate: "CreateStackInstances",
	fleet.OperationUpdate: "UpdateStackInstances",
	fleet.OperationDelete: "DeleteStackInstances",
}

func accepting(q question) answer { return xml(q.Action, "<OperationId>op-1</OperationId>") }

// sent makes the change and returns the form that AWS got.
func sent(t *testing.T, change fleet.InstanceChange) url.Values {
	t.Helper()
	a, s := against(t, accepting)
	if err := a.Change(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	return s.last(changeKinds[change.Kind]).Form
}

// AWS takes a missing AccountFilterType for UNION: the request for two accounts
// would reach every account of the OU.
func TestAServiceManagedChangeAlwaysIntersectsAccountsWithOUs(t *testing.T) {
	for kind := range changeKinds {
		change := aChange(kind)
		change.OUs = []fleet.OUID{"ou-abcd-11111111"}
		form := sent(t, change)
		for key, want := range map[string]string{
			"DeploymentTargets.AccountFilterType":              "INTERSECTION",
			"DeploymentTargets.Accounts.member.1":              "111122223333",
			"DeploymentTargets.Accounts.member.2":              "444455556666",
			"DeploymentTargets.OrganizationalUnitIds.member.1": "ou-abcd-11111111",
			"Regions.member.1":                                 "eu-central-1",
			"Regions.member.2":                                 "us-east-1",
			"CallAs":                                           "SELF",
			"OperationId":                                      "op-1",
		} {
			if got := form.Get(key); got != want {
				t.Errorf("%s: %s is %q, want %q", kind, key, got, want)
			}
		}
		if form.Has("Accounts.member.1") {
			t.Errorf("%s: plain accounts beside deployment targets, which AWS refuses", kind)
		}
	}
}

func TestASelfManagedChangeNamesPlainAccounts(t *testing.T) {
	for kind := range changeKinds {
		form := sent(t, aChange(kind))
		if form.Get("Accounts.member.1") != "111122223333" || form.Get("Accounts.member.2") != "444455556666" {
			t.Errorf("%s: accounts missing in %v", kind, form)
		}
		for key := range form {
			if strings.HasPrefix(key, "DeploymentTargets") {
				t.Errorf("%s: %s beside plain accounts, which AWS refuses", kind, key)
			}
		}
	}
}

func TestAChangeWithoutTargetsOrIdIsNeverSent(t *testing.T) {
	for name, spoil := range map[string]func(*fleet.InstanceChange){
		"no accounts":          func(c *fleet.InstanceChange) { c.Accounts = nil },
		"no regions":           func(c *fleet.InstanceChange) { c.Regions = nil },
		"no operation id":      func(c *fleet.InstanceChange) { c.OperationID = "" },
		"an OU as account":     func(c *fleet.InstanceChange) { c.Accounts[0] = "ou-abcd-11111111" },
		"a masked override":    func(c *fleet.InstanceChange) { c.Overrides = []fleet.Parameter{{Key: "Secret", Value: "****"}} },
		"an unknown operation": func(c *fleet.InstanceChange) { c.Kind = "DESTROY" },
	} {
		a, s := against(t, accepting)
		change := aChange(fleet.OperationCreate)
		change.OUs = []fleet.OUID{"ou-abcd-11111111"}
		spoil(&change)
		wantKind(t, a.Change(t.Context(), change), fleet.Invalid)
		if len(s.asked) != 0 {
			t.Errorf("%s: sent %v", name, s.actions())
		}
	}
}

// An absent list leaves the overrides, an empty one drops them all, and a list
// drops whatever it does not name.
func TestOverridesAbsentEmptyAndListedAreThreeDifferentRequests(t *testing.T) {
	for _, test := range []struct {
		name      string
		overrides []fleet.Parameter
		want      url.Values
	}{
		{"nil leaves what is there", nil, url.Values{}},
		{"an empty list drops every override", []fleet.Parameter{}, url.Values{"ParameterOverrides": {""}}},
		{"values are sent, and one may be empty", []fleet.Parameter{{Key: "Size", Value: "3"}, {Key: "Note"}}, url.Values{
			"ParameterOverrides.member.1.ParameterKey": {"Size"}, "ParameterOverrides.member.1.ParameterValue": {"3"},
			"ParameterOverrides.member.2.ParameterKey": {"Note"}, "ParameterOverrides.member.2.ParameterValue": {""},
		}},
		{"a kept value is not sent", []fleet.Parameter{{Key: "Secret", UsePrevious: true}}, url.Values{
			"ParameterOverrides.member.1.ParameterKey": {"Secret"}, "ParameterOverrides.member.1.UsePreviousValue": {"true"},
		}},
	} {
		for _, kind := range []fleet.OperationKind{fleet.OperationCreate, fleet.OperationUpdate} {
			change := aChange(kind)
			change.Overrides = test.overrides
			got := url.Values{}
			for key, value := range sent(t, change) {
				if strings.HasPrefix(key, "ParameterOverrides") {
					got[key] = value
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (%s): -want +got\n%s", test.name, kind, diff)
			}
		}
	}
}

func TestRetainStacksIsSentAsAskedAndOnlyForDelete(t *testing.T) {
	for _, retain := range []bool{false, true} {
		change := aChange(fleet.OperationDelete)
		change.RetainStacks = retain
		if got := sent(t, change).Get("RetainStacks"); (got == "true") != retain || got == "" {
			t.Errorf("RetainStacks %v is sent as %q", retain, got)
		}
	}
	if form := sent(t, aChange(fleet.OperationUpdate)); form.Has("RetainStacks") {
		t.Error("RetainStacks on an update")
	}
}

func TestPreferencesAreSentUnlessAllAreZero(t *testing.T) {
	change := aChange(fleet.OperationCreate)
	for key := range sent(t, change) {
		if strings.HasPrefix(key, "OperationPreferences") {
			t.Errorf("%s although there are no preferences", key)
		}
	}
	change.Preferences = fleet.Preferences{
		RegionOrder: []fleet.Region{"us-east-1", "eu-central-1"}, RegionConcurrency: fleet.RegionsParallel,
		ConcurrencyMode: fleet.SoftFailureTolerance, FailureTolerancePercentage: 10, MaxConcurrentCount: 25,
	}
	form := sent(t, change)
	for key, want := range map[string]string{
		"RegionOrder.member.1": "us-east-1", "RegionOrder.member.2": "eu-central-1", "RegionConcurrencyType": "PARALLEL",
		"ConcurrencyMode": "SOFT_FAILURE_TOLERANCE", "FailureTolerancePercentage": "10", "MaxConcurrentCount": "25",
		"FailureToleranceCount": "", "MaxConcurrentPercentage": "",
	} {
		if got := form.Get("OperationPreferences." + key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

func TestCallAsIsOnEveryStackSetCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := configured(t, Config{CallAs: "DELEGATED_ADMIN"}, func(q question) answer {
			return fault(404, "StackSetNotFoundException", "no")
		})
		cell := fleet.Cell{StackSet: "s", Target: fleet.Target{Account: "111122223333", Region: "eu-central-1"}}
		everyStackSetCall(t, a, cell)
		if len(s.asked) < 13 {
			t.Errorf("only %d calls were made", len(s.asked))
		}
		for _, q := range s.asked {
			if got := q.Form.Get("CallAs"); got != "DELEGATED_ADMIN" {
				t.Errorf("%s with CallAs %q", q.Action, got)
			}
		}
	})
}

// describing answers a change with code, and the lookup that follows with action.
func describing(code, action string) func(question) answer {
	return func(q question) answer {
		if q.Action != "DescribeStackSetOperation" {
			return fault(409, code, "refused")
		}
		if action == "" {
			return fault(404, "OperationNotFoundException", "none")
		}
		return xml(q.Action, "<StackSetOperation><OperationId>op-1</OperationId><Action>"+action+"</Action><Status>RUNNING</Status></StackSetOperation>")
	}
}

func TestARefusedOperationIsAcceptedOnlyIfItIsOurOwn(t *testing.T) {
	for _, test := range []struct {
		name, code, found string
		want              fleet.ErrorKind // "" is success
	}{
		{"the same operation exists", "OperationIdAlreadyExistsException", "CREATE", ""},
		{"another kind of operation has the id", "OperationIdAlreadyExistsException", "DELETE", fleet.Duplicate},
		{"the id exists and cannot be found", "OperationIdAlreadyExistsException", "", fleet.Duplicate},
		{"the one in progress is ours", "OperationInProgressException", "CREATE", ""},
		{"the one in progress is somebody else's", "OperationInProgressException", "", fleet.Conflict},
		{"the short code means the same", "OperationInProgress", "", fleet.Conflict},
		{"a stale request is a conflict", "StaleRequestException", "", fleet.Conflict},
	} {
		a, s := against(t, describing(test.code, test.found))
		err := a.Change(t.Context(), aChange(fleet.OperationCreate))
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		} else {
			wantKind(t, err, test.want)
		}
		want := []string{"CreateStackInstances", "DescribeStackSetOperation"}
		if diff := cmp.Diff(want, s.actions()); diff != "" {
			t.Errorf("%s: -want +got\n%s", test.name, diff)
		}
	}
}

func TestDriftDetectionIsRecognisedLikeAnyOtherOperation(t *testing.T) {
	a, s := against(t, describing("OperationIdAlreadyExistsException", "DETECT_DRIFT"))
	if err := a.DetectDrift(t.Context(), "baseline", "op-1", fleet.Preferences{MaxConcurrentPercentage: 100}); err != nil {
		t.Fatal(err)
	}
	if got := s.last("DetectStackSetDrift").Form.Get("OperationPreferences.MaxConcurrentPercentage"); got != "100" {
		t.Errorf("preferences are lost: %q", got)
	}
	wantKind(t, a.DetectDrift(t.Context(), "baseline", "", fleet.Preferences{}), fleet.Invalid)
}

// A lookup that fails says nothing of the operation, so nothing is known.
func TestALookupThatFailsLeavesTheOutcomeUnknown(t *testing.T) {
	a, _ := against(t, func(q question) answer {
		if q.Action == "DescribeStackSetOperation" {
			return fault(403, "AccessDenied", "no")
		}
		return fault(409, "OperationIdAlreadyExistsException", "refused")
	})
	wantKind(t, a.Change(t.Context(), aChange(fleet.OperationCreate)), fleet.UnknownOutcome)
}

func TestAWriteWithAnUnknownOutcomeIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, broken := range map[string]answer{
			"the connection broke":   {err: errors.New("read: connection reset by peer")},
			"AWS answered a fault":   fault(500, "InternalFailure", "oops"),
			"AWS was unavailable":    fault(503, "ServiceUnavailable", "later"),
			"the answer was cut off": {status: 200, body: "<CreateStackInstancesResponse><CreateSta"},
		} {
			a, s := against(t, func(question) answer { return broken })
			wantKind(t, a.Change(t.Context(), aChange(fleet.OperationCreate)), fleet.UnknownOutcome)
			if len(s.asked) != 1 {
				t.Errorf("%s: sent %d times", name, len(s.asked))
			}
		}
	})
}
