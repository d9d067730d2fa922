package stacksets_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/stacksets"
)

func set(key, value string) types.Parameter {
	return types.Parameter{ParameterKey: &key, ParameterValue: &value}
}

func keep(key string) types.Parameter {
	return types.Parameter{ParameterKey: &key, UsePreviousValue: aws.Bool(true)}
}

// overrides are an instance's, as a map.
func (w *world) overrides(name string) map[string]string {
	w.Helper()
	out := map[string]string{}
	for _, p := range w.instance(name, account12("1"), home).ParameterOverrides {
		out[*p.ParameterKey] = *p.ParameterValue
	}
	return out
}

func TestOverridesChangeByWhatTheListHoldsLacksOrIs(t *testing.T) {
	before := []types.Parameter{set("A", "a1"), set("B", "b1")}
	for _, c := range []struct {
		name string
		list []types.Parameter
		want map[string]string
	}{
		{"an absent list leaves everything", nil, map[string]string{"A": "a1", "B": "b1"}},
		{"an empty list clears everything", []types.Parameter{}, map[string]string{}},
		{"a value is set and a missing key dropped", []types.Parameter{set("A", "a2")}, map[string]string{"A": "a2"}},
		{"a previous value is kept", []types.Parameter{keep("A")}, map[string]string{"A": "a1"}},
		{"a value and a previous value", []types.Parameter{set("C", "c"), keep("B")}, map[string]string{"B": "b1", "C": "c"}},
		{"a previous value that never was", []types.Parameter{keep("C")}, map[string]string{}},
		{"an empty value is a value", []types.Parameter{set("A", "")}, map[string]string{"A": ""}},
	} {
		for _, action := range []string{"UpdateStackInstances", "CreateStackInstances"} {
			t.Run(action+" "+c.name, func(t *testing.T) {
				w := newWorld(t, stacksets.Options{})
				w.create("net", "params: A=a0 B=b0 C=c0")
				w.override("net", before)
				w.change(action, c.list)
				if diff := cmp.Diff(c.want, w.overrides("net")); diff != "" {
					t.Error(diff)
				}
				values := map[string]string{}
				for key, value := range c.want {
					values[key] = value
				}
				if diff := cmp.Diff(values, w.stacks.specs[1].Parameters); diff != "" {
					t.Error("deployed with:", diff)
				}
			})
		}
	}
}

// override makes one instance with overrides.
func (w *world) override(name string, list []types.Parameter) {
	w.Helper()
	out, err := w.cfn().CreateStackInstances(context.Background(), &cloudformation.CreateStackInstancesInput{
		StackSetName: &name, Accounts: accounts(1), Regions: []string{home}, ParameterOverrides: list,
	})
	w.must(err)
	w.ended(name, *out.OperationId)
}

// change deploys the one instance again.
func (w *world) change(action string, list []types.Parameter) {
	w.Helper()
	if action == "CreateStackInstances" {
		w.override("net", list)
		return
	}
	out, err := w.cfn().UpdateStackInstances(context.Background(), &cloudformation.UpdateStackInstancesInput{
		StackSetName: aws.String("net"), Accounts: accounts(1), Regions: []string{home}, ParameterOverrides: list,
	})
	w.must(err)
	w.ended("net", *out.OperationId)
}

func TestOverridesThatCannotBeAreRefused(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=a0")
	for _, c := range []struct {
		list []types.Parameter
		want string
	}{
		{[]types.Parameter{set("Z", "1")}, "Parameters: [Z] do not exist in the template"},
		{[]types.Parameter{{ParameterKey: aws.String("A"), ParameterValue: aws.String("x"), UsePreviousValue: aws.Bool(true)}},
			"Invalid input for parameter key A. Cannot specify usePreviousValue as true while also specifying a value"},
	} {
		_, err := w.cfn().CreateStackInstances(context.Background(), &cloudformation.CreateStackInstancesInput{
			StackSetName: aws.String("net"), Accounts: accounts(1), Regions: []string{home}, ParameterOverrides: c.list,
		})
		if code(err) != "ValidationError" || message(err) != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestUpdatingTheSetNeverChangesOverrides(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=a0")
	w.override("net", []types.Parameter{set("A", "mine")})
	w.update("net", "params: A=a1 B=b1", nil)
	if diff := cmp.Diff(map[string]string{"A": "mine"}, w.overrides("net")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"A": "mine"}, w.stacks.specs[1].Parameters); diff != "" {
		t.Error("deployed with:", diff)
	}
	w.update("net", "params: B=b1", nil)
	if diff := cmp.Diff(map[string]string{}, w.overrides("net")); diff != "" {
		t.Error("an override of a parameter that is gone is still there:", diff)
	}
	if diff := cmp.Diff(map[string]string{}, w.stacks.specs[2].Parameters); diff != "" {
		t.Error("an override of a parameter that is gone was deployed:", diff)
	}
}

// update updates a set with a template and waits for the end.
func (w *world) update(name, template string, change func(*cloudformation.UpdateStackSetInput)) types.StackSetOperationStatus {
	w.Helper()
	in := &cloudformation.UpdateStackSetInput{StackSetName: &name}
	if template == "" {
		in.UsePreviousTemplate = aws.Bool(true)
	} else {
		in.TemplateBody = &template
	}
	if change != nil {
		change(in)
	}
	out, err := w.cfn().UpdateStackSet(context.Background(), in)
	w.must(err)
	return w.ended(name, *out.OperationId)
}
