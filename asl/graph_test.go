package asl_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

const drawn = `{"StartAt": "Call", "States": {
	"Call": {"Type": "Task", "Resource": "f", "Next": "Again?", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Both"}]},
	"Again?": {"Type": "Choice", "Choices": [
		{"And": [{"Variable": "$.done", "BooleanEquals": false}, {"Not": {"Variable": "$.n", "NumericGreaterThan": 3}}], "Next": "Call"}], "Default": "Both"},
	"Both": {"Type": "Parallel", "End": true, "Branches": [
		{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A2"}, "A2": {"Type": "Succeed"}}},
		{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Fail"}}}}}}]}}}`

func TestADefinitionIsDrawnForMermaid(t *testing.T) {
	want := `stateDiagram-v2
    state "Call · Task" as s0
    state "Again? · Choice" as s1
    state "Both · Parallel" as s2 {
        state "A · Pass" as s3
        state "A2 · Succeed" as s4
        [*] --> s3
        s3 --> s4
        s4 --> [*]
        --
        state "M · Map" as s5 {
            state "I · Fail" as s6
            [*] --> s6
            s6 --> [*]
        }
        [*] --> s5
        s5 --> [*]
    }
    [*] --> s0
    s0 --> s1
    s0 --> s2: catch States.ALL
    s1 --> s0: $.done BooleanEquals false and not $.n NumericGreaterThan 3
    s1 --> s2: default
    s2 --> [*]
`
	if diff := cmp.Diff(want, asl.Graph(parse(t, drawn)).Mermaid()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestADefinitionIsDrawnAsSVG(t *testing.T) {
	svg := asl.Graph(parse(t, strings.ReplaceAll(drawn, "Again?", "<Again> & \\\"again\\\""))).SVG()
	var titles []string
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the picture is not XML: %v\n%s", err, svg)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "title" {
			var title string
			if err := decoder.DecodeElement(&title, &start); err != nil {
				t.Fatal(err)
			}
			titles = append(titles, title)
		}
	}
	want := []string{"Call", `<Again> & "again"`, "Both", "A", "A2", "M", "I"}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Errorf("boxes (-want +got):\n%s", diff)
	}
	if got := strings.Count(svg, `class="arrow"`); got != 5 {
		t.Errorf("%d arrows, want 5", got)
	}
}
