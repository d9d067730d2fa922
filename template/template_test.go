package template

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
)

func TestNamesOfExportsImportsAndMaskedParametersAreFound(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       Facts
	}{
		{
			"YAML with short forms", `
Parameters:
  Zone: {Type: String}
  Password: {Type: String, NoEcho: true}
  Pin: {NoEcho: "True"}
  Open: {NoEcho: false}
Resources:
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !ImportValue {'Fn::Sub': "${Zone}-vpc"}}}
Outputs:
  Id: {Value: !Ref Group, Export: {Name: !Sub "${Zone}-group"}}
`,
			Facts{
				TemplateFacts: fleet.TemplateFacts{Parameters: []string{"Open", "Password", "Pin", "Zone"}, Types: []string{"AWS::EC2::SecurityGroup"}, Exports: []string{"*-group"}, Imports: []string{"*-vpc"}},
				NoEcho:        []string{"Password", "Pin"},
			},
		},
		{
			"JSON with tabs and surrogate pairs", "{\n\t\"Parameters\": {\"P\": {\"NoEcho\": true, \"Description\": \"\\ud83d\\ude00\"}},\n" +
				"\t\"Resources\": {\"R\": {\"Type\": \"AWS::SNS::Topic\", \"Properties\": [{\"Fn::ImportValue\": \"x\"}]}}}",
			Facts{TemplateFacts: fleet.TemplateFacts{Parameters: []string{"P"}, Types: []string{"AWS::SNS::Topic"}, Imports: []string{"x"}}, NoEcho: []string{"P"}},
		},
		{
			"an alias", "Resources: {R: &r {Type: 'AWS::SNS::Topic', A: !ImportValue x}, S: *r}",
			Facts{TemplateFacts: fleet.TemplateFacts{Types: []string{"AWS::SNS::Topic"}, Imports: []string{"x"}}},
		},
		{
			"joined names", `Resources: {R: {Type: AWS::SNS::Topic, A: !ImportValue {'Fn::Join': ['-', [net, !Ref Zone, id]]}}}`,
			Facts{TemplateFacts: fleet.TemplateFacts{Types: []string{"AWS::SNS::Topic"}, Imports: []string{"net-*-id"}}},
		},
		{"words in a text are not what they say", "Description: Fn::ImportValue and Export\nResources: {}", Facts{}},
		{
			"unreadable", "Parameters: [NoEcho\n  Export: ImportValue",
			Facts{TemplateFacts: fleet.TemplateFacts{Opaque: true, Exports: []string{"*"}, Imports: []string{"*"}}, HidesParameters: true},
		},
		{"empty", "", Facts{TemplateFacts: fleet.TemplateFacts{Opaque: true}}},
		{"a list", "[1, 2]", Facts{TemplateFacts: fleet.TemplateFacts{Opaque: true}}},
		{"strange shapes", "Parameters: 3\nOutputs: [x]\nResources: null", Facts{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Read(test.text)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// What is lost with a stack is named, by what the resource's type holds and what
// its DeletionPolicy says.
func TestWhatADeletionDestroysIsNamed(t *testing.T) {
	for _, test := range []struct {
		name, resource string
		data           string // "" nothing, "lost", "kept"
		empties        bool   // what is kept lies in a snapshot
	}{
		{"a table", "Type: AWS::DynamoDB::Table", "lost", false},
		{"a key", "Type: AWS::KMS::Key", "lost", false},
		{"a bucket", "Type: AWS::S3::Bucket", "lost", false},
		{"a log group", "Type: AWS::Logs::LogGroup", "lost", false},
		{"a user pool", "Type: AWS::Cognito::UserPool", "lost", false},
		{"a volume", "Type: AWS::EC2::Volume", "lost", false},
		{"a secret", "Type: AWS::SecretsManager::Secret", "lost", false},
		{"a nested stack", "Type: AWS::CloudFormation::Stack", "lost", false},
		{"a custom resource", "Type: Custom::Vault", "lost", false},
		{"a database, which AWS snapshots by default", "Type: AWS::RDS::DBInstance", "kept", true},
		{"a database that is to go", "Type: AWS::RDS::DBInstance\n    DeletionPolicy: Delete", "lost", false},
		{"a retained table", "Type: AWS::DynamoDB::Table\n    DeletionPolicy: Retain", "kept", false},
		{"a snapshotted volume", "Type: AWS::EC2::Volume\n    DeletionPolicy: Snapshot", "kept", true},
		{"a policy that a parameter decides", "Type: AWS::DynamoDB::Table\n    DeletionPolicy: !If [Prod, Retain, Delete]", "lost", false},
		{"a topic", "Type: AWS::SNS::Topic", "", false},
		{"a role", "Type: AWS::IAM::Role", "", false},
		{"a simple table of SAM", "Type: AWS::Serverless::SimpleTable", "lost", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			facts := Read("Resources:\n  R:\n    " + test.resource + "\n")
			got := ""
			if len(facts.Data) == 1 {
				if got = "lost"; facts.Data[0].Kept {
					got = "kept"
				}
				if facts.Data[0].Holds == "" {
					t.Error("what it holds is not said")
				}
			}
			if empties := len(facts.Empties()) > 0; empties != test.empties {
				t.Errorf("is made anew, empty: %v", empties)
			}
			if got != test.data || len(facts.Data) > 1 {
				t.Errorf("%q, want %q: %+v", got, test.data, facts.Data)
			}
			if lost := len(facts.Destroys()) > 0; lost != (test.data == "lost") {
				t.Errorf("destroys something: %v", lost)
			}
		})
	}
}

// A resource that outlives its stack under a fixed name keeps the next stack from
// being created.
func TestWhatSurvivesUnderItsNameIsFound(t *testing.T) {
	for _, test := range []struct{ name, resource, want string }{
		{"a retained topic with a name", "Type: AWS::SNS::Topic\n    DeletionPolicy: Retain\n    Properties: {TopicName: fixed}", "fixed"},
		{"retained except on creation", "Type: AWS::SNS::Topic\n    DeletionPolicy: RetainExceptOnCreate\n    Properties: {TopicName: fixed}", "fixed"},
		{"a name from parts that stay the same", "Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n    Properties: {BucketName: !Sub 'logs-${AWS::AccountId}'}", "logs-*"},
		{"a name by parameter", "Type: AWS::S3::Bucket\n    DeletionPolicy: Retain\n    Properties: {BucketName: !Ref Name}", "*"},
		{"a retained log group", "Type: AWS::Logs::LogGroup\n    DeletionPolicy: Retain\n    Properties: {LogGroupName: /audit}", "/audit"},
		{"a name within a structure", "Type: AWS::Budgets::Budget\n    DeletionPolicy: Retain\n    Properties: {Budget: {BudgetName: month}}", "month"},
		{"a policy that a condition decides", "Type: AWS::SNS::Topic\n    DeletionPolicy: !If [Prod, Retain, Delete]\n    Properties: {TopicName: fixed}", "fixed"},
		{"a name of the stack's own", "Type: AWS::SNS::Topic\n    DeletionPolicy: Retain\n    Properties: {TopicName: !Sub '${AWS::StackName}-alerts'}", ""},
		{"a name that AWS makes up", "Type: AWS::SNS::Topic\n    DeletionPolicy: Retain", ""},
		{"a key has no name", "Type: AWS::KMS::Key\n    DeletionPolicy: Retain\n    Properties: {Name: no}", ""},
		{"what is deleted", "Type: AWS::SNS::Topic\n    Properties: {TopicName: fixed}", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			for _, r := range Read("Resources:\n  R:\n    " + test.resource + "\n").Retained {
				got += r.Name
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestNamesThatASecondRegionCannotHaveAreFound(t *testing.T) {
	text := `
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: fixed-role}}
  Regional: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub 'role-${AWS::Region}'}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: fixed}}
  Unnamed: {Type: AWS::IAM::Role}
`
	want := []fleet.NamedResource{{LogicalID: "Role", Type: "AWS::IAM::Role", Name: "fixed-role"}}
	if diff := cmp.Diff(want, Read(text).Global); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWhatAMacroWritesIsNotKnown(t *testing.T) {
	for text, want := range map[string]bool{
		"Transform: AWS::LanguageExtensions\nResources: {R: {Type: 'AWS::SNS::Topic'}}":                                     false,
		"Transform: [AWS::LanguageExtensions, 'AWS::Serverless-2016-10-31']\nResources: {}":                                 false,
		"Transform: OurMacro\nResources: {}":                                                                                true,
		"Transform: [AWS::LanguageExtensions, OurMacro]\nResources: {}":                                                     true,
		"Transform: {Name: 'AWS::Include', Parameters: {Location: 's3://a/b'}}\nResources: {}":                              true,
		"Resources: {R: {Type: 'AWS::SNS::Topic', 'Fn::Transform': {Name: M}}}":                                             true,
		"Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::T': [N, [a], {'T${N}': {Type: 'AWS::S3::Bucket'}}]}": true,
		"Resources: {R: {Properties: {}}}":                                                                                  true,
	} {
		if got := Read(text).Opaque; got != want {
			t.Errorf("%s: opaque %v, want %v", text, got, want)
		}
	}
}

// Every line of the tables can be read and is about one type.
func TestTheTablesAreWellFormed(t *testing.T) {
	for name, text := range map[string]string{"data.tsv": dataTable, "names.tsv": nameTable, "global.tsv": globalTable} {
		seen := map[string]bool{}
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if line == "" || line[0] == '#' {
				continue
			}
			fields := strings.Split(line, "\t")
			if want := 2; name != "global.tsv" && (len(fields) != want || fields[1] == "") {
				t.Errorf("%s: %q has not two fields", name, line)
			}
			if seen[fields[0]] {
				t.Errorf("%s: %s twice", name, fields[0])
			}
			seen[fields[0]] = true
		}
	}
}

// Aliases that unfold to billions of values end in caution, not in memory.
func TestAnAliasBombIsReadWithCaution(t *testing.T) {
	bomb := "Export: NoEcho\na0: &a0 [x, x]\n"
	for i := range 40 {
		name := string(rune('b'+i%25)) + strings.Repeat("z", i/25)
		previous := "a0"
		if i > 0 {
			previous = string(rune('b'+(i-1)%25)) + strings.Repeat("z", (i-1)/25)
		}
		bomb += name + ": &" + name + " [*" + previous + ", *" + previous + "]\n"
	}
	if facts := Read(bomb); !facts.Opaque || !facts.HidesParameters || len(facts.Exports) == 0 {
		t.Errorf("%+v", facts)
	}
}

func TestAnyTextCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{
			"Parameters:", "Resources:", "Outputs:", "\n", "  ", "- ", "{", "}", "[", "]", "&a ", "*a", "!ImportValue ", "!Sub ", "Type: AWS::S3::Bucket", "DeletionPolicy: ", "NoEcho: true", "Export:", "x: ", "\"", "\t", "<<: ", "? ", "|", "---\n", "Transform: ",
		})).Draw(t, "pieces")
		Read(strings.Join(pieces, ""))
	})
}
