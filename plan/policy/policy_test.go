package policy

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/setmend/setmend/fleet"
)

// wholePolicy says everything that can be said.
const wholePolicy = `
version: 1
accounts: {suspended: hold, closed: hold, left: detach, moved: remove, excluded: remove, grace: 2d}
limits: {accountsGone: 3, runningInstances: 3500}
escalation: revert
exclude:
  accounts: ["200000000009"]
  ous: [ou-ab12-sandbox01]
defaults: {healing: revert, memberRole: Healer}
stackSets:
  - match: guardrail-*
    mandatory: true
    healing: redeploy
    protected: true
    dependsOn: [roles]
    antiDependsOn: [other]
    regions: [eu-central-1]
    ous: [r-ab12]
    includeManagement: true
    exclude: {accounts: ["200000000008"]}
    ignoreDrift: [{resourceType: "AWS::S3::Bucket", logicalId: Logs, property: /Tags}]
    memberRole: Other
    dataLoss: allow
    maxUnavailable: 25%
    canaryFrom: 3
    massDrift: 7
    massRemoval: 12.5%
    preferences:
      regionConcurrency: SEQUENTIAL
      regionOrder: [eu-central-1]
      concurrencyMode: STRICT_FAILURE_TOLERANCE
      failureTolerancePercentage: 10
      maxConcurrentPercentage: 20
    quietHours: [{days: [mon, fri], from: "08:00", to: "18:00", zone: Europe/Berlin}]
    driftMaxAge: 90m
    quarantine: {heals: 5, window: 48h, backoff: 1m}
`

