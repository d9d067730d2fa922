package cloud

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
)

// memberStack is a member account with one stack, for what the embedded AWS does
// not do on request: lose answers, go stale, fail on the way.
type memberStack struct {
	status    string // of the stack
	changeSet string // the change set's status, "" if there is none
	execution string // its execution status
	reason    string // its status reason
	changes   string // as XML
	until     time.Time
	then      func(*memberStack) // what happens at until

	override func(q question) (answer, bool)
}

// after lets f happen to the stack in a while.
func (m *memberStack) after(d time.Duration, f func(*memberStack)) {
	m.until, m.then = time.Now().Add(d), f
}

func (m *memberStack) answer(q question) answer {
	if f := m.then; f != nil && !time.Now().Before(m.until) {
		m.then = nil
		f(m)
	}
	if m.override != nil {
		if a, ok := m.override(q); ok {
			return a
		}
	}
	switch q.Action {
	case "DescribeStacks":
		return xml(q.Action, "<Stacks><member><StackName>s</StackName><StackStatus>"+m.status+"</StackStatus>"+
			"<Capabilities><member>CAPABILITY_IAM</member></Capabilities>"+
			"<Parameters><member><ParameterKey>Size</ParameterKey><ParameterValue>3</ParameterValue></member>"+
			"<member><ParameterKey>Secret</ParameterKey><ParameterValue>****</ParameterValue></member></Parameters></member></Stacks>")
	case "DescribeChangeSet":
		if m.changeSet == "" {
			return fault(404, "ChangeSetNotFound", "ChangeSet does not exist")
		}
		return xml(q.Action, "<Status>"+m.changeSet+"</Status><ExecutionStatus>"+m.execution+"</ExecutionStatus><StatusReason>"+m.reason+"</StatusReason><Changes>"+m.changes+"</Changes>")
	case "CreateChangeSet":
		return m.create(q)
	case "ExecuteChangeSet":
		return m.execute(q)
	case "DeleteChangeSet":
		m.changeSet = ""
		return xml(q.Action, "")
	}
	return memberStub(q)
}

func (m *memberStack) create(q question) answer {
	if m.changeSet != "" {
		return fault(400, "AlreadyExistsException", "ChangeSet already exists")
	}
	m.changeSet, m.execution = "CREATE_IN_PROGRESS", "UNAVAILABLE"
	m.after(20*time.Second, func(m *memberStack) { m.changeSet, m.execution = "CREATE_COMPLETE", "AVAILABLE" })
	return xml(q.Action, "<Id>cs</Id>")
}

func (m *memberStack) execute(q question) answer {
	if m.execution != "AVAILABLE" {
		return fault(400, "InvalidChangeSetStatus", "cannot be executed in its current execution status")
	}
	// AWS may show the stack as it was for a moment.
	m.execution = "EXECUTE_IN_PROGRESS"
	m.after(5*time.Second, func(m *memberStack) {
		m.status = "UPDATE_IN_PROGRESS"
		m.after(3*time.Minute, func(m *memberStack) { m.status, m.execution = "UPDATE_COMPLETE", "EXECUTE_COMPLETE" })
	})
	return xml(q.Action, "")
}

const oneChange = `<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>Bucket</LogicalResourceId>
<ResourceType>AWS::S3::Bucket</ResourceType><Replacement>False</Replacement></ResourceChange></member>`

// ignoring is a change that ignores the drift of an attribute for a reason.
func ignoring(path, reason, status string) string {
	return `<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>Function</LogicalResourceId>
<ResourceType>AWS::Lambda::Function</ResourceType><Replacement>False</Replacement><ResourceDriftStatus>` + status + `</ResourceDriftStatus>
<ResourceDriftIgnoredAttributes><member><Path>` + path + `</Path><Reason>` + reason + `</Reason></member></ResourceDriftIgnoredAttributes></ResourceChange></member>`
}

// differing is the stack's last drift detection: one property of the function differs.
func differing(logicalID, path string) string {
	return `<StackResourceDrifts><member><StackId>S</StackId><LogicalResourceId>` + logicalID + `</LogicalResourceId><ResourceType>AWS::Lambda::Function</ResourceType>
<StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus><Timestamp>2026-01-01T00:00:00Z</Timestamp><PropertyDifferences><member><PropertyPath>` + path + `</PropertyPath>
<ExpectedValue>1</ExpectedValue><ActualValue>2</ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member></PropertyDifferences></member></StackResourceDrifts>`
}

