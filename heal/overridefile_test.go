package heal_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/overrides"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// overridden seeds a set of four: two with equal overrides, one with a secret one,
// one with none.
func overridden(w *world) []string {
	accounts := w.accounts(4)
	w.stackSet("queue", accounts[3:])
	for i, own := range []map[string]string{{"Owner": "payments"}, {"Owner": "payments"}, {"Owner": "search", "Key": "s3cret"}} {
		w.instance("queue", accounts[i], awssim.InstanceSeed{Overrides: own})
	}
	return accounts
}

func (w *world) overrideFile() *overrides.File {
	w.t.Helper()
	file, err := overrides.Read(w.t.Context(), w.connect(), w.read(), nil)
	w.must(err)
	return file
}

// imported applies a file and returns the calls it took.
func (w *world) imported(want *overrides.File) ([]plan.Request, error) {
	w.t.Helper()
	f := w.read()
	have, err := overrides.Read(w.t.Context(), w.connect(), f, want.Present(f))
	w.must(err)
	calls, err := overrides.Requests(f, policy.Default(), have, want)
	if err != nil {
		return nil, err
	}
	healer, err := heal.New(w.config(w.connect()))
	w.must(err)
	outcomes, err := healer.ImportOverrides(w.t.Context(), "import-1", f, calls)
	for _, o := range outcomes {
		if o.Status != fleet.OperationSucceeded || len(o.Failed) > 0 {
			w.t.Errorf("%+v", o)
		}
	}
	return calls, err
}

func TestAnOverrideFileReadBackIsTheSameInYAMLAndJSON(t *testing.T) {
	scenario(t, func(w *world) {
		overridden(w)
		file := w.overrideFile()
		for _, name := range []string{"overrides.yaml", "overrides.json"} {
			var b strings.Builder
			w.must(file.Write(&b, name))
			back, err := overrides.Parse([]byte(b.String()))
			w.must(err)
			if diff := cmp.Diff(file, back); diff != "" {
				t.Errorf("%s (-written +read):\n%s", name, diff)
			}
		}
		if got := overrides.Compare(w.overrideFile(), file); len(got) > 0 {
			t.Errorf("differs from what it was read from: %+v", got)
		}
	})
}

func TestASecretOverrideIsNeitherWrittenToAFileNorSentBack(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := overridden(w)
		file := w.overrideFile()
		values := file.StackSets["queue"][fleet.AccountID(accounts[2])][home]
		if values["Key"] != "****" {
			t.Fatalf("the file has %v", values)
		}
		values["Owner"] = "payments"
		calls, err := w.imported(file)
		w.must(err)
		want := []fleet.Parameter{{Key: "Key", UsePrevious: true}, {Key: "Owner", Value: "payments"}}
		if len(calls) != 1 || cmp.Diff(want, calls[0].Overrides) != "" {
			t.Errorf("calls %+v", calls)
		}
		if got := w.overrides("queue", accounts[2]); got["Owner"] != "payments" || got["Key"] == "" {
			t.Errorf("overrides now: %v", got)
		}
	})
}

func TestInstancesThatGetTheSameOverridesShareACall(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := overridden(w)
		want, err := overrides.Parse([]byte(`
version: 1
stackSets:
  queue:
    "` + accounts[0] + `": {eu-central-1: {Owner: search}}
    "` + accounts[1] + `": {eu-central-1: {Owner: search}}
    "` + accounts[3] + `": {eu-central-1: {}}
`))
		w.must(err)
		calls, err := w.imported(want)
		w.must(err)
		if len(calls) != 1 || len(calls[0].Targets()) != 2 {
			t.Errorf("calls %+v", calls)
		}
		for _, a := range accounts[:2] {
			if diff := cmp.Diff(map[string]string{"Owner": "search"}, w.overrides("queue", a)); diff != "" {
				t.Errorf("%s: %s", a, diff)
			}
		}
		if calls, err := w.imported(want); err != nil || len(calls) > 0 {
			t.Errorf("a second import: %v, %+v", err, calls)
		}
	})
}

func TestAnEmptyMapInTheFileDropsEveryOverride(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := overridden(w)
		file := &overrides.File{Version: 1, StackSets: map[fleet.StackSetName]overrides.Set{
			"queue": {fleet.AccountID(accounts[0]): {home: {}}}}}
		_, err := w.imported(file)
		w.must(err)
		if got := w.overrides("queue", accounts[0]); len(got) > 0 {
			t.Errorf("overrides now: %v", got)
		}
	})
}

func TestAFileThatCannotBeAppliedSaysWhyAndChangesNothing(t *testing.T) {
	for _, c := range []struct{ file, says string }{
		{`{version: 1, stackSets: {queue: {"299999999999": {eu-central-1: {Owner: x}}}}}`, "no instance"},
		{`{version: 1, stackSets: {nothing: {"200000000001": {eu-central-1: {Owner: x}}}}}`, "no stack set nothing"},
		{`{version: 1, stackSets: {queue: {"200000000001": {eu-central-1: {Key: "****"}}}}}`, "masked"},
		{`{version: 1, stackSets: {queue: {"2": {eu-central-1: {}}}}}`, "account id"},
		{`{version: 2}`, "version"},
		{`{version: 1, stakSets: {}}`, "stakSets"},
	} {
		t.Run(c.says, func(t *testing.T) {
			scenario(t, func(w *world) {
				overridden(w)
				file, err := overrides.Parse([]byte(c.file))
				if err == nil {
					_, err = w.imported(file)
				}
				if err == nil || !strings.Contains(err.Error(), c.says) || len(w.aws.Writes()) > 0 {
					t.Errorf("%v; %d writes", err, len(w.aws.Writes()))
				}
			})
		})
	}
}
