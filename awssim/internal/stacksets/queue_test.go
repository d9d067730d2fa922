package stacksets_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// attempts are one call of every mutating action on the set "net".
func attempts(w *world) map[string]func() error {
	net := aws.String("net")
	return map[string]func() error{
		"CreateStackInstances": func() error {
			_, err := w.cfn().CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{StackSetName: net, Accounts: accounts(1), Regions: []string{home}})
			return err
		},
		"UpdateStackInstances": func() error {
			_, err := w.cfn().UpdateStackInstances(ctx, &cloudformation.UpdateStackInstancesInput{StackSetName: net, Accounts: accounts(9), Regions: []string{home}})
			return err
		},
		"DeleteStackInstances": func() error {
			_, err := w.cfn().DeleteStackInstances(ctx, &cloudformation.DeleteStackInstancesInput{StackSetName: net, Accounts: accounts(9), Regions: []string{home}, RetainStacks: aws.Bool(false)})
			return err
		},
		"UpdateStackSet": func() error {
			_, err := w.cfn().UpdateStackSet(ctx, &cloudformation.UpdateStackSetInput{StackSetName: net, UsePreviousTemplate: aws.Bool(true)})
			return err
		},
		"DetectStackSetDrift": func() error {
			_, err := w.cfn().DetectStackSetDrift(ctx, &cloudformation.DetectStackSetDriftInput{StackSetName: net})
			return err
		},
		"ImportStacksToStackSet": func() error {
			_, err := w.cfn().ImportStacksToStackSet(ctx, &cloudformation.ImportStacksToStackSetInput{StackSetName: net, StackIds: []string{"arn:none"}})
			return err
		},
		"DeleteStackSet": func() error {
			_, err := w.cfn().DeleteStackSet(ctx, &cloudformation.DeleteStackSetInput{StackSetName: net})
			return err
		},
	}
}

func TestASecondOperationIsRefusedWhileOneRuns(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:")
	id := w.deploy("net", accounts(2), []string{home}, nil)
	described, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	want := "Another Operation on StackSet " + *described.StackSet.StackSetARN + " is in progress"
	for name, attempt := range attempts(w) {
		if err := attempt(); code(err) != "OperationInProgressException" || message(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.ended("net", id)
}

func TestOperationIDsAreGoodForOneOperation(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		w := newWorld(t, stacksets.Options{IdempotentOperationIDs: idempotent})
		w.create("net", "params:", queueing)
		call := func(n int) (string, error) {
			out, err := w.cfn().CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{
				StackSetName: aws.String("net"), Accounts: accounts(n), Regions: []string{home}, OperationId: aws.String("heal-1"),
			})
			if err != nil {
				return "", err
			}
			return *out.OperationId, nil
		}
		if id, err := call(1); err != nil || id != "heal-1" {
			t.Fatalf("answered %q, %v", id, err)
		}
		id, err := call(1)
		if idempotent && (err != nil || id != "heal-1") || !idempotent && code(err) != "OperationIdAlreadyExistsException" {
			t.Errorf("idempotent %v: the same request is answered %q, %v", idempotent, id, err)
		}
		if _, err := call(2); code(err) != "OperationIdAlreadyExistsException" {
			t.Errorf("idempotent %v: another request with the id: %v", idempotent, err)
		}
	}
}

func TestManagedExecutionRunsTheDisjointAndQueuesTheRest(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:", queueing)
	first := w.deploy("net", accounts(2), []string{home}, nil)
	disjoint := w.deploy("net", []string{account12("7")}, []string{home}, nil)
	overlapping := w.deploy("net", accounts(1), []string{home}, nil)
	behind := w.deploy("net", accounts(1), []string{home, "eu-west-1"}, nil)
	for id, want := range map[string]types.StackSetOperationStatus{first: "RUNNING", disjoint: "RUNNING", overlapping: "QUEUED", behind: "QUEUED"} {
		if got := w.operation("net", id).Status; got != want {
			t.Errorf("is %s, want %s", got, want)
		}
	}
	w.ended("net", first)
	if got := w.operation("net", overlapping).Status; got != types.StackSetOperationStatusRunning {
		t.Errorf("after the first, the second is %s", got)
	}
	if got := w.operation("net", behind).Status; got != types.StackSetOperationStatusQueued {
		t.Errorf("after the first, the third is %s", got)
	}
	w.ended("net", overlapping)
	if got := w.ended("net", behind); got != types.StackSetOperationStatusSucceeded {
		t.Errorf("the third ended %s", got)
	}
}

func TestAStrictQueueRunsOneAtATime(t *testing.T) {
	w := newWorld(t, stacksets.Options{StrictQueue: true})
	w.create("net", "params:", queueing)
	w.deploy("net", accounts(1), []string{home}, nil)
	second := w.deploy("net", []string{account12("7")}, []string{home}, nil)
	if got := w.operation("net", second).Status; got != types.StackSetOperationStatusQueued {
		t.Errorf("is %s", got)
	}
}