// Only what itself drifted and cannot be put back is called ignored: a function's
// code is named by AWS of every function, and hinders nothing.
func TestAnIgnoredAttributeCountsOnlyIfItDrifted(t *testing.T) {
	for _, test := range []struct {
		name, change, drift string
		want                []string
	}{
		{"write-only, and another property drifted", ignoring("/Properties/Code", "WRITE_ONLY_PROPERTY", "MODIFIED"), differing("Function", "/MemorySize"), nil},
		{"write-only, of another resource's drift", ignoring("/Properties/Code", "WRITE_ONLY_PROPERTY", "MODIFIED"), differing("Other", "/Code"), nil},
		{"a property whose name begins alike", ignoring("/Properties/Code", "WRITE_ONLY_PROPERTY", "MODIFIED"), differing("Function", "/CodeSigningConfigArn"), nil},
		{"sensitive, and it drifted", ignoring("/Properties/Environment/Variables/Key", "SENSITIVE_PROPERTY", "MODIFIED"), differing("Function", "/Environment/Variables/Key"), []string{"/Properties/Environment/Variables/Key: SENSITIVE_PROPERTY"}},
		{"a part of it drifted", ignoring("/Properties/Environment", "SENSITIVE_PROPERTY", "MODIFIED"), differing("Function", "/Environment/Variables/Key"), []string{"/Properties/Environment: SENSITIVE_PROPERTY"}},
		{"what it is a part of drifted", ignoring("/Properties/Environment/Variables/Key", "SENSITIVE_PROPERTY", "MODIFIED"), differing("Function", "/Environment"), []string{"/Properties/Environment/Variables/Key: SENSITIVE_PROPERTY"}},
		{"a reason of tomorrow, and it drifted", ignoring("/Properties/Layers", "NEW_REASON", "MODIFIED"), differing("Function", "/Layers"), []string{"/Properties/Layers: NEW_REASON"}},
		{"AWS itself changes it", ignoring("/Properties/Concurrency", "MANAGED_BY_AWS", "MODIFIED"), differing("Function", "/Concurrency"), nil},
		{"the resource is in sync", ignoring("/Properties/Layers", "SENSITIVE_PROPERTY", "IN_SYNC"), differing("Function", "/Layers"), nil},
		{"the resource is made again", ignoring("/Properties/Code", "WRITE_ONLY_PROPERTY", "DELETED"), differing("Function", "/Code"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &memberStack{status: "UPDATE_COMPLETE", changes: test.change}
				m.override = func(q question) (answer, bool) {
					return xml(q.Action, test.drift), q.Action == "DescribeStackResourceDrifts"
				}
				a, _ := against(t, m.answer)
				plan, err := a.Revert(t.Context(), aStack, "t")
				if err != nil || len(plan.Changes) != 1 {
					t.Fatalf("%+v, %v", plan, err)
				}
				if diff := cmp.Diff(test.want, plan.Changes[0].Ignored); diff != "" {
					t.Errorf("ignored (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A revert needs to know whether an ignored attribute drifted; no answer is an error.
func TestDriftThatCannotBeReadIsNotTakenForNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "UPDATE_COMPLETE", changes: ignoring("/Properties/Code", "WRITE_ONLY_PROPERTY", "MODIFIED")}
		m.override = func(q question) (answer, bool) {
			return fault(403, "AccessDenied", "no"), q.Action == "DescribeStackResourceDrifts"
		}
		a, _ := against(t, m.answer)
		_, err := a.Revert(t.Context(), aStack, "t")
		wantKind(t, err, fleet.Denied)
	})
}

func TestARevertChangesNothingButWhatDrifted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "UPDATE_COMPLETE", changes: oneChange}
		a, s := against(t, m.answer)
		plan, err := a.Revert(t.Context(), aStack, "token-1")
		want := fleet.RevertPlan{Changes: []fleet.RevertChange{{
			LogicalID: "Bucket", ResourceType: "AWS::S3::Bucket", Action: "Modify", Replacement: "False",
		}}}
		if diff := cmp.Diff(want, plan); err != nil || diff != "" {
			t.Fatalf("%v -want +got\n%s", err, diff)
		}
		form := s.last("CreateChangeSet").Form
		for key, want := range map[string]string{
			"ChangeSetName": "setmend-token-1", "StackName": aStack.StackID,
			"DeploymentMode": "REVERT_DRIFT", "ChangeSetType": "UPDATE", "UsePreviousTemplate": "true", "IncludeNestedStacks": "false",
			"Capabilities.member.1":                "CAPABILITY_IAM",
			"Parameters.member.1.ParameterKey":     "Size",
			"Parameters.member.1.UsePreviousValue": "true", "Parameters.member.1.ParameterValue": "",
			"Parameters.member.2.ParameterKey":     "Secret",
			"Parameters.member.2.UsePreviousValue": "true", "Parameters.member.2.ParameterValue": "",
			"TemplateBody": "", "RoleARN": "",
		} {
			if got := form.Get(key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		if got := s.last("DescribeChangeSet").Form.Get("IncludePropertyValues"); got != "true" {
			t.Errorf("property values are not asked for: %q", got)
		}
	})
}

func TestARevertIsExecutedToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "CREATE_COMPLETE", changes: oneChange}
		a, s := against(t, m.answer)
		if _, err := a.Revert(t.Context(), aStack, "t"); err != nil {
			t.Fatal(err)
		}
		if err := a.ExecuteRevert(t.Context(), aStack, "t"); err != nil {
			t.Fatal(err)
		}
		if m.status != "UPDATE_COMPLETE" {
			t.Errorf("the call returned while the stack was %s", m.status)
		}
		if token := s.last("ExecuteChangeSet").Form.Get("ClientRequestToken"); token != "setmend-t" {
			t.Errorf("client token %q", token)
		}
	})
}

func TestARepeatedRevertFindsWhatItPreparedAndDidBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "CREATE_COMPLETE", changes: oneChange}
		for range 2 { // each time as another process
			a, _ := against(t, m.answer)
			if plan, err := a.Revert(t.Context(), aStack, "t"); err != nil || plan.Empty {
				t.Fatal(plan, err)
			}
			if err := a.ExecuteRevert(t.Context(), aStack, "t"); err != nil {
				t.Fatal(err)
			}
			if n := a.Stats().ByAction["CreateChangeSet"]; n > 1 {
				t.Errorf("%d change sets", n)
			}
		}
	})
}

func TestAChangeSetWithoutChangesIsRecognisedAndRemoved(t *testing.T) {
	for _, reason := range []string{
		"The submitted information didn't contain changes. Submit different information to create a change set.",
		"No updates are to be performed.",
	} {
		synctest.Test(t, func(t *testing.T) {
			m := &memberStack{status: "CREATE_COMPLETE", changeSet: "FAILED", execution: "UNAVAILABLE", reason: reason}
			a, _ := against(t, m.answer)
			if plan, err := a.Revert(t.Context(), aStack, "t"); err != nil || !plan.Empty {
				t.Errorf("%+v, %v", plan, err)
			}
			if m.changeSet != "" {
				t.Error("the failed change set is still there")
			}
		})
	}
}

func TestAChangeSetThatCannotBeMadeSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "CREATE_COMPLETE", changeSet: "FAILED", reason: "Template error: 100% wrong"}
		a, _ := against(t, m.answer)
		_, err := a.Revert(t.Context(), aStack, "t")
		if e := wantKind(t, err, fleet.Invalid); e.Message != "Template error: 100% wrong" {
			t.Errorf("%v", err)
		}
	})
}

func TestAnObsoleteChangeSetIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "CREATE_COMPLETE", changeSet: "CREATE_COMPLETE", execution: "OBSOLETE", changes: oneChange}
		a, _ := against(t, m.answer)
		if err := a.ExecuteRevert(t.Context(), aStack, "t"); fleet.KindOf(err) != fleet.Conflict {
			t.Errorf("executing an obsolete change set: %v", err)
		}
		if _, err := a.Revert(t.Context(), aStack, "t"); err != nil || m.execution != "AVAILABLE" {
			t.Errorf("%v, the change set is %s", err, m.execution)
		}
	})
}

// events are CloudFormation's, newest first.
const events = `<StackEvents>
<member><StackId>S</StackId><PhysicalResourceId>S</PhysicalResourceId><LogicalResourceId>s</LogicalResourceId><ResourceStatus>UPDATE_ROLLBACK_COMPLETE</ResourceStatus></member>
<member><StackId>S</StackId><PhysicalResourceId>q</PhysicalResourceId><LogicalResourceId>Queue</LogicalResourceId><ResourceType>AWS::SQS::Queue</ResourceType><ResourceStatus>UPDATE_FAILED</ResourceStatus><ResourceStatusReason>Resource update cancelled</ResourceStatusReason></member>
<member><StackId>S</StackId><PhysicalResourceId>b</PhysicalResourceId><LogicalResourceId>Bucket</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType><ResourceStatus>UPDATE_FAILED</ResourceStatus><ResourceStatusReason>Access denied by an SCP</ResourceStatusReason></member>
<member><StackId>S</StackId><PhysicalResourceId>S</PhysicalResourceId><LogicalResourceId>s</LogicalResourceId><ResourceStatus>UPDATE_IN_PROGRESS</ResourceStatus></member>
<member><StackId>S</StackId><PhysicalResourceId>o</PhysicalResourceId><LogicalResourceId>Old</LogicalResourceId><ResourceType>X</ResourceType><ResourceStatus>CREATE_FAILED</ResourceStatus><ResourceStatusReason>last year</ResourceStatusReason></member>
</StackEvents>`

