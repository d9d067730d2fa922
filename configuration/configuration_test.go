package configuration_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/setmend/setmend/configuration"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	root      = fleet.OUID("r-ab12")
	workloads = fleet.OUID("ou-ab12-workload1")
	team      = fleet.OUID("ou-ab12-team00001") // in workloads
	sandbox   = fleet.OUID("ou-ab12-sandbox01")
	boss      = fleet.AccountID("100000000000")
)

func member(n int) fleet.AccountID { return fleet.AccountID(fmt.Sprintf("2%011d", n)) }

// organization has n members in each of three OUs, and the stack sets.
func organization(n int, sets ...fleet.StackSet) *fleet.Fleet {
	f := &fleet.Fleet{HomeRegion: "eu-central-1", ReadAt: noon, StackSets: map[fleet.StackSetName]*fleet.Inventory{},
		Organization: fleet.Organization{ID: "o-abcdefghij", Management: boss, Root: root, TrustedAccess: true,
			OUs:      map[fleet.OUID]fleet.OU{root: {ID: root}, workloads: {ID: workloads, Parent: root}, team: {ID: team, Parent: workloads}, sandbox: {ID: sandbox, Parent: root}},
			Accounts: map[fleet.AccountID]fleet.Account{boss: {ID: boss, State: fleet.AccountActive, OUs: []fleet.OUID{root}}}}}
	for i, ous := range [][]fleet.OUID{{root, workloads}, {root, workloads, team}, {root, sandbox}} {
		for k := range n {
			id := member(i*n + k + 1)
			f.Organization.Accounts[id] = fleet.Account{ID: id, State: fleet.AccountActive, OUs: ous}
		}
	}
	for _, set := range sets {
		f.StackSets[set.Name] = &fleet.Inventory{StackSet: set, Instances: map[fleet.Target]fleet.Instance{}, ReadAt: noon}
	}
	return f
}

func selfManaged(name fleet.StackSetName, tags ...string) fleet.StackSet {
	set := fleet.StackSet{Name: name, PermissionModel: fleet.SelfManaged, Tags: map[string]string{"mandatory": "true", "region": "eu-central-1:eu-west-1"}}
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		set.Tags[key] = value
	}
	return set
}

func serviceManaged(name fleet.StackSetName, targets ...fleet.DeployTarget) fleet.StackSet {
	set := fleet.StackSet{Name: name, PermissionModel: fleet.ServiceManaged, Tags: map[string]string{"mandatory": "true"}, DeployTargets: targets}
	for _, t := range targets {
		set.OUs = append(set.OUs, t.OU)
		set.Regions = append(set.Regions, t.Regions...)
	}
	return set
}