func TestAPolicySaysWhatItCan(t *testing.T) {
	got := policyText(t, wholePolicy).For(fleet.StackSet{Name: "guardrail-iam"})
	want := Set{
		Mandatory: true, Healing: HealRedeploy, Protected: true,
		DependsOn: []fleet.StackSetName{"roles"}, AntiDependsOn: []fleet.StackSetName{"other"},
		Regions: []fleet.Region{"eu-central-1"}, OUs: []fleet.OUID{"r-ab12"}, IncludeManagement: true,
		Exclude:     Exclusion{Accounts: []fleet.AccountID{"200000000009", "200000000008"}, OUs: []fleet.OUID{"ou-ab12-sandbox01"}},
		IgnoreDrift: []DriftRule{{ResourceType: "AWS::S3::Bucket", LogicalID: "Logs", Property: "/Tags"}},
		MemberRole:  "Other", DataLoss: AllowDataLoss, MaxUnavailable: Percent(25), CanaryFrom: 3,
		MassDrift: Amount{Count: 7}, MassRemoval: Percent(12.5),
		Preferences: fleet.Preferences{
			RegionConcurrency: fleet.RegionsSequential, RegionOrder: []fleet.Region{"eu-central-1"},
			ConcurrencyMode: fleet.StrictFailureTolerance, FailureTolerancePercentage: 10, MaxConcurrentPercentage: 20,
		},
		QuietHours:  []QuietHours{{Days: []string{"mon", "fri"}, From: "08:00", To: "18:00", Zone: "Europe/Berlin"}},
		DriftMaxAge: 90 * time.Minute,
		Quarantine:  Quarantine{Heals: 5, Window: 48 * time.Hour, Backoff: time.Minute},
	}
	got.From = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsStandOverTagsAndLaterEntriesWin(t *testing.T) {
	p := policyText(t, `
defaults: {healing: revert, driftMaxAge: 1h}
stackSets:
  - {match: ["*"], mandatory: false}
  - {match: base*, mandatory: true}
  - {match: something-else, mandatory: false}
`)
	set := fleet.StackSet{Name: "baseline", Tags: map[string]string{"mandatory": "false", "SelfHealing": "True", "dependson": "a: b :", "region": "EU-central-1:eu-west-1"}}
	got := p.For(set)
	if !got.Mandatory || got.From["mandatory"] != "the policy's entry for base* (line 5)" {
		t.Errorf("mandatory %t from %q", got.Mandatory, got.From["mandatory"])
	}
	if got.Healing != HealRedeploy || got.From["healing"] != "the tag selfhealing=True" {
		t.Errorf("healing %s from %q: a tag stands over the defaults", got.Healing, got.From["healing"])
	}
	if got.DriftMaxAge != time.Hour {
		t.Errorf("driftMaxAge %s, want the defaults'", got.DriftMaxAge)
	}
	if diff := cmp.Diff([]fleet.StackSetName{"a", "b"}, got.DependsOn); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]fleet.Region{"eu-central-1", "eu-west-1"}, got.Regions); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyPolicyIsTheDefault(t *testing.T) {
	for _, text := range []string{"", "\n# nothing\n", "---\n", "null"} {
		got, err := Parse([]byte(text))
		if diff := cmp.Diff(Default(), got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
	}
}

// TestBadPolicies states what an error says. Every one names what is wrong; where
// YAML knows the line, that too.
func TestBadPolicies(t *testing.T) {
	tests := []struct{ promise, text, want string }{
		{"an unknown field names its line and what was meant", "version: 1\nacounts: {}", `line 2: unknown field "acounts". Did you mean accounts?`},
		{"an unknown field deep down says where", "stackSets:\n  - match: x\n    healling: off", `line 3: unknown field "healling" in stackSets. Did you mean healing?`},
		{"an unknown field like no other lists what is known", "limits: {colour: 1}", "Known here: accountsGone, runningInstances."},
		{"a field given twice is refused", "version: 1\nversion: 1", "already defined"},
		{"two documents are refused", "version: 1\n---\nversion: 1", "more than one YAML document"},
		{"a list is no policy", "- a", "cannot unmarshal"},
		{"a broken file is refused", "a: [", "line 1"},
		{"an empty list item is refused", "stackSets:\n  -", "line 2: an empty list item in stackSets"},
		{"another version is refused", "version: 2", "version 2 is not known"},
		{"a suspended account's stacks cannot be deleted", "accounts: {suspended: remove}", `accounts.suspended is "remove": want detach or hold`},
		{"a live account's stacks are not let go of", "accounts: {moved: detach}", `accounts.moved is "detach": want remove or hold`},
		{"a healing that does not exist is refused", "defaults: {healing: restore}", "want revert, redeploy, notify or off"},
		{"an escalation that does not exist is refused", "escalation: remove", "want retry, revert or redeploy"},
		{"a word for data loss that does not exist is refused", "defaults: {dataLoss: maybe}", "want allow or refuse"},
		{"an account id must be one", "exclude: {accounts: [123]}", "12 digits, in quotes"},
		{"an OU id must be one", "defaults: {ous: [Production]}", "form of an OU id"},
		{"an excluded OU id must be one", "stackSets: [{match: a, exclude: {ous: [Production]}}]", "form of an OU id"},
		{"an entry without match is refused", "stackSets: [{mandatory: true}]", "line 1: the entry matches no stack set"},
		{"a broken pattern is refused", "stackSets: [{match: '[a'}]", "is no pattern"},
		{"a percentage above 100 is refused", "defaults: {massDrift: 120%}", "percentage from 0% to 100%"},
		{"an amount must be one", "defaults: {massDrift: some}", "line 1: reading \"some\": want a number"},
		{"a duration must be one", "defaults: {driftMaxAge: tomorrow}", "want a duration such as 90m"},
		{"a negative duration is refused", "defaults: {driftMaxAge: -1h}", "want a duration"},
		{"a check that is always too old is refused", "defaults: {driftMaxAge: 0s}", "more than 0"},
		{"a canary needs company", "defaults: {canaryFrom: 1}", "at least 2"},
		{"a quarantine needs a heal", "defaults: {quarantine: {heals: 0}}", "at least 1"},
		{"a quota of nothing is refused", "limits: {runningInstances: 0}", "at least 1"},
		{"a concurrency AWS does not have is refused", "defaults: {preferences: {regionConcurrency: BOTH}}", "want PARALLEL or SEQUENTIAL"},
		{"a mode AWS does not have is refused", "defaults: {preferences: {concurrencyMode: HARD}}", "want SOFT_FAILURE_TOLERANCE"},
		{"a tolerance AWS does not take is refused", "defaults: {preferences: {failureTolerancePercentage: 101}}", "from 0 to 100"},
		{"a concurrency AWS does not take is refused", "defaults: {preferences: {maxConcurrentPercentage: 0}}", "from 1 to 100"},
		{"a time of day must be one", "defaults: {quietHours: [{from: '25:00', to: '08:00'}]}", "want times of day"},
		{"a day must be one", "defaults: {quietHours: [{days: [freitag], from: '20:00', to: '08:00'}]}", `day "freitag"`},
		{"a time zone must be one", "defaults: {quietHours: [{from: '20:00', to: '08:00', zone: Mars/North}]}", `"Mars/North" is not known`},
		{"a rule that ignores all drift is refused", "defaults: {ignoreDrift: [{}]}", "ignore all drift"},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			_, err := Parse([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "reading policy: ") {
				t.Errorf("error %v, want it to say %q", err, test.want)
			}
		})
	}
}

