package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// The schema and the program must not disagree on a file: whoever writes one in an
// editor with the schema has it accepted here.
func TestThePrintedSchemaAgreesWithWhatIsRead(t *testing.T) {
	var printed bytes.Buffer
	a := &app{stdout: &printed, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }}
	if code := a.run(t.Context(), []string{"policy", "schema"}); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	document, err := jsonschema.UnmarshalJSON(&printed)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("policy.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"nothing to tell":     "version: 1\n",
		"a channel":           "notify:\n  channels:\n    - {name: a, when: change, slack: {url: \"env:X\"}}\n",
		"every service":       "notify:\n  channels:\n    - {name: a, sns: {topic: \"arn:aws:sns:eu-central-1:111122223333:t\"}}\n    - {name: b, pagerDuty: {routingKey: \"file:/k\", maxIncidents: 5}}\n    - {name: c, confluence: {site: \"https://w.example.com\", pageId: \"1\", token: \"ssm:/t\", dataCenter: true}}\n    - {name: d, webhook: {url: \"env:X\"}}\n    - {name: e, teams: {url: \"env:X\"}}\n  allowAddresses: [10.1.2.0/24]\n",
		"a secret in clear":   "notify:\n  channels:\n    - {name: a, slack: {url: \"https://hooks.slack.com/x\"}}\n",
		"an unknown word":     "notify:\n  channels:\n    - {name: a, wehn: change, slack: {url: \"env:X\"}}\n",
		"an unknown rule":     "notify:\n  channels:\n    - {name: a, when: never, slack: {url: \"env:X\"}}\n",
		"an unknown section":  "notifications: {}\n",
		"a misspelt services": "notify:\n  channels:\n    - {name: a, pagerduty: {routingKey: \"env:X\"}}\n",
	}
	for _, page := range []string{"README.md", "docs/policy.md"} {
		for _, s := range stepsOf(t, page) {
			if s.file == "setmend.yaml" {
				var text bytes.Buffer
				for _, line := range s.shown {
					text.WriteString(line + "\n")
				}
				files[page] = text.String()
			}
		}
	}
	for name, text := range files {
		t.Run(name, func(t *testing.T) {
			s, read := parseSettings([]byte(text))
			if read == nil {
				_, read = a.channels(s, nil)
			}
			if valid := schema.Validate(asJSON(t, text)); (valid == nil) != (read == nil) {
				t.Errorf("the schema says %v, reading it says %v", valid, read)
			}
		})
	}
}

// asJSON is a YAML text as the schema's library takes it.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return value
}
