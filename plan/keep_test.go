package plan

import (
	"strings"
	"testing"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// What a redeployment would lose, or could not bring back, is not redeployed: the
// drift stays for a person, with the resources named.
func TestWhatCannotComeBackIsNotDeleted(t *testing.T) {
	table := fleet.TemplateFacts{Data: []fleet.DataResource{{LogicalID: "Table", Type: "AWS::DynamoDB::Table", Holds: "items"}}}
	kept := fleet.TemplateFacts{Data: []fleet.DataResource{{LogicalID: "Table", Type: "AWS::DynamoDB::Table", Holds: "items", Kept: true}}}
	snapshot := fleet.TemplateFacts{Data: []fleet.DataResource{{LogicalID: "Base", Type: "AWS::RDS::DBInstance", Holds: "databases", Kept: true, Snapshot: true}}}
	retained := fleet.TemplateFacts{Retained: []fleet.NamedResource{{LogicalID: "Logs", Type: "AWS::S3::Bucket", Name: "audit-logs"}}}
	tests := []struct {
		promise  string
		template fleet.TemplateFacts
		policy   string
		instance func(*fleet.Instance)
		remedy   Remedy
		names    string
	}{
		{"a stack without data is redeployed", fleet.TemplateFacts{}, "", drifted, RemedyRedeploy, ""},
		{"a table without a DeletionPolicy is not", table, "", drifted, "", "Table (AWS::DynamoDB::Table: items)"},
		{"unless the policy says so for the set", table, "dataLoss: allow", drifted, RemedyRedeploy, ""},
		{"it is reverted where that is possible", table, "memberRole: Healer", drifted, RemedyRevert, ""},
		{"a table that its DeletionPolicy keeps is", kept, "", drifted, RemedyRedeploy, ""},
		{"a database whose content would lie in a snapshot is not", snapshot, "", drifted, "", "Base (AWS::RDS::DBInstance: databases) anew, empty"},
		{"unless the policy says so for its set, too", snapshot, "dataLoss: allow", drifted, RemedyRedeploy, ""},
		{"it is reverted where that is possible, too", snapshot, "memberRole: Healer", drifted, RemedyRevert, ""},
		{"a retained resource with a name keeps its stack", retained, "", drifted, "", "Logs (AWS::S3::Bucket, named audit-logs)"},
		{"whatever the policy says of data", retained, "dataLoss: allow", drifted, "", "audit-logs"},
		{"a template that cannot be read is taken to hold data", fleet.TemplateFacts{Opaque: true}, "", drifted, "", "cannot be read whole"},
		{"a stack in UPDATE_ROLLBACK_FAILED is retried, and not deleted", fleet.TemplateFacts{},
			"", failedFor("Stack:x is in UPDATE_ROLLBACK_FAILED state and can not be updated."), RemedyRetry, ""},
		{"a stack that is gone loses nothing more", table, "", failedFor("Stack [StackSet-x-1] does not exist"), RemedyRedeploy, ""},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(1)
			inventory := addSet(f, "baseline")
			inventory.StackSet.Template = test.template
			deployed(inventory, at(1, frankfurt), test.instance)
			text := "version: 1\nstackSets: [{match: baseline, healing: redeploy"
			if test.policy != "" {
				text += ", " + test.policy
			}
			p, err := policy.Parse([]byte(text + "}]"))
			if err != nil {
				t.Fatal(err)
			}
			a := Assess(f, p, Memory{}, noon)
			c := a.Cells[0]
			if c.Remedy != test.remedy {
				t.Errorf("remedy %q, want %q: %s", c.Remedy, test.remedy, c.Reason)
			}
			if !strings.Contains(c.Reason, test.names) {
				t.Errorf("%q does not name %q", c.Reason, test.names)
			}
			if test.remedy == "" && (!c.Attention || c.Hint == "") {
				t.Error("no person is asked")
			}
			for _, action := range a.Plan(Options{}).Actions {
				if action.Furthest.Deletes() && test.remedy != RemedyRedeploy {
					t.Errorf("the plan may come to %s", action.Furthest)
				}
			}
		})
	}
}

// A plan that may destroy data says what.
func TestAPlanNamesTheDataThatItDestroys(t *testing.T) {
	f := newFleet(1)
	inventory := addSet(f, "baseline")
	inventory.StackSet.Template = fleet.TemplateFacts{Data: []fleet.DataResource{{LogicalID: "Table", Type: "AWS::DynamoDB::Table", Holds: "items"}}}
	deployed(inventory, at(1, frankfurt), drifted)
	p, err := policy.Parse([]byte("version: 1\nstackSets: [{match: baseline, healing: redeploy, dataLoss: allow}]"))
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range Assess(f, p, Memory{}, noon).Plan(Options{}).Actions {
		for _, d := range action.Destroys {
			if d.Kind == DestroysData && d.LogicalID == "Table" && d.Cells == 1 {
				return
			}
		}
	}
	t.Error("the table is not named")
}
