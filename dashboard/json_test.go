package dashboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// compiled is a schema, closed: a property that it does not describe is an
// error. The published one is open, so that fields can be added.
func compiled(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(document)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiledSchema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiledSchema
}

func closeObjects(node any) {
	switch node := node.(type) {
	case map[string]any:
		if _, has := node["additionalProperties"]; node["type"] == "object" && !has {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			closeObjects(child)
		}
	case []any:
		for _, child := range node {
			closeObjects(child)
		}
	}
}

func validate(t *testing.T, schema *jsonschema.Schema, text []byte) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("%v", err)
	}
}

func TestReportKeepsToItsSchema(t *testing.T) {
	full := reportOf(1500)
	full.Guards = []plan.GuardHit{{Guard: plan.GuardMassDrift, StackSet: "log-bucket", Reason: "21 % drifted", Hint: "look", Accepted: true}}
	full.Problems = []policy.Problem{{StackSet: "log-bucket", Text: "dependson names no stack set", Hint: "correct the tag", Stops: true}}
	full.StackSets[0].Operations[1].Drift = &fleet.DriftDetection{Status: fleet.DriftDrifted, Detection: "COMPLETED", LastCheck: madeAt, Total: 3, Drifted: 1, InSync: 2}
	full.Cells[0].StackID = "arn:aws:cloudformation:eu-central-1:210000000000:stack/StackSet-x/y"
	underWay := &report.Report{DataAt: madeAt, Run: report.Run{ID: "r", Engine: "embedded", Started: madeAt, Stage: "Heal", HomeRegion: "eu-central-1"},
		Actions: []report.Action{{ID: "a", StackSet: "s", Action: "CREATE"}}}

	schema := compiled(t, ReportSchema())
	for name, report := range map[string]*report.Report{"after a heal": full, "under way": underWay, "empty": {}} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := JSON(&out, report); err != nil {
				t.Fatal(err)
			}
			validate(t, schema, out.Bytes())
		})
	}
}

// A field that the schema does not describe fails here, whether or not the
// fixture ever sets it.
func TestSchemasDescribeEveryField(t *testing.T) {
	for name, c := range map[string]struct {
		schema []byte
		of     reflect.Type
	}{"report": {ReportSchema(), reflect.TypeFor[report.Report]()}, "decision": {DecisionSchema(), reflect.TypeFor[report.Decision]()}} {
		var schema map[string]any
		if err := json.Unmarshal(c.schema, &schema); err != nil {
			t.Fatal(err)
		}
		for _, missing := range undescribed(schema, schema, c.of, name) {
			t.Errorf("%s is not in the schema", missing)
		}
	}
}

// undescribed lists the JSON fields of a type that a schema's node lacks.
func undescribed(root, node map[string]any, of reflect.Type, path string) []string {
	if ref, ok := node["$ref"].(string); ok {
		node = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	child := func(key string) map[string]any { found, _ := node[key].(map[string]any); return found }
	switch {
	case of.Kind() == reflect.Pointer:
		return undescribed(root, node, of.Elem(), path)
	case of.Kind() == reflect.Slice:
		return undescribed(root, child("items"), of.Elem(), path+"[]")
	case of.Kind() == reflect.Map:
		return undescribed(root, child("additionalProperties"), of.Elem(), path+"{}")
	case of.Kind() != reflect.Struct || of == reflect.TypeFor[time.Time]():
		return nil
	}
	var missing []string
	for _, field := range reflect.VisibleFields(of) {
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if tag == "" || tag == "-" {
			continue // embedded: its fields are visible themselves
		}
		described, ok := child("properties")[tag].(map[string]any)
		if !ok {
			missing = append(missing, path+"."+tag)
			continue
		}
		missing = append(missing, undescribed(root, described, field.Type, path+"."+tag)...)
	}
	return missing
}

func TestReportSchemaRefusesWhatIsNoReport(t *testing.T) {
	schema := compiled(t, ReportSchema())
	for name, text := range map[string]string{"nothing": `{}`, "a list": `[]`} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(document) == nil {
			t.Errorf("%s passed for a report", name)
		}
	}
}

func TestReportReadsBackAsItWas(t *testing.T) {
	made := reportOf(400)
	var first, second bytes.Buffer
	if err := JSON(&first, made); err != nil {
		t.Fatal(err)
	}
	var read report.Report
	if err := json.Unmarshal(first.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if err := JSON(&second, &read); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("a report that was read and written again differs")
	}
}

func TestEveryCellOfAReportHasALineOfItsOwn(t *testing.T) {
	made := reportOf(400)
	var out bytes.Buffer
	if err := JSON(&out, made); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(out.String()) {
		var cell report.Cell
		if strings.Contains(line, `"desire"`) && json.Unmarshal([]byte(strings.Trim(line, " ,\n]")), &cell) == nil && cell.Account != "" {
			lines++
		}
	}
	if lines != len(made.Cells) {
		t.Errorf("%d lines are a cell, want %d", lines, len(made.Cells))
	}
}

// The lines are the same document that encoding/json would write.
func TestReportIsWhatEncodingWouldWrite(t *testing.T) {
	report := complete(reportOf(400))
	var out bytes.Buffer
	if err := JSON(&out, report); err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Compact(&got, out.Bytes()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Error("the documents differ")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestReportThatCannotBeWrittenIsAnError(t *testing.T) {
	if err := JSON(brokenWriter{}, reportOf(400)); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("error %v", err)
	}
	if err := Page(brokenWriter{}, reportOf(400), Options{}); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("page: error %v", err)
	}
}

func sequence(decisions []report.Decision, end error) iter.Seq2[report.Decision, error] {
	return func(yield func(report.Decision, error) bool) {
		for _, decision := range decisions {
			if !yield(decision, nil) {
				return
			}
		}
		if end != nil {
			yield(report.Decision{}, end)
		}
	}
}

func TestDecisionsAreOneValidLineEach(t *testing.T) {
	decisions := decisionsOf(reportOf(1500))
	decisions = append(decisions, report.Decision{Time: madeAt, Run: "r", StackSet: "", Reason: "the organization shrank\nby half", Action: "guard", Outcome: "stopped"})
	var out bytes.Buffer
	if err := DecisionsJSONL(&out, sequence(decisions, nil)); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(decisions) {
		t.Fatalf("%d lines for %d decisions", len(lines), len(decisions))
	}
	schema := compiled(t, DecisionSchema())
	for _, line := range lines {
		validate(t, schema, []byte(line))
	}
}

func TestDecisionsEndAtTheFirstErrorWithWhatCameBefore(t *testing.T) {
	broken := errors.New("the log is torn")
	var out bytes.Buffer
	err := DecisionsJSONL(&out, sequence([]report.Decision{{Time: time.Unix(0, 0), Run: "r"}}, broken))
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want it to wrap %v", err, broken)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("wrote %q, want the one decision before the error", out.String())
	}
}