func TestAQueuedOperationStopsAtOnce(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:", queueing)
	w.deploy("net", accounts(1), []string{home}, nil)
	id := w.deploy("net", accounts(1), []string{home}, nil)
	_, err := w.cfn().StopStackSetOperation(ctx, &cloudformation.StopStackSetOperationInput{StackSetName: aws.String("net"), OperationId: &id})
	w.must(err)
	if got := w.operation("net", id); got.Status != "STOPPED" || got.EndTimestamp == nil {
		t.Errorf("is %s", got.Status)
	}
}

func TestThereIsOneDriftDetectionAtATimeEvenWithManagedExecution(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:", queueing)
	w.deployed("net", accounts(1), []string{home})
	w.detect("net", nil)
	if _, err := w.cfn().DetectStackSetDrift(ctx, &cloudformation.DetectStackSetDriftInput{StackSetName: aws.String("net")}); code(err) != "OperationInProgressException" {
		t.Errorf("a second detection: %v", err)
	}
}

func TestManagedExecutionCannotChangeWhileOperationsRun(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:", queueing)
	w.deploy("net", accounts(1), []string{home}, nil)
	in := &cloudformation.UpdateStackSetInput{StackSetName: aws.String("net"), UsePreviousTemplate: aws.Bool(true), ManagedExecution: &types.ManagedExecution{Active: aws.Bool(false)}}
	if _, err := w.cfn().UpdateStackSet(ctx, in); code(err) != "InvalidOperationException" {
		t.Errorf("turning it off: %v", err)
	}
	w.wait(time.Hour)
	if _, err := w.cfn().UpdateStackSet(ctx, in); err != nil {
		t.Errorf("turning it off when nothing runs: %v", err)
	}
}

func TestTheQueueHasAnEnd(t *testing.T) {
	w := newWorld(t, stacksets.Options{MaxQueued: 2})
	w.create("net", "params:", queueing)
	for range 3 {
		w.deploy("net", accounts(1), []string{home}, nil)
	}
	if err := attempts(w)["CreateStackInstances"](); code(err) != "LimitExceededException" {
		t.Errorf("a fourth operation: %v", err)
	}
}

func TestAQueuedUpdateTakesEffectWhenItStarts(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1", queueing)
	first := w.deploy("net", accounts(1), []string{home}, nil)
	_, err := w.cfn().UpdateStackSet(ctx, &cloudformation.UpdateStackSetInput{StackSetName: aws.String("net"), TemplateBody: aws.String("params: A=2")})
	w.must(err)
	w.ended("net", first)
	if got := w.stacks.specs[0].Template; got != "params: A=1" {
		t.Errorf("the running operation deployed %q", got)
	}
	w.wait(time.Hour)
	if got := w.stacks.specs[1].Template; got != "params: A=2" {
		t.Errorf("the queued update deployed %q", got)
	}
}

func TestQuotasRefuse(t *testing.T) {
	w := newWorld(t, stacksets.Options{MaxSets: 1, MaxInstances: 3})
	w.create("net", "params:")
	if _, err := w.cfn().CreateStackSet(ctx, &cloudformation.CreateStackSetInput{StackSetName: aws.String("b"), TemplateBody: aws.String("params:")}); code(err) != "LimitExceededException" {
		t.Errorf("a second set: %v", err)
	}
	w.deployed("net", accounts(2), []string{home})
	_, err := w.cfn().CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{StackSetName: aws.String("net"), Accounts: accounts(2), Regions: []string{home, "eu-west-1"}})
	if code(err) != "LimitExceededException" {
		t.Errorf("a fourth instance: %v", err)
	}
}

func TestEventsTellWhatHappens(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	var got []string
	w.Serve(func() {
		w.Subscribe(func(e core.Event) {
			details := e.Detail["status-details"].(map[string]any)
			line := e.DetailType[len("CloudFormation StackSet "):] + " " + details["status"].(string)
			if detailed, ok := details["detailed-status"]; ok {
				line += "/" + detailed.(string) + " " + e.Detail["action"].(string)
			}
			got = append(got, line)
		})
	})
	w.create("net", "params:")
	w.deployed("net", accounts(1), []string{home})
	w.remove("net", accounts(1), []string{home}, false)
	want := []string{
		"Operation Status Change RUNNING",
		"StackInstance Status Change CURRENT/SUCCEEDED CREATE",
		"Operation Status Change SUCCEEDED",
		"Operation Status Change RUNNING",
		"StackInstance Status Change OUTDATED/PENDING DELETE",
		"StackInstance Status Change OUTDATED/RUNNING DELETE",
		"Operation Status Change SUCCEEDED",
	}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("event %d is %q, want %q", i, got[i], want[i])
		}
	}
}
