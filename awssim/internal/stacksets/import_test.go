package stacksets_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// stack makes a stack outside any set.
func (w *world) stack(account string, parameters map[string]string) string {
	w.Helper()
	var id string
	w.Serve(func() {
		var err error
		id, err = w.stacks.Seed(core.StackSpec{Account: account12(account), Region: home, Name: "legacy", Template: "params: A=1 B=1", Parameters: parameters})
		w.must(err)
	})
	return id
}

func (w *world) imports(ids []string, ous ...string) (types.StackSetOperationStatus, error) {
	w.Helper()
	out, err := w.cfn().ImportStacksToStackSet(ctx, &cloudformation.ImportStacksToStackSetInput{
		StackSetName: aws.String("net"), StackIds: ids, OrganizationalUnitIds: ous, OperationPreferences: all,
	})
	if err != nil {
		return "", err
	}
	return w.ended("net", *out.OperationId), nil
}

func TestImportedStacksBecomeInstancesWithTheirDifferencesAsOverrides(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1 B=1")
	id := w.stack("1", map[string]string{"A": "mine", "B": "1"})
	if status, err := w.imports([]string{id}); err != nil || status != types.StackSetOperationStatusSucceeded {
		t.Fatalf("ended %s, %v", status, err)
	}
	got := w.instance("net", account12("1"), home)
	if got.Status != "CURRENT" || *got.StackId != id {
		t.Errorf("the instance is %+v", got)
	}
	if diff := cmp.Diff(map[string]string{"A": "mine"}, w.overrides("net")); diff != "" {
		t.Error(diff)
	}
	if len(w.stacks.calls) != 0 {
		t.Errorf("importing operated on stacks: %v", w.stacks.calls)
	}
}

func TestImportsThatCannotBeAreRefused(t *testing.T) {
	w := tree(t, stacksets.Options{})
	in, out := w.stack("1", nil), w.stack("5", nil)
	w.create("other", "params: A=1 B=1")
	owned := w.stack("2", nil)
	w.Serve(func() {
		w.must(w.sets.SeedInstance("other", account12("2"), home, stacksets.InstanceSeed{StackID: owned}))
	})
	for _, c := range []struct {
		name string
		ids  []string
		ous  []string
		code string
	}{
		{"an unknown stack", []string{"arn:none"}, []string{w.ou["prod"]}, "StackNotFoundException"},
		{"a stack outside the OUs", []string{in, out}, []string{w.ou["prod"]}, "StackNotFoundException"},
		{"no OU", []string{in}, nil, "ValidationError"},
		{"another set's stack", []string{owned}, []string{w.ou["prod"]}, "InvalidOperationException"},
		{"eleven stacks", []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}, []string{w.ou["prod"]}, "LimitExceededException"},
		{"no stack", nil, []string{w.ou["prod"]}, "ValidationError"},
	} {
		if _, err := w.imports(c.ids, c.ous...); code(err) != c.code {
			t.Errorf("%s: %v, want %s", c.name, err, c.code)
		}
	}
	if status, err := w.imports([]string{in}, w.ou["prod"]); err != nil || status != types.StackSetOperationStatusSucceeded {
		t.Errorf("ended %s, %v", status, err)
	}
	if got := *w.instance("net", account12("1"), home).OrganizationalUnitId; got != w.ou["prod"] {
		t.Errorf("its OU is %s", got)
	}
}

func TestAFailedImportIsInoperableAndCanBeTriedAgain(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1 B=1")
	id := w.stack("1", nil)
	w.Serve(func() { w.Access.RemoveRole(account12("1"), "AWSCloudFormationStackSetExecutionRole") })
	if _, err := w.imports([]string{id}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1 us-east-1 INOPERABLE/FAILED_IMPORT"}, w.instances("net")); diff != "" {
		t.Error(diff)
	}
	w.Serve(func() { w.Access.RestoreRole(account12("1"), "AWSCloudFormationStackSetExecutionRole") })
	if _, err := w.imports([]string{id}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1 us-east-1 CURRENT/SUCCEEDED"}, w.instances("net")); diff != "" {
		t.Error(diff)
	}
}
