package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
)

func TestFilterDrift(t *testing.T) {
	drift := func(id, kind string, paths ...string) fleet.ResourceDrift {
		d := fleet.ResourceDrift{LogicalID: id, ResourceType: kind, Status: fleet.ResourceModified}
		for _, path := range paths {
			d.Differences = append(d.Differences, fleet.PropertyDifference{Path: path})
		}
		return d
	}
	deleted := fleet.ResourceDrift{LogicalID: "Logs", ResourceType: "AWS::S3::Bucket", Status: fleet.ResourceDeleted}
	bucket := drift("Logs", "AWS::S3::Bucket", "/Tags/0/Value", "/Policy")
	tests := []struct {
		promise         string
		rule            DriftRule
		drift           fleet.ResourceDrift
		counts, ignored []fleet.ResourceDrift
	}{
		{"a rule without a match ignores nothing", DriftRule{ResourceType: "AWS::SNS::Topic"}, bucket, []fleet.ResourceDrift{bucket}, nil},
		{"a type covers the whole resource", DriftRule{ResourceType: "AWS::S3::*"}, bucket, nil, []fleet.ResourceDrift{bucket}},
		{"a logical id covers the whole resource", DriftRule{LogicalID: "Logs"}, bucket, nil, []fleet.ResourceDrift{bucket}},
		{"every part of a rule must match", DriftRule{LogicalID: "Logs", ResourceType: "AWS::SNS::Topic"}, bucket, []fleet.ResourceDrift{bucket}, nil},
		{
			"a property covers all below it and nothing beside it", DriftRule{Property: "/Tags"}, bucket,
			[]fleet.ResourceDrift{drift("Logs", "AWS::S3::Bucket", "/Policy")},
			[]fleet.ResourceDrift{drift("Logs", "AWS::S3::Bucket", "/Tags/0/Value")},
		},
		{"a property may have patterns", DriftRule{Property: "/*/0"}, drift("a", "b", "/Tags/0/Value"), nil, []fleet.ResourceDrift{drift("a", "b", "/Tags/0/Value")}},
		{"a property does not cover a longer name", DriftRule{Property: "/Tag"}, bucket, []fleet.ResourceDrift{bucket}, nil},
		{"a property does not excuse a deletion", DriftRule{Property: "/Tags"}, deleted, []fleet.ResourceDrift{deleted}, nil},
		{"a type excuses a deletion", DriftRule{ResourceType: "AWS::S3::Bucket"}, deleted, nil, []fleet.ResourceDrift{deleted}},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			counts, ignored, _ := Set{IgnoreDrift: []DriftRule{test.rule}}.FilterDrift([]fleet.ResourceDrift{test.drift})
			if diff := cmp.Diff(test.counts, counts); diff != "" {
				t.Errorf("counts:\n%s", diff)
			}
			if diff := cmp.Diff(test.ignored, ignored); diff != "" {
				t.Errorf("ignored:\n%s", diff)
			}
		})
	}
}

// What AWS reports wrongly does not count, unless the policy says so; what was
// changed beside it does.
func TestNoiseDoesNotCountUnlessThePolicySaysSo(t *testing.T) {
	group := fleet.ResourceDrift{LogicalID: "Group", ResourceType: "AWS::AutoScaling::AutoScalingGroup", Status: fleet.ResourceModified, Differences: []fleet.PropertyDifference{
		{Path: "/DefaultInstanceWarmup", Expected: "60", Type: "REMOVE"}, {Path: "/MaxSize", Expected: "2", Actual: "9", Type: "NOT_EQUAL"},
	}}
	query := fleet.ResourceDrift{LogicalID: "Query", ResourceType: "AWS::Logs::QueryDefinition", Status: fleet.ResourceModified,
		Differences: []fleet.PropertyDifference{{Path: "/QueryString", Expected: "fields", Type: "REMOVE"}}}
	setting := fleet.ResourceDrift{LogicalID: "Setting", ResourceType: "AWS::SSM::ServiceSetting", Status: fleet.ResourceDeleted}
	for _, test := range []struct {
		promise       string
		set           Set
		drift         fleet.ResourceDrift
		counts, noise int
	}{
		{"a change beside noise counts", Set{}, group, 1, 1},
		{"noise alone does not", Set{}, query, 0, 1},
		{"a deletion that is none does not", Set{}, setting, 0, 1},
		{"the policy has a property counted", Set{CountDrift: []DriftRule{{ResourceType: "AWS::AutoScaling::*", Property: "/DefaultInstanceWarmup"}}}, group, 2, 0},
		{"the policy has a type counted", Set{CountDrift: []DriftRule{{ResourceType: "AWS::Logs::QueryDefinition"}}}, query, 1, 0},
		{"the policy has a deletion counted", Set{CountDrift: []DriftRule{{LogicalID: "Setting"}}}, setting, 1, 0},
		{"the policy has another type counted", Set{CountDrift: []DriftRule{{ResourceType: "AWS::Logs::LogGroup"}}}, query, 0, 1},
		{"what is ignored is neither", Set{IgnoreDrift: []DriftRule{{LogicalID: "Query"}}}, query, 0, 0},
	} {
		t.Run(test.promise, func(t *testing.T) {
			counts, _, noise := test.set.FilterDrift([]fleet.ResourceDrift{test.drift})
			n := 0
			for _, d := range counts {
				n += max(1, len(d.Differences))
			}
			if n != test.counts || len(noise) != test.noise {
				t.Errorf("%d differences count, %d are noise; want %d and %d: %+v %+v", n, len(noise), test.counts, test.noise, counts, noise)
			}
		})
	}
}
