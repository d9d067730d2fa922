package drift

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
)

// What AWS reports although nothing was changed is told from what was changed.
func TestWrongDriftIsToldFromRealDrift(t *testing.T) {
	differs := func(path, expected, actual string) fleet.PropertyDifference {
		return fleet.PropertyDifference{Path: path, Expected: expected, Actual: actual, Type: "NOT_EQUAL"}
	}
	gone := func(path, expected string) fleet.PropertyDifference {
		return fleet.PropertyDifference{Path: path, Expected: expected, Type: "REMOVE"}
	}
	come := func(path, actual string) fleet.PropertyDifference {
		return fleet.PropertyDifference{Path: path, Actual: actual, Type: "ADD"}
	}
	for _, test := range []struct {
		name, resource string
		difference     fleet.PropertyDifference
		wrong          bool
	}{
		{"a query definition reads empty", "AWS::Logs::QueryDefinition", differs("/QueryString", "fields @message", "{}"), true},
		{"a distribution's tags", "AWS::CloudFront::Distribution", gone("/Tags/0", `{"Key":"a"}`), true},
		{"a distribution's comment", "AWS::CloudFront::Distribution", differs("/DistributionConfig/Comment", "a", "b"), false},
		{"tags for volumes", "AWS::EC2::Instance", gone("/PropagateTagsToVolumeOnCreation", "true"), true},
		{"the time to wait for success is dropped", "AWS::SSM::Association", gone("/WaitForSuccessTimeoutSeconds", "300"), true},
		{"the time to wait for success is changed", "AWS::SSM::Association", differs("/WaitForSuccessTimeoutSeconds", "300", "10"), false},
		{"an option's defaults are added", "AWS::RDS::OptionGroup", come("/OptionConfigurations/0/OptionSettings/1", `{"Name":"x"}`), true},
		{"an option was changed", "AWS::RDS::OptionGroup", differs("/OptionConfigurations/0/OptionSettings/1/Value", "1", "2"), false},
		{"a parameter equal to the engine's default", "AWS::RDS::DBParameterGroup", gone("/Parameters/max_connections", "100"), true},
		{"a parameter was changed", "AWS::RDS::DBParameterGroup", differs("/Parameters/max_connections", "100", "5"), false},
		{"a task's settings", "AWS::DMS::ReplicationTask", differs("/ReplicationTaskSettings", "{}", `{"a":1}`), true},
		{"an autoscaler's capacity", "AWS::AutoScaling::AutoScalingGroup", differs("/DesiredCapacity", "2", "5"), true},
		{"a group's greatest size", "AWS::AutoScaling::AutoScalingGroup", differs("/MaxSize", "2", "5"), false},
		{"a protocol's case", "AWS::EC2::SecurityGroup", differs("/SecurityGroupIngress/0/IpProtocol", "TCP", "tcp"), true},
		{"another protocol", "AWS::EC2::SecurityGroup", differs("/SecurityGroupIngress/0/IpProtocol", "TCP", "udp"), false},
		{"a rule that was added", "AWS::EC2::SecurityGroup", come("/SecurityGroupIngress/1", `{"FromPort":22}`), false},
		{"rules in another order", "AWS::EC2::SecurityGroup", differs("/SecurityGroupIngress", `[{"FromPort":1},{"FromPort":2}]`, `[{"FromPort":2},{"FromPort":1}]`), true},
		{"subnets in another order", "AWS::Lambda::Function", differs("/VpcConfig/SubnetIds", `["a","b"]`, `["b","a"]`), true},
		{"another subnet", "AWS::Lambda::Function", differs("/VpcConfig/SubnetIds", `["a","b"]`, `["b","c"]`), false},
		{"tags in another order", "AWS::SNS::Topic", differs("/Tags", `[{"Key":"a"},{"Key":"b"}]`, `[{"Key":"b"},{"Key":"a"}]`), true},
		{"a list whose order counts", "AWS::Logs::Transformer", differs("/TransformerConfig", `["a","b"]`, `["b","a"]`), false},
		{"a number as text", "AWS::Config::ConfigRule", differs("/InputParameters/maxAge", "90", `"90"`), true},
		{"a number with a fraction of zero", "AWS::Budgets::Budget", differs("/Budget/BudgetLimit/Amount", "5", `"5.0"`), true},
		{"another number", "AWS::Budgets::Budget", differs("/Budget/BudgetLimit/Amount", "5", "50"), false},
		{"a boolean as text", "AWS::CodePipeline::Pipeline", differs("/X", "false", `"false"`), true},
		{"a document as text", "AWS::SSM::Document", differs("/Content", `{"a":1,"b":[2]}`, `"{\n \"b\": [2],\n \"a\": 1}"`), true},
		{"another document", "AWS::SSM::Document", differs("/Content", `{"a":1}`, `"{\"a\": 2}"`), false},
		{"identifiers with zeros", "AWS::X::Y", differs("/Id", `"007"`, `"7"`), false},
		{"a name by hand", "AWS::SNS::Topic", differs("/DisplayName", "plain", "changed by hand"), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := fleet.ResourceDrift{LogicalID: "R", ResourceType: test.resource, Status: fleet.ResourceModified, Differences: []fleet.PropertyDifference{test.difference}}
			rest, wrong := Split(d)
			if got := len(wrong) == 1; got != test.wrong {
				t.Errorf("wrong %v, want %v", got, test.wrong)
			}
			if inSync := rest.Status == fleet.ResourceInSync; inSync != test.wrong {
				t.Errorf("what is left is %s", rest.Status)
			}
		})
	}
}

