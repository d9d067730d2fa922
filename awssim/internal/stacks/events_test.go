package stacks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/core"
)

func TestSubscribersHearOfStacksResourcesAndDrift(t *testing.T) {
	l := newLab(t)
	var got []string
	l.world.Subscribe(func(e core.Event) {
		if !e.Time.Equal(l.world.Now()) {
			t.Errorf("%s of %s is told at %s", e.DetailType, e.Time, l.world.Now())
		}
		detail := e.Detail["status-details"].(map[string]any)
		status, _ := detail["status"].(string)
		if status == "" {
			status = detail["detection-status"].(string) + " " + detail["stack-drift-status"].(string)
		}
		name, _ := e.Detail["logical-resource-id"].(string)
		got = append(got, e.DetailType+": "+name+" "+status)
		if e.Source != "aws.cloudformation" || e.Account != account || e.Region != region || len(e.Resources) != 1 {
			t.Errorf("%+v", e)
		}
	})
	id := l.mustCreate("app", "Resources: {Topic: {Type: AWS::SNS::Topic}}")
	l.engine.runDrift(l.engine.stacks[id], actor{}, nil)
	l.world.Advance(1e12)
	want := []string{
		"CloudFormation Stack Status Change:  CREATE_IN_PROGRESS",
		"CloudFormation Resource Status Change: Topic CREATE_IN_PROGRESS",
		"CloudFormation Resource Status Change: Topic CREATE_IN_PROGRESS",
		"CloudFormation Resource Status Change: Topic CREATE_COMPLETE",
		"CloudFormation Stack Status Change:  CREATE_COMPLETE",
		"CloudFormation Drift Detection Status Change:  DETECTION_IN_PROGRESS UNKNOWN",
		"CloudFormation Drift Detection Status Change:  DETECTION_COMPLETE IN_SYNC",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSubscribersHearOfARollback(t *testing.T) {
	l := newLab(t)
	var got []string
	l.world.Subscribe(func(e core.Event) {
		name, _ := e.Detail["logical-resource-id"].(string)
		got = append(got, name+" "+e.Detail["status-details"].(map[string]any)["status"].(string))
	})
	l.create(spec("app", "Resources: {A: {Type: AWS::SNS::Topic}, B: {Type: AWS::S3::Bucket, DependsOn: A, Properties: {BucketName: NAME}}}"))
	want := []string{
		" CREATE_IN_PROGRESS", "A CREATE_IN_PROGRESS", "A CREATE_IN_PROGRESS", "A CREATE_COMPLETE", "B CREATE_IN_PROGRESS", "B CREATE_FAILED",
		" DELETE_IN_PROGRESS", "B DELETE_IN_PROGRESS", "B DELETE_COMPLETE", "A DELETE_IN_PROGRESS", "A DELETE_COMPLETE", " DELETE_COMPLETE",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
