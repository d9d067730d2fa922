package asl_test

import (
	"strings"
	"testing"
)

// Fields, values and paths that the specification and the developer guide allow.
func TestADefinitionThatStepFunctionsTakesIsTaken(t *testing.T) {
	for _, d := range []string{
		`{"Comment": "c", "Version": "1.0", "QueryLanguage": "JSONPath", "TimeoutSeconds": 100, "StartAt": "S", "States": {"S": {"Type": "Succeed", "Comment": "x", "QueryLanguage": "JSONPath"}}}`,
		one(`{"Type": "Task", "Resource": "known", "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$$.x", "InputPath": "$v.x", "Parameters": {"a.$": "$", "b": null}, "ResultSelector": {"x.$": "$..y"}, "ResultPath": "$.a['b c'][0]", "OutputPath": "$.a[?(@.b)]", "Assign": {"v.$": "$"}, "Retry": [{"ErrorEquals": ["States.ALL"], "Comment": "x", "IntervalSeconds": 1, "MaxAttempts": 0, "BackoffRate": 1, "MaxDelaySeconds": 2, "JitterStrategy": "NONE"}], "End": true}`),
		one(`{"Type": "Task", "Resource": "known", "End": true, "Retry": [], "Catch": []}`),
		one(`{"Type": "Task", "Resource": "known", "End": true, "Retry": [{"ErrorEquals": ["E"], "MaxDelaySeconds": 1}]}`),
		one(`{"Type": "Pass", "Result": null, "End": true}`),
		one(`{"Type": "Pass", "Parameters": ["x"], "End": true}`),
		one(`{"Type": "Pass", "Parameters": {"a": {"b.$": "$$"}, "c": [{"d.$": "$v"}]}, "Assign": {}, "End": true}`),
		one(`{"Type": "Fail", "ErrorPath": "States.Format('{}', $.e)", "Cause": "x", "Comment": "c"}`),
		one(`{"Type": "Wait", "SecondsPath": "$.a[0]", "InputPath": null, "Comment": "c", "End": true}`),
		one(`{"Type": "Wait", "Timestamp": "2016-03-14T01:59:00+02:00", "End": true}`),
		one(`{"Type": "Map", "End": true, "Iterator": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}, "MaxConcurrency": 0, "ItemsPath": "$$.x", "Parameters": {"x.$": "$$.Map.Item.Value"}, "ResultSelector": {"a.$": "$"}}`),
		distributed(`"ItemsPath": "$.a", "ItemSelector": {"v.$": "$$.Map.Item.Value"}, "Label": "L", "MaxConcurrencyPath": "$.m", "ToleratedFailureCountPath": "$.c", "ToleratedFailurePercentage": 5.5, "ItemBatcher": {"MaxItemsPerBatchPath": "$.n", "MaxInputBytesPerBatch": 1000, "BatchInput": {"x.$": "$.y"}}, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}, "WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSONL"}}`),
		distributed(`"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "CSVDelimiter": "PIPE", "MaxItemsPath": "$.m"}, "Parameters": {"Bucket.$": "$.b", "Key": "k"}}`),
		distributed(`"ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}}`),
		one(`{"Type": "Parallel", "End": true, "Branches": [{"Comment": "c", "StartAt": "B", "States": {"B": {"Type": "Succeed"}}}], "Parameters": {"a": 1}, "ResultSelector": {"x.$": "$[0]"}, "Retry": [{"ErrorEquals": ["States.TaskFailed", "States.Timeout"]}]}`),
		`{"StartAt": "S", "States": {"S": {"Type": "Choice", "InputPath": "$.x", "OutputPath": "$.y", "Comment": "c", "Default": "T", "Choices": [{"Comment": "r", "And": [{"Comment": "x", "Variable": "$.a", "IsPresent": true}, {"Not": {"Variable": "$.b", "StringMatches": "x\\*"}}], "Next": "T"}, {"Variable": "$.a[0]['b']", "TimestampLessThanEqualsPath": "$$.Execution.StartTime", "Next": "T"}]}, "T": {"Type": "Succeed"}}}`,
		`{"StartAt": "S", "States": {"S": {"Type": "Pass", "Next": "T", "End": false}, "T": {"Type": "Succeed"}}}`,
	} {
		if list := problems(d); len(list) > 0 {
			t.Errorf("%s\n%s", d, strings.Join(list, "\n"))
		}
	}
}