func TestADeletedResourceIsDeletedUnlessAWSIsKnownToErr(t *testing.T) {
	for resource, want := range map[string]fleet.ResourceDriftStatus{
		"AWS::SSM::ServiceSetting": fleet.ResourceInSync, "AWS::SNS::Topic": fleet.ResourceDeleted,
	} {
		rest, _ := Split(fleet.ResourceDrift{ResourceType: resource, Status: fleet.ResourceDeleted})
		if rest.Status != want {
			t.Errorf("%s is %s, want %s", resource, rest.Status, want)
		}
	}
}

// A change beside noise stays a change.
func TestNoiseHidesNoChange(t *testing.T) {
	changed, found := Changed([]fleet.ResourceDrift{{
		LogicalID: "Group", ResourceType: "AWS::AutoScaling::AutoScalingGroup", Status: fleet.ResourceModified,
		Differences: []fleet.PropertyDifference{{Path: "/DesiredCapacity", Expected: "1", Actual: "2", Type: "NOT_EQUAL"}, {Path: "/MaxSize", Expected: "1", Actual: "9", Type: "NOT_EQUAL"}},
	}})
	if len(changed) != 1 || len(changed[0].Differences) != 1 || changed[0].Differences[0].Path != "/MaxSize" || len(found) != 1 {
		t.Errorf("changed %+v, noise %+v", changed, found)
	}
}

func TestBlindSpotsAreSaidOfTheTypesThatHaveThem(t *testing.T) {
	spots := BlindSpots([]string{"AWS::IAM::Role", "AWS::SNS::Topic"})
	if len(spots) != 1 || !strings.Contains(spots["AWS::IAM::Role"], "by hand") {
		t.Errorf("%v", spots)
	}
}

// Every line is a rule with a kind that is applied and a fact.
func TestTheTableIsWellFormed(t *testing.T) {
	lines := 0
	for line := range strings.Lines(noiseTable) {
		if line[0] != '#' {
			lines++
		}
	}
	if lines != len(noise) {
		t.Errorf("%d of %d lines are rules", len(noise), lines)
	}
	known := map[kind]bool{always: true, added: true, removed: true, inCase: true, inOrder: true, scaled: true, deleted: true}
	for _, r := range noise {
		if !known[r.kind] || r.fact == "" || !strings.HasPrefix(r.resource, "AWS::") {
			t.Errorf("%+v", r)
		}
	}
}

// Whatever AWS sends can be compared, and a value is always the same as itself.
func TestAnyTextCanBeCompared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\[{"0-9a-z:,\]}\\ .e-]{0,40}`))
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		sameMembers(a, b)
		if sameValue(fleet.PropertyDifference{Expected: a, Actual: a, Type: "NOT_EQUAL"}) == "" {
			t.Errorf("%q differs from itself", a)
		}
		if x, y := sameValue(fleet.PropertyDifference{Expected: a, Actual: b, Type: "NOT_EQUAL"}), sameValue(fleet.PropertyDifference{Expected: b, Actual: a, Type: "NOT_EQUAL"}); x != y {
			t.Errorf("%q and %q: not the same both ways", a, b)
		}
	})
}