func TestARolledBackRevertSaysWhichResourceFailedAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "UPDATE_ROLLBACK_COMPLETE", changeSet: "CREATE_COMPLETE", execution: "EXECUTE_FAILED"}
		m.override = func(q question) (answer, bool) { return xml(q.Action, events), q.Action == "DescribeStackEvents" }
		a, _ := against(t, m.answer)
		e := wantKind(t, a.ExecuteRevert(t.Context(), aStack, "t"), fleet.Invalid)
		want := "ResourceLogicalId:Bucket, ResourceType:AWS::S3::Bucket, ResourceStatusReason:Access denied by an SCP."
		if e.Code != "UPDATE_ROLLBACK_COMPLETE" || e.Message != want {
			t.Errorf("%v", e)
		}
	})
}

func TestAnExecutionWhoseAnswerWasLostIsLookedUp(t *testing.T) {
	for name, applied := range map[string]bool{"it was carried out": true, "it was not": false} {
		synctest.Test(t, func(t *testing.T) {
			m := &memberStack{status: "CREATE_COMPLETE", changeSet: "CREATE_COMPLETE", execution: "AVAILABLE", changes: oneChange}
			m.override = func(q question) (answer, bool) {
				if q.Action != "ExecuteChangeSet" {
					return answer{}, false
				}
				if applied {
					m.execute(q)
				}
				return answer{err: io.ErrUnexpectedEOF}, true
			}
			a, s := against(t, m.answer)
			err := a.ExecuteRevert(t.Context(), aStack, "t")
			if applied && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !applied {
				wantKind(t, err, fleet.UnknownOutcome)
			}
			if n := strings.Count(strings.Join(s.actions(), " "), "ExecuteChangeSet"); n != 1 {
				t.Errorf("%s: sent %d times", name, n)
			}
		})
	}
}

// Once the execution is accepted, an error on the way must not read as "nothing
// was done".
func TestAfterTheExecutionBeganErrorsLeaveTheOutcomeUnknown(t *testing.T) {
	for name, bad := range map[string]answer{
		"throttled":    fault(400, "Throttling", "Rate exceeded"),
		"denied":       fault(403, "AccessDenied", "no"),
		"disconnected": {err: errors.New("broken")},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := &memberStack{status: "CREATE_COMPLETE", changeSet: "CREATE_COMPLETE", execution: "AVAILABLE"}
			m.override = func(q question) (answer, bool) { return bad, q.Action == "DescribeStacks" }
			a, _ := against(t, m.answer)
			err := a.ExecuteRevert(t.Context(), aStack, "t")
			if fleet.KindOf(err) != fleet.UnknownOutcome {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestAFewPollsWithoutAnswerDoNotEndTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "CREATE_COMPLETE", changeSet: "CREATE_COMPLETE", execution: "AVAILABLE"}
		blind := 0
		m.override = func(q question) (answer, bool) {
			if q.Action == "DescribeStacks" && blind < 3*maxUnknownAttempts {
				blind++
				return fault(500, "InternalFailure", ""), true
			}
			return answer{}, false
		}
		a, _ := against(t, m.answer)
		if err := a.ExecuteRevert(t.Context(), aStack, "t"); err != nil {
			t.Error(err)
		}
	})
}

func TestAWaitEndsWithItsContextAndTheOutcomeIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{status: "CREATE_COMPLETE", changeSet: "CREATE_COMPLETE", execution: "AVAILABLE"}
		a, _ := against(t, m.answer)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := a.ExecuteRevert(ctx, aStack, "t")
		wantKind(t, err, fleet.UnknownOutcome)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestAbandoningWhatIsNotThereIsFineAndWhatIsExecutedIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memberStack{}
		a, _ := against(t, m.answer)
		if err := a.AbandonRevert(t.Context(), aStack, "t"); err != nil {
			t.Error(err)
		}
		m.override = func(q question) (answer, bool) {
			return fault(400, "InvalidChangeSetStatus", "is executing"), q.Action == "DeleteChangeSet"
		}
		wantKind(t, a.AbandonRevert(t.Context(), aStack, "t"), fleet.Conflict)
	})
}