func TestAPathThatStepFunctionsTakesIsTaken(t *testing.T) {
	for _, path := range []string{
		"$", "$$", "$v", "$.a", "$['a']", `$["a"]`, "$.['a b']", "$.abc.['def ghi']", "$.a[0]", "$.a[-1]", "$.a[ 0 ]", "$.a[0,1]", "$.a[0, 1]", "$.a[1:]", "$.a[:2]", "$.a[-2:]",
		"$.a[0:4:2]", "$.a[*]", "$.*", "$[*]", "$..a", "$..*", "$..['a']", "$..a[0].b", "$['a','b']", "$.é.日本", "$.a-b", "$.a_b", "$.@type", "$.a:b", "$.#",
		"$.a[?(@.b)]", "$.a[?(!@.b)]", "$.a[?(@.b == 'c')]", `$.a[?(@.b == "c")]`, "$.a[?(@.b==1)]", "$.a[?(@.b === 1)]", "$.a[?(@['b'] != null)]", "$.a[?(@.b < $.c)]",
		"$.a[?(@.b == 1 && (@.c || !(@.d)))]", "$.a[?(@.b =~ /x.*/i)]", "$.a[?(@.b in ['x', 'y'])]", "$.a[?(@.b nin [1])]", "$.a[?(@.b subsetof [1])]",
		"$.a[?(@.b anyof [1])]", "$.a[?(@.b noneof [1])]", "$.a[?(@.b all [1])]", "$.a[?(@.b contains 'x')]", "$.a[?(@.b size 2)]", "$.a[?(@.b empty true)]",
		"$.[*].['bucket', 'key']", "$.[?(@.a > 0)]", "$.a[?(@.Type==VENDOR)]", "$.a[?(@.b.length() > 1)]", "$.a[?(@.b)][0]", "$[?(@.a)]", "$.jar[?(@.a >= 5)]", "$.a.length()", "$.a.size()", "$.a.min()", "$.a.keys()", "$.a.first()",
		`$.store\\.book`, `$.\\stor\\e.boo\\k`, `$.foo.\\.bar`, `$.foo\\@bar.baz\\[\\[.\\?pretty`, `$.&Ж中.\uD800\uDF46`, "$.ledgers[0][22][315].foo",
	} {
		path = strings.ReplaceAll(path, `"`, `\"`)
		if list := problems(one(`{"Type": "Pass", "Parameters": {"x.$": "` + path + `"}, "OutputPath": "` + path + `", "End": true}`)); len(list) > 0 {
			t.Error(strings.Join(list, "\n"))
		}
	}
}

func TestACallThatStepFunctionsTakesIsTaken(t *testing.T) {
	const nested = "States.Format('{}.{}.{}', States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.I.Arn, '/'), 2), '.'), 0), States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.I.Arn, '/'), 2), '.'), 1))"
	for _, call := range []string{
		nested, "States.Array()", "States.Array( 'a' , 1, -1.5e3, null, true, $, $$, $v, $$.a, $v.b[0], $.a['b,c)'], $..d)", "States.UUID( )", "States.Array('', 'é日本😀')",
		`States.Format('Welcome to {} {}\\'s playlist.', $.firstName, $.lastName)`, `States.StringToJson('\\{\"a\":1\\}')`, `States.Array('\\\\')`, "States.Format($.template, $.name)",
		"States.JsonMerge($.a, $.b[?(@.c == 'd, (e)')][0], false)", "States.MathRandom($.start, $.end, 5)", "States.Array($.a.length(), $.b[0,1])",
	} {
		if list := problems(one(`{"Type": "Pass", "Parameters": {"x.$": "` + call + `"}, "End": true}`)); len(list) > 0 {
			t.Error(strings.Join(list, "\n"))
		}
	}
}
