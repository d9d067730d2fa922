package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// TestFurthest states how far a run may go for a cell, beyond what it begins with.
func TestFurthest(t *testing.T) {
	internal := failedFor("ResourceLogicalId:Queue, ResourceStatusReason:Something odd.")
	tests := []struct {
		promise  string
		policy   string
		tags     []string
		state    func(*fleet.Instance) // nil for missing
		remedy   Remedy
		furthest Remedy
	}{
		{"a failed retry may be followed by a redeployment", "", []string{"selfhealing=true"}, internal, RemedyRetry, RemedyRedeploy},
		{"not where the set's healing is to revert", "defaults: {healing: revert, memberRole: x}", nil, internal, RemedyRetry, RemedyRetry},
		{"not where the set is protected", "defaults: {protected: true}", []string{"selfhealing=true"}, internal, RemedyRetry, RemedyRetry},
		{"not where the policy lets no run escalate so far", "escalation: revert", []string{"selfhealing=true"}, internal, RemedyRetry, RemedyRetry},
		{"not where the cause would meet the creation, too", "", []string{"selfhealing=true"}, failedFor("a queue of that name already exists"), RemedyRetry, RemedyRetry},
		{"a revert may be followed by a redeployment", "defaults: {memberRole: x}", []string{"selfhealing=true"}, drifted, RemedyRevert, RemedyRedeploy},
		{"the policy's escalation never forbids what a cell begins with", "escalation: retry", []string{"selfhealing=true"}, drifted, RemedyRedeploy, RemedyRedeploy},
		{"a deployment that fails may be deleted and tried again", "", []string{"selfhealing=true", "mandatory=true"}, nil, RemedyDeploy, RemedyRedeploy},
		{"without leave to delete, it may be retried", "", []string{"mandatory=true"}, nil, RemedyDeploy, RemedyRetry},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(1)
			set := addSet(f, "logs", test.tags...)
			if test.state != nil {
				deployed(set, at(1, frankfurt), test.state)
			}
			_, p := decide(f, policyText(t, test.policy), Memory{})
			if acts := healing(p); len(acts) != 1 || acts[0].Remedy != test.remedy || acts[0].Furthest != test.furthest {
				t.Errorf("actions %+v, want %s and up to %s", acts, test.remedy, test.furthest)
			}
		})
	}
}

func TestAPlanNamesWhatItWouldDestroy(t *testing.T) {
	f := exporters()
	f.StackSets["vpc"].StackSet.Template.Data = []fleet.DataResource{
		{LogicalID: "Logs", Type: "AWS::S3::Bucket", Holds: "objects", Kept: true},
		{LogicalID: "Table", Type: "AWS::DynamoDB::Table", Holds: "items"},
	}
	f.StackSets["hosts"].StackSet.Template.Opaque = true
	_, p := decide(f, policy.Default(), Memory{})
	want := []Destruction{
		{Kind: DestroysData, StackSet: "vpc", LogicalID: "Table", ResourceType: "AWS::DynamoDB::Table", Cells: 1, Note: "items"},
		{Kind: DestroysDowntime, StackSet: "vpc", Cells: 1, Note: "created again with the overrides saved before"},
		{Kind: DestroysData, StackSet: "hosts", Cells: 1, Note: "the template cannot be read whole: it may hold data"},
		{Kind: DestroysDependent, StackSet: "hosts", Cells: 1, Note: "deleted before it and created again after it"},
		{Kind: DestroysDependent, StackSet: "subnets", Cells: 1, Note: "deleted before it and created again after it"},
	}
	if diff := cmp.Diff(want, healing(p)[0].Destroys); diff != "" {
		t.Error(diff)
	}
}

func TestADeploymentDestroysNothing(t *testing.T) {
	f := newFleet(1)
	addSet(f, "logs", "mandatory=true", "selfhealing=true")
	_, p := decide(f, policy.Default(), Memory{})
	if got := healing(p)[0].Destroys; got != nil {
		t.Errorf("destroys %v", got)
	}
}