func TestTheSchemaKnowsEveryField(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	compareFields(t, "policy", reflect.TypeFor[Policy](), schema, schema)
}

// compareFields holds a struct's YAML fields against a schema's properties.
func compareFields(t *testing.T, at string, of reflect.Type, schema, whole map[string]any) {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	schema = follow(schema, whole)
	if of.Kind() == reflect.Slice {
		if items, ok := schema["items"].(map[string]any); ok {
			compareFields(t, at, of.Elem(), items, whole)
		}
		return
	}
	if of.Kind() != reflect.Struct || of == reflect.TypeFor[Amount]() {
		return
	}
	properties, _ := schema["properties"].(map[string]any)
	if schema["additionalProperties"] != false {
		t.Errorf("%s: the schema allows unknown fields", at)
	}
	fields := yamlFields(of)
	if diff := cmp.Diff(fleet.SortedKeys(fields), fleet.SortedKeys(properties)); diff != "" {
		t.Errorf("%s: fields and schema differ:\n%s", at, diff)
	}
	for name, field := range fields {
		if property, ok := properties[name].(map[string]any); ok {
			if !described(property, whole) && name != "version" {
				t.Errorf("%s.%s has no description", at, name)
			}
			compareFields(t, at+"."+name, field, property, whole)
		}
	}
}

// follow resolves a schema's references within the whole.
func follow(schema, whole map[string]any) map[string]any {
	for schema["$ref"] != nil {
		schema = referred(schema, whole)
	}
	return schema
}

func referred(schema, whole map[string]any) map[string]any {
	at := whole
	for part := range strings.SplitSeq(strings.TrimPrefix(schema["$ref"].(string), "#/"), "/") {
		at = at[part].(map[string]any)
	}
	return at
}

// described reports whether a property, or what it refers to, has a description.
func described(property, whole map[string]any) bool {
	for property["description"] == nil && property["$ref"] != nil {
		property = referred(property, whole)
	}
	return property["description"] != nil
}

func TestTheSchemaAgreesWithTheParser(t *testing.T) {
	schema := compiledSchema(t)
	tests := []struct {
		text string
		ok   bool
	}{
		{wholePolicy, true},
		{"version: 1", true},
		{"stackSets: [{match: [a, b]}]", true},
		{"stackSets: [{mandatory: true}]", false},
		{"stackSets: [{match: a, healing: restore}]", false},
		{"acounts: {}", false},
		{"accounts: {suspended: remove}", false},
		{"exclude: {accounts: ['123']}", false},
		{"defaults: {massDrift: some}", false},
		{"defaults: {driftMaxAge: tomorrow}", false},
		{"defaults: {ignoreDrift: [{}]}", false},
		{"defaults: {canaryFrom: 1}", false},
	}
	for _, test := range tests {
		var value any
		if err := yaml.Unmarshal([]byte(test.text), &value); err != nil {
			t.Fatal(err)
		}
		_, parsed := Parse([]byte(test.text))
		validated := schema.Validate(value)
		if (parsed == nil) != test.ok || (validated == nil) != test.ok {
			t.Errorf("%s\nparser: %v\nschema: %v\nwant accepted: %t", test.text, parsed, validated, test.ok)
		}
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("setmend.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("setmend.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func FuzzParseNeverPanics(f *testing.F) {
	f.Add([]byte(wholePolicy))
	f.Add([]byte("stackSets: [null, {match: {a: b}}]"))
	f.Add([]byte("defaults: &a {quietHours: *a}"))
	f.Add([]byte("<<: {version: 1}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text)
		if (p == nil) == (err == nil) {
			t.Errorf("policy %v with error %v", p, err)
		}
	})
}

// policyText is a policy read from YAML that the test is sure of.
func policyText(t interface{ Fatal(...any) }, text string) *Policy {
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
