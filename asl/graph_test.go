package asl_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
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

// looping has arrows back, beside and past other states, and many to one.
const looping = `{"StartAt": "A", "States": {
	"A": {"Type": "Task", "Resource": "f", "Next": "Done?", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Told"}]},
	"Done?": {"Type": "Choice", "Choices": [{"Variable": "$.done", "BooleanEquals": true, "Next": "B"}, {"Variable": "$.n", "NumericGreaterThan": 3, "Next": "Told"}], "Default": "Pause"},
	"Pause": {"Type": "Wait", "Seconds": 1, "Next": "A"},
	"B": {"Type": "Task", "Resource": "f", "Next": "C", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Told"}]},
	"C": {"Type": "Task", "Resource": "f", "Next": "End", "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "C"}, {"ErrorEquals": ["States.ALL"], "Next": "Told"}]},
	"Told": {"Type": "Task", "Resource": "f", "Next": "End"},
	"End": {"Type": "Succeed"}}}`

func TestNoArrowCrossesABoxAndNothingIsCutOff(t *testing.T) {
	svg := asl.Graph(parse(t, looping)).SVG()
	var width, height float64
	if _, err := fmt.Sscanf(svg[strings.Index(svg, "width="):], `width="%f" height="%f"`, &width, &height); err != nil {
		t.Fatal(err)
	}
	boxes := regexp.MustCompile(`class="box" x="([-.0-9]+)" y="([-.0-9]+)" width="([-.0-9]+)" height="([-.0-9]+)"`).FindAllStringSubmatch(svg, -1)
	round := regexp.MustCompile(`d="M([-.0-9]+) ([-.0-9]+)V([-.0-9]+)H([-.0-9]+)V([-.0-9]+)H([-.0-9]+)V([-.0-9]+)"`).FindAllStringSubmatch(svg, -1)
	if len(boxes) != 7 || len(round) != 6 {
		t.Fatalf("%d boxes and %d arrows that go round, want 7 and 6", len(boxes), len(round))
	}
	for _, match := range round {
		p := measures(t, match[1:])
		for i, s := range [][4]float64{{p[0], p[1], p[0], p[2]}, {p[0], p[2], p[3], p[2]}, {p[3], p[2], p[3], p[4]}, {p[3], p[4], p[5], p[4]}, {p[5], p[4], p[5], p[6]}} {
			x1, x2, y1, y2 := min(s[0], s[2]), max(s[0], s[2]), min(s[1], s[3]), max(s[1], s[3])
			if x1 < 0 || y1 < 1 || x2 > width || y2 > height {
				t.Errorf("part %d of the arrow %s leaves the picture", i, match[0])
			}
			for _, box := range boxes {
				b := measures(t, box[1:])
				if x1 < b[0]+b[2] && x2 > b[0] && y1 < b[1]+b[3] && y2 > b[1] {
					t.Errorf("part %d of the arrow %s crosses the box %s", i, match[0], box[0])
				}
			}
		}
	}
}

func measures(t *testing.T, texts []string) []float64 {
	t.Helper()
	var list []float64
	for _, text := range texts {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
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
