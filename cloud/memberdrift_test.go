package cloud

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
)

// detection is a member stack whose drift detection takes some polls.
type detection struct {
	busy   int    // how often somebody else's detection is in the way
	polls  int    // how long ours takes
	status string // how it ends
}

func (d *detection) answer(q question) answer {
	switch q.Action {
	case "DetectStackDrift":
		if d.busy--; d.busy >= 0 {
			return fault(400, "ValidationError", "Drift detection is already in progress for stack [arn:x]")
		}
		return xml(q.Action, "<StackDriftDetectionId>d-1</StackDriftDetectionId>")
	case "DescribeStackDriftDetectionStatus":
		status := d.status
		if d.polls--; d.polls >= 0 {
			status = "DETECTION_IN_PROGRESS"
		}
		return xml(q.Action, "<StackDriftDetectionId>d-1</StackDriftDetectionId><DetectionStatus>"+status+"</DetectionStatus><StackDriftStatus>DRIFTED</StackDriftStatus><DetectionStatusReason>could not read Bucket</DetectionStatusReason>")
	case "DescribeStackResourceDrifts":
		if q.Form.Get("NextToken") == "" {
			return xml(q.Action, "<StackResourceDrifts/><NextToken>2</NextToken>")
		}
		return xml(q.Action, `<StackResourceDrifts><member><LogicalResourceId>Bucket</LogicalResourceId><PhysicalResourceId>b-1</PhysicalResourceId>
<ResourceType>AWS::S3::Bucket</ResourceType><StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus><Timestamp>2026-02-03T04:05:06.000Z</Timestamp>
<PropertyDifferences><member><PropertyPath>/Versioning</PropertyPath><ExpectedValue>On</ExpectedValue><ActualValue>Off</ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member></PropertyDifferences></member></StackResourceDrifts>`)
	}
	return memberStub(q)
}

func TestOneStacksDriftIsDetectedAndRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := against(t, (&detection{busy: 2, polls: 3, status: "DETECTION_COMPLETE"}).answer)
		status, drifts, err := a.StackDrift(t.Context(), aStack)
		if err != nil || status != fleet.DriftDrifted || len(drifts) != 1 {
			t.Fatalf("%s %+v %v", status, drifts, err)
		}
		want := []fleet.PropertyDifference{{Path: "/Versioning", Expected: "On", Actual: "Off", Type: "NOT_EQUAL"}}
		if diff := cmp.Diff(want, drifts[0].Differences); diff != "" || drifts[0].Status != fleet.ResourceModified {
			t.Errorf("%+v -want +got\n%s", drifts[0], diff)
		}
		form := s.last("DescribeStackResourceDrifts").Form
		if form.Get("StackResourceDriftStatusFilters.member.1") != "MODIFIED" || form.Get("StackResourceDriftStatusFilters.member.2") != "DELETED" {
			t.Errorf("resources in sync are asked for: %v", form)
		}
	})
}

func TestADetectionThatFailedIsNotAStackInSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := against(t, (&detection{status: "DETECTION_FAILED"}).answer)
		status, _, err := a.StackDrift(t.Context(), aStack)
		if e := wantKind(t, err, fleet.Invalid); status != "" || e.Message != "could not read Bucket" {
			t.Errorf("%q, %v", status, err)
		}
	})
}

func TestAStacksTemplateHashComparesWithItsStackSets(t *testing.T) {
	a, _ := against(t, func(q question) answer {
		if q.Action == "DescribeStackSet" {
			return xml(q.Action, "<StackSet><TemplateBody>Resources: {}</TemplateBody></StackSet>")
		}
		return memberStub(q)
	})
	set, err := a.StackSet(t.Context(), "baseline")
	if err != nil {
		t.Fatal(err)
	}
	hash, parameters, err := a.StackTemplate(t.Context(), aStack)
	if err != nil || hash != set.TemplateHash || parameters == nil {
		t.Errorf("hash %s, parameters %v, %v; the stack set's is %s", hash, parameters, err, set.TemplateHash)
	}
}