func parsed(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func compiled(f *fleet.Fleet, p *policy.Policy) (*configuration.Compiled, *plan.Assessment) {
	a := plan.Assess(f, p, plan.Memory{}, noon)
	return configuration.Compile(f, a), a
}

func names(o configuration.Order) []string {
	var list []string
	for _, e := range o.StackSets {
		list = append(list, string(e.StackSet))
	}
	return list
}

func TestTheOrderPutsDependenciesFirstAndCollisionsApart(t *testing.T) {
	f := organization(1,
		selfManaged("rules", "dependson=config"),
		selfManaged("config", "dependson=roles"),
		selfManaged("roles"),
		selfManaged("old-agent", "antidependson=new-agent"),
		selfManaged("new-agent"),
		selfManaged("optional", "mandatory=false", "dependson=roles"),
		selfManaged("behind", "dependson=optional"),
	)
	c, _ := compiled(f, policy.Default())
	want := []configuration.Level{{0, []fleet.StackSetName{"new-agent", "roles"}}, {1, []fleet.StackSetName{"behind", "config", "old-agent"}}, {2, []fleet.StackSetName{"rules"}}}
	if diff := cmp.Diff(want, c.Levels.Levels); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"new-agent", "roles", "behind", "config", "old-agent", "rules"}, names(c.Order)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestAContradictoryStackSetIsLeftOutWithItsReason(t *testing.T) {
	f := organization(1, selfManaged("a", "dependson=b"), selfManaged("b", "dependson=a"), selfManaged("fine"))
	c, _ := compiled(f, policy.Default())
	if diff := cmp.Diff([]string{"fine"}, names(c.Order)); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if len(c.Order.LeftOut) != 2 || !strings.Contains(c.Order.LeftOut[0].Reason, "cycle") {
		t.Errorf("left out: %+v", c.Order.LeftOut)
	}
}

// What the documents say of an account is what setmend itself would deploy there.
func TestTheRulesGiveEveryAccountExactlyItsMandatoryCells(t *testing.T) {
	policies := map[string]string{
		"tags":     "version: 1\n",
		"targets":  "version: 1\nstackSets:\n  - match: roles\n    targets:\n      - ous: [" + string(workloads) + "]\n        regions: [eu-north-1]\n      - ous: [" + string(team) + "]\n        accounts: [\"" + string(member(3)) + "\"]\n        regions: [us-east-1]\n",
		"excluded": "version: 1\nexclude:\n  ous: [" + string(team) + "]\nstackSets:\n  - match: roles\n    exclude:\n      accounts: [\"" + string(member(1)) + "\"]\n    includeManagement: true\n",
		"narrow":   "version: 1\nstackSets:\n  - match: \"*managed\"\n    ous: [" + string(team) + "]\n",
	}
	for name, text := range policies {
		t.Run(name, func(t *testing.T) {
			f := organization(2, selfManaged("roles"),
				serviceManaged("managed", fleet.DeployTarget{OU: workloads, Regions: []fleet.Region{"eu-west-1"}}, fleet.DeployTarget{OU: sandbox, Regions: []fleet.Region{"us-east-1"}}),
				serviceManaged("evenly-managed", fleet.DeployTarget{OU: workloads, Regions: []fleet.Region{"eu-west-1"}}))
			c, a := compiled(f, parsed(t, text))
			want := map[fleet.Cell]bool{}
			for _, cell := range a.Cells {
				want[cell.Cell] = cell.Desire == plan.Must
			}
			got := map[fleet.Cell]bool{}
			for _, set := range c.StackSets {
				for id, account := range f.Organization.Accounts {
					for _, region := range set.Regions(account, id == boss) {
						got[fleet.Cell{StackSet: set.StackSet, Target: fleet.Target{Account: id, Region: region}}] = true
					}
				}
			}
			if len(want) == 0 {
				t.Fatal("nothing is mandatory")
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("cells (-assessed +documents):\n%s", diff)
			}
		})
	}
}

// large has more than fits into parameters of either tier: in the order, and in one
// stack set's own document.
func large(t *testing.T) *configuration.Compiled {
	var sets []fleet.StackSet
	for i := range 150 {
		set := selfManaged(fleet.StackSetName(fmt.Sprintf("stack-set-with-a-name-%03d", i)))
		if i > 0 {
			set.Tags["dependson"] = fmt.Sprintf("stack-set-with-a-name-%03d", i/2)
		}
		sets = append(sets, set)
	}
	sets[0].Tags["dependson"] = ""
	delete(sets[0].Tags, "dependson")
	sets[1].Tags["dependson"] = string(sets[0].Name)
	var accounts []string
	for i := range 500 {
		accounts = append(accounts, fmt.Sprintf("%q", member(i+1)))
	}
	list := strings.Join(accounts, ", ")
	text := "version: 1\nstackSets:\n  - match: \"*-007\"\n    targets:\n      - accounts: [" + list + "]\n        regions: [eu-west-1]\n    exclude:\n      accounts: [" + list + "]\n"
	c, _ := compiled(organization(1, sets...), parsed(t, text))
	return c
}

func TestDocumentsAreSplitBelowTheSizeOfAParameterAndReadBackWhole(t *testing.T) {
	c := large(t)
	for _, limit := range []int{configuration.StandardSize, configuration.AdvancedSize} {
		parameters, err := c.Parameters("/setmend/", limit)
		if err != nil {
			t.Fatal(err)
		}
		parts := 0
		for _, p := range parameters {
			if len(p.Value) > limit {
				t.Errorf("%s has %d bytes, more than %d", p.Name, len(p.Value), limit)
			}
			if strings.HasPrefix(p.Name, "/setmend/order") || strings.HasPrefix(p.Name, "/setmend/stacksets/stack-set-with-a-name-007") {
				parts++
			}
		}
		if parts < 5 {
			t.Errorf("at %d bytes there are %d parts: nothing was split", limit, parts)
		}
		back, err := configuration.Join("/setmend", parameters)
		if err != nil {
			t.Fatal(err)
		}
		again, err := back.Parameters("/setmend", limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parameters, again); diff != "" {
			t.Errorf("read back and written again (-first +second):\n%s", diff)
		}
		if diff := cmp.Diff(c.Order.StackSets, back.Order.StackSets, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("order read back:\n%s", diff)
		}
	}
}

func TestPartsOfTwoRevisionsAreNoDocument(t *testing.T) {
	parameters, err := large(t).Parameters("/setmend", configuration.StandardSize)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range parameters {
		if p.Name == "/setmend/order/2" {
			parameters[i].Value = strings.Replace(p.Value, `"revision":"`, `"revision":"0`, 1)
		}
	}
	if _, err := configuration.Join("/setmend", parameters); !errors.Is(err, configuration.ErrMixed) {
		t.Errorf("joining them: %v, want %v", err, configuration.ErrMixed)
	}
}

// memory is a store that counts its writes and can fail at one.
type memory struct {
	values map[string]configuration.Stored
	puts   []string
	failAt int
}

func (m *memory) List(context.Context, string) ([]configuration.Stored, error) {
	return slices.Collect(maps.Values(m.values)), nil
}

func (m *memory) Put(_ context.Context, p configuration.Stored) error {
	if m.failAt--; m.failAt == 0 {
		return errors.New("throttled")
	}
	m.values[p.Name] = p
	m.puts = append(m.puts, p.Name)
	return nil
}

func (m *memory) Delete(_ context.Context, names []string) error {
	for _, name := range names {
		delete(m.values, name)
	}
	return nil
}

func TestOnlyWhatChangedIsWrittenAndObsoleteParametersGo(t *testing.T) {
	m := &memory{values: map[string]configuration.Stored{"/setmend/stop": {Parameter: configuration.Parameter{Name: "/setmend/stop", Value: "go"}}}}
	sync := func(c *configuration.Compiled) *configuration.Changes {
		t.Helper()
		parameters, err := c.Parameters("/setmend", configuration.StandardSize)
		if err != nil {
			t.Fatal(err)
		}
		m.puts = nil
		changes, err := configuration.Sync(t.Context(), m, "/setmend", parameters)
		if err != nil {
			t.Fatal(err)
		}
		return changes
	}
	sync(large(t))
	if changes := sync(large(t)); !changes.Empty() || len(m.puts) > 0 {
		t.Errorf("the same again wrote %v", m.puts)
	}
	small, _ := compiled(organization(1, selfManaged("stack-set-with-a-name-000")), policy.Default())
	changes := sync(small)
	if diff := cmp.Diff([]string{"/setmend/levels", "/setmend/order"}, slices.Sorted(slices.Values(m.puts))); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if len(changes.Delete) < 150 || len(m.values) != 4 {
		t.Errorf("%d parameters are left: %v", len(m.values), fleet.SortedKeys(m.values))
	}
	if m.values["/setmend/stop"].Value != "go" {
		t.Error("a parameter that is none of the documents was deleted")
	}
}

// A reader never finds a first part that speaks of parts that were not written yet.
func TestLaterPartsAreWrittenBeforeTheFirst(t *testing.T) {
	parameters, err := large(t).Parameters("/setmend", configuration.StandardSize)
	if err != nil {
		t.Fatal(err)
	}
	for stop := 1; stop < len(parameters); stop += 31 {
		m := &memory{values: map[string]configuration.Stored{}, failAt: stop}
		if _, err := configuration.Sync(t.Context(), m, "/setmend", parameters); err == nil {
			t.Fatal("the failed write is not told")
		}
		for name := range m.values {
			if strings.HasSuffix(name, "/2") {
				continue
			}
			for _, later := range parameters {
				if strings.HasPrefix(later.Name, name+"/") && m.values[later.Name].Name == "" {
					t.Fatalf("%s is there, and its part %s is not", name, later.Name)
				}
			}
			m.failAt = 0
		}
		if _, err := configuration.Sync(t.Context(), m, "/setmend", parameters); err != nil || len(m.values) != len(parameters) {
			t.Fatalf("run again, %d of %d parameters are there: %v", len(m.values), len(parameters), err)
		}
	}
}

// Every parameter is what the schema says, and the schema says what it is.
func TestEveryParameterIsWhatTheSchemaSays(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(configuration.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	contradictory, _ := compiled(organization(1, selfManaged("a", "dependson=b"), selfManaged("b", "dependson=a"),
		serviceManaged("managed", fleet.DeployTarget{OU: team, Regions: []fleet.Region{"eu-west-1"}})), policy.Default())
	for _, c := range []*configuration.Compiled{large(t), contradictory} {
		parameters, err := c.Parameters("/setmend", configuration.StandardSize)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range parameters {
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(p.Value))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
		}
	}
}
