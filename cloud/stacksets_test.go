package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
)

const describedSet = `<StackSet><StackSetName>baseline</StackSetName><StackSetId>baseline:1f</StackSetId>
<StackSetARN>arn:aws:cloudformation:eu-central-1:000000000001:stackset/baseline:1f</StackSetARN>
<PermissionModel>SERVICE_MANAGED</PermissionModel><ManagedExecution><Active>true</Active></ManagedExecution>
<AutoDeployment><Enabled>true</Enabled><DependsOn><member>arn:aws:cloudformation:eu-central-1:000000000001:stackset/network:2e</member></DependsOn></AutoDeployment>
<Tags><member><Key>mandatory</Key><Value>ou-1111-1:111122223333</Value></member></Tags>
<Parameters><member><ParameterKey>Zone</ParameterKey><ParameterValue>a</ParameterValue></member><member><ParameterKey>Key</ParameterKey><ParameterValue>****</ParameterValue></member></Parameters>
<Capabilities><member>CAPABILITY_NAMED_IAM</member></Capabilities>
<OrganizationalUnitIds><member>ou-1111-2</member><member>ou-1111-1</member></OrganizationalUnitIds>
<Regions><member>us-east-1</member><member>eu-central-1</member></Regions>
<TemplateBody>Parameters: {Key: {NoEcho: true}}</TemplateBody>
<StackSetDriftDetectionDetails><DriftStatus>DRIFTED</DriftStatus><DriftDetectionStatus>PARTIAL_SUCCESS</DriftDetectionStatus>
<LastDriftCheckTimestamp>2026-02-03T04:05:06.000Z</LastDriftCheckTimestamp><TotalStackInstancesCount>9</TotalStackInstancesCount>
<DriftedStackInstancesCount>2</DriftedStackInstancesCount><InSyncStackInstancesCount>5</InSyncStackInstancesCount>
<InProgressStackInstancesCount>1</InProgressStackInstancesCount><FailedStackInstancesCount>1</FailedStackInstancesCount></StackSetDriftDetectionDetails></StackSet>`

func TestAStackSetIsReadWhole(t *testing.T) {
	a, _ := against(t, func(q question) answer { return xml(q.Action, describedSet) })
	got, err := a.StackSet(t.Context(), "baseline")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("Parameters: {Key: {NoEcho: true}}"))
	want := fleet.StackSet{
		Name: "baseline", ID: "baseline:1f", ARN: "arn:aws:cloudformation:eu-central-1:000000000001:stackset/baseline:1f",
		PermissionModel: fleet.ServiceManaged, Managed: true,
		AutoDeployment: fleet.AutoDeployment{Enabled: true, DependsOn: []fleet.StackSetName{"network"}},
		Tags:           map[string]string{"mandatory": "ou-1111-1:111122223333"},
		Parameters:     []fleet.Parameter{{Key: "Key", Value: "****"}, {Key: "Zone", Value: "a"}},
		Capabilities:   []string{"CAPABILITY_NAMED_IAM"},
		OUs:            []fleet.OUID{"ou-1111-1", "ou-1111-2"}, Regions: []fleet.Region{"eu-central-1", "us-east-1"},
		Template: fleet.TemplateFacts{Parameters: []string{"Key"}}, TemplateHash: hex.EncodeToString(sum[:]), NoEcho: []string{"Key"},
		Drift: fleet.DriftDetection{
			Status: fleet.DriftDrifted, Detection: "PARTIAL_SUCCESS", LastCheck: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
			Total: 9, Drifted: 2, InSync: 5, Running: 1, Failed: 1,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestStackSetNamesAreSorted(t *testing.T) {
	a, s := against(t, func(q question) answer {
		return xml(q.Action, "<Summaries><member><StackSetName>b</StackSetName></member><member><StackSetName>a</StackSetName></member></Summaries>")
	})
	names, err := a.StackSets(t.Context())
	if err != nil || !slices.Equal(names, []fleet.StackSetName{"a", "b"}) {
		t.Errorf("%v, %v", names, err)
	}
	if status := s.last("ListStackSets").Form.Get("Status"); status != "ACTIVE" {
		t.Errorf("asked for stack sets of status %q, deleted ones included", status)
	}
}

func TestAnOperationTellsItsLiveDriftCounts(t *testing.T) {
	a, _ := against(t, func(q question) answer {
		return xml(q.Action, `<StackSetOperation><OperationId>op</OperationId><Action>DETECT_DRIFT</Action><Status>RUNNING</Status>
<CreationTimestamp>2026-02-03T04:05:06.000Z</CreationTimestamp><StatusDetails><FailedStackInstancesCount>3</FailedStackInstancesCount></StatusDetails>
<StackSetDriftDetectionDetails><DriftStatus>DRIFTED</DriftStatus><InProgressStackInstancesCount>4</InProgressStackInstancesCount></StackSetDriftDetectionDetails></StackSetOperation>`)
	})
	got, err := a.Operation(t.Context(), "baseline", "op")
	want := fleet.Operation{
		ID: "op", StackSet: "baseline", Kind: fleet.OperationDetectDrift, Status: fleet.OperationRunning, FailedInstances: 3,
		Created: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC), Drift: &fleet.DriftDetection{Status: fleet.DriftDrifted, Running: 4},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
}

func TestEveryRequestIsCountedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := map[string]int{}
		writes := 0
		a, _ := configured(t, Config{OnCall: func(action string, write bool) {
			told[action]++
			if write {
				writes++
			}
		}}, func(q question) answer {
			if told[q.Action] == 1 {
				return fault(400, "Throttling", "Rate exceeded")
			}
			return xml(q.Action, "<Summaries/>")
		})
		if _, err := a.StackSets(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := a.Change(t.Context(), aChange(fleet.OperationDelete)); err != nil {
			t.Fatal(err)
		}
		want := Stats{Calls: 4, Writes: 2, Throttled: 2, ByAction: map[string]int{"ListStackSets": 2, "DeleteStackInstances": 2}}
		if diff := cmp.Diff(want, a.Stats()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if diff := cmp.Diff(want.ByAction, told); diff != "" || writes != 2 {
			t.Errorf("told of %d writes; -want +got\n%s", writes, diff)
		}
	})
}

func TestAWSsTimeIsReadFromItsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := against(t, func(q question) answer { return xml(q.Action, "<Account>000000000001</Account>") })
		time.Sleep(42 * time.Second)
		if at, err := a.ServerTime(t.Context()); err != nil || !at.Equal(time.Now()) {
			t.Errorf("%v (%v), want %v", at, err, time.Now())
		}
	})
}
