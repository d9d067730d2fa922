package asl_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

const inYAML = `Comment: a definition as SAM has it
StartAt: Wait
States:
  Wait:
    Type: Wait
    Seconds: ${Delay}
    Next: Call
  Call:
    Type: Task
    Resource: !GetAtt Function.Arn
    Parameters:
      text: "${Text}"
      n: 0x10
      list: [1, 2.50, yes, null, 2001-01-01]
    End: true
`

func TestADefinitionMayBeYAML(t *testing.T) {
	if list := problems(inYAML); len(list) > 0 {
		t.Fatal(list)
	}
	filled := asl.Substitute([]byte(inYAML), map[string]string{"Delay": "0", "Text": "a: b"})
	m, err := asl.Parse(filled)
	if err != nil {
		t.Fatal(err)
	}
	engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"${Function.Arn}": echo}})
	o, err := engine.Run(t.Context(), "run", m, nil)
	if err != nil || string(o.Output) != `{"text":"a: b","n":16,"list":[1,2.50,"yes",null,"2001-01-01"]}` {
		t.Errorf("%s %s, %v", o.Output, o.Cause, err)
	}
	// An execution is resumed with what is stored, which is JSON.
	if !json.Valid(m.Definition()) {
		t.Errorf("%s", m.Definition())
	}
}

func TestSubstitutionsWithoutQuotesAreOfAnyType(t *testing.T) {
	definition := one(`{"Type": "Map", "MaxConcurrency": ${Most}, "ItemProcessor": ${Processor}, "Retry": ${ Retry }, "End": true}`)
	if list := problems(definition); len(list) > 0 {
		t.Error(list)
	}
	_, err := asl.Parse([]byte(one(`{"Type": "Wait", "Seconds": ${Delay}, "End": true}`)))
	if err == nil || !strings.Contains(err.Error(), "the substitution ${Delay} has no value") {
		t.Error(err)
	}
	m, err := asl.Parse(asl.Substitute([]byte(one(`{"Type": "Pass", "Result": {"n": ${N}, "s": "<${S}>", "kept": "${Kept}"}, "End": true}`)),
		map[string]string{"N": "7", "S": "a\"b\n"}))
	if err != nil {
		t.Fatal(err)
	}
	o, err := asl.NewEngine(asl.Config{}).Run(t.Context(), "run", m, nil)
	if err != nil || string(o.Output) != `{"n":7,"s":"<a\"b\n>","kept":"${Kept}"}` {
		t.Errorf("%s, %v", o.Output, err)
	}
}

func TestProblemsHaveTheirLines(t *testing.T) {
	for definition, want := range map[string]map[string]int{
		"{\"StartAt\": \"S\",\n\"States\": {\n  \"S\": {\"Type\": \"Pass\",\n  \"Next\": \"T\"},\n  \"U v\": {\"Type\": \"Succeed\"}\n}}": {"$.States.S.Next": 4, "$.States['U v']": 5},
		"{\"StartAt\": \"S\"\n\"States\"": {"$": 2},
		"StartAt: S\nStates:\n  S:\n    Type: Task\n    Resource: f\n    Retry:\n    - ErrorEquals: [E]\n      BackoffRate: 0.5\n    End: true\n": {"$.States.S.Retry[0].BackoffRate": 8},
		"StartAt: S\nStates:\n\t S: 1\n":      {"$": 3},
		"\xEF\xBB\xBF{\n\"StartAt\": \xff}":   {"$": 2},
		"":                                    {"$": 1},
		"StartAt: S\nStates: !If [a, b]\n":    {"$": 2},
		"StartAt: S\nStates:\n  <<: {a: b}\n": {"$": 3},
	} {
		got := map[string]int{}
		for _, p := range asl.Validate([]byte(definition), nil) {
			got[p.Path] = p.Line
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", definition, diff)
		}
	}
}

func TestWhatIsThereTwiceIsRefused(t *testing.T) {
	for _, definition := range []string{
		`{"StartAt": "S", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}`,
		`{"StartAt": "S", "States": {"S": {"Type": "Succeed"}, "S": {"Type": "Succeed"}}}`,
		one(`{"Type": "Pass", "Result": {"a": [{"b": 1, "b": 2}]}, "End": true}`),
		"StartAt: S\nStates:\n  S: {Type: Succeed}\n  S: {Type: Succeed}\n",
	} {
		if list := problems(definition); len(list) != 1 || !strings.HasSuffix(list[0], "is there twice") {
			t.Errorf("%s: %v", definition, list)
		}
	}
}

func TestAliasesDoNotUnfoldForEver(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		line := strings.ReplaceAll("Y: &Y [*X, *X, *X, *X, *X, *X, *X, *X, *X, *X]\n", "X", string(c-1))
		bomb += strings.ReplaceAll(line, "Y", string(c))
	}
	_, err := asl.Parse([]byte(bomb))
	var refused *asl.DefinitionError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "unfolds to too much") {
		t.Errorf("%.300v", err)
	}
}

func TestAByteOrderMarkIsSkipped(t *testing.T) {
	m, err := asl.Parse([]byte("\uFEFF" + one(`{"Type": "Pass", "End": true}`)))
	if err != nil {
		t.Fatal(err)
	}
	o, err := asl.NewEngine(asl.Config{}).Run(t.Context(), "run", m, json.RawMessage("\uFEFF{\"a\": \"<&>\"}"))
	if err != nil || string(o.Output) != `{"a": "<&>"}` {
		t.Errorf("%s, %v", o.Output, err)
	}
	if _, err := asl.NewEngine(asl.Config{}).Run(t.Context(), "run", m, json.RawMessage("{\"a\": \"\xff\"}")); err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Error(err)
	}
}

// FuzzText: no text does any harm.
func FuzzText(f *testing.F) {
	f.Add([]byte(inYAML))
	f.Add([]byte(one(`{"Type": "Map", "MaxConcurrency": ${Most}, "End": true}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		valid := len(asl.Validate(text, nil)) == 0
		if _, err := asl.Parse(text); err == nil && !valid {
			t.Error("loaded, but not valid")
		}
	})
}
