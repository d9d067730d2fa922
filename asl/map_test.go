package asl_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

func TestAMapRunsNoMoreIterationsAtOnceThanItMay(t *testing.T) {
	for name, c := range map[string]struct {
		fields string
		limits asl.Limits
		want   int64
	}{
		"one by one":            {`"MaxConcurrency": 1`, asl.Limits{}, 1},
		"a few":                 {`"MaxConcurrency": 7`, asl.Limits{}, 7},
		"as many as AWS":        {`"MaxConcurrency": 0`, asl.Limits{}, 40},
		"as AWS, though more":   {`"MaxConcurrency": 50`, asl.Limits{}, 40},
		"without a limit":       {`"MaxConcurrency": 0`, asl.Limits{InlineConcurrency: -1}, 100},
		"as the input has it":   {`"MaxConcurrencyPath": "$.max"`, asl.Limits{}, 3},
		"as a variable has it":  {`"MaxConcurrencyPath": "$max"`, asl.Limits{}, 4},
		"of a distributed kind": {`"MaxConcurrency": 60`, asl.Limits{}, 60},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var now, most atomic.Int64
				tasks := asl.FunctionMap{"work": func(_ context.Context, in json.RawMessage) (json.RawMessage, error) {
					most.Store(max(most.Load(), now.Add(1)))
					defer now.Add(-1)
					time.Sleep(time.Second)
					return in, nil
				}}
				mode := "INLINE"
				if strings.Contains(name, "distributed") {
					mode = "DISTRIBUTED"
				}
				got := run(t, asl.NewEngine(asl.Config{Tasks: tasks, Limits: c.limits}), `{"StartAt": "V", "States": {
					"V": {"Type": "Pass", "Assign": {"max": 4}, "Next": "M"},
					"M": {"Type": "Map", "ItemsPath": "$.items", "End": true, `+c.fields+`, "ItemProcessor": {
						"ProcessorConfig": {"Mode": "`+mode+`", "ExecutionType": "STANDARD"},
						"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "work", "End": true}}}}}}`,
					`{"max": 3, "items": `+numbers(100)+`}`)
				expect(t, got, succeeded(numbers(100)))
				if most.Load() != c.want {
					t.Errorf("%d at once, want %d", most.Load(), c.want)
				}
			})
		})
	}
}

func TestAFailedIterationEndsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"until": until}})
		got := run(t, engine, `{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "C", "States": {
			"C": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "W"}], "Default": "T"},
			"T": {"Type": "Task", "Resource": "until", "End": true},
			"W": {"Type": "Wait", "Seconds": 5, "Next": "F"},
			"F": {"Type": "Fail", "Error": "E", "Cause": "two"}}}}}}`, `[1, 2, 3]`)
		expect(t, got, failed("E", "two"))
		want := "FailStateEntered MapIterationFailed TaskStateAborted MapIterationAborted TaskStateAborted MapIterationAborted MapStateFailed ExecutionFailed"
		if got := history(t, engine); !strings.HasSuffix(got, want) {
			t.Errorf("history ends\n%s, want\n%s", got, want)
		}
	})
}

func TestAFailedBranchEndsTheOthersAndIsCaught(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := asl.NewEngine(asl.Config{})
		got := run(t, engine, `{"StartAt": "P", "States": {
			"P": {"Type": "Parallel", "End": true, "Catch": [{"ErrorEquals": ["E"], "Next": "Done"}], "Branches": [
				{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 99, "End": true}}},
				{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}]},
			"Done": {"Type": "Succeed"}}}`, `{}`)
		expect(t, got, succeeded(`{"Error":"E","Cause":"c"}`))
		want := "ExecutionStarted ParallelStateEntered ParallelStateStarted WaitStateEntered FailStateEntered WaitStateAborted ParallelStateFailed ParallelStateExited SucceedStateEntered SucceedStateExited ExecutionSucceeded"
		if got := history(t, engine); got != want {
			t.Errorf("history\n%s, want\n%s", got, want)
		}
	})
}

// distributed is a Map with child executions that hand their input on.
func distributed(fields string) string {
	return one(`{"Type": "Map", "End": true, ` + fields + `, "ItemProcessor": {
		"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
		"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}}`)
}

const objects = `"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {%s}, "Parameters": {"Bucket.$": "$.dir", "Key": %q}}`

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestItemsAreReadFromFiles(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"items.json":              `[{"a": 1.50}, "x", null]`,
		"deep.json":               `{"data": {"a/b": [1, 2, 3]}}`,
		"object.json":             `{"a": 1}`,
		"items.jsonl":             "{\"a\": 1}\n\n[2]\r\n3",
		"items.csv":               "\uFEFFid,name\n1,\"Ann, Bob\"\n2\n",
		"items.psv":               "1|2\n",
		"broken.json":             `[1,`,
		"athena.csv":              "nowhere\n",
		"items.json.gz":           gzipped(t, `[1, 2]`),
		"torn.gz":                 gzipped(t, `[1, 2]`)[:12],
		"inventory/manifest.json": `{"fileFormat": "CSV", "fileSchema": "Bucket, Key, Size", "files": [{"key": "inventory/1.csv.gz", "size": 1}, {"key": "inventory/2.csv.gz"}]}`,
		"inventory/1.csv.gz":      gzipped(t, "\"b\",\"a+b%2Fc.txt\",\"7\"\n"),
		"inventory/2.csv.gz":      gzipped(t, "\"b\",\"d\",\"8\"\n\"b\",\"e\",\"9\"\n"),
		"inventory/orc.json":      `{"fileFormat": "ORC", "files": []}`,
		"inventory/list.json":     `[]`,
		"lines/1.jsonl":           "{\"n\": 1}\n{\"n\": 2}\n",
		"lines/2.jsonl":           "{\"n\": 3}\n",
		"table.parquet":           "PAR1",
		"sub/a.txt":               "aa",
		"sub/b.txt":               "b",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		fields string
		want   asl.Outcome
	}{
		"JSON":            {fmt.Sprintf(objects, `"InputType": "JSON"`, "items.json"), succeeded(`[{"a":1.50},"x",null]`)},
		"gzip":            {fmt.Sprintf(objects, `"InputType": "JSON"`, "items.json.gz"), succeeded(`[1,2]`)},
		"torn gzip":       {fmt.Sprintf(objects, `"InputType": "JSON"`, "torn.gz"), failed("States.ItemReaderFailed", "unexpected EOF")},
		"all items":       {fmt.Sprintf(objects, `"InputType": "JSON", "MaxItems": 0`, "items.json.gz"), succeeded(`[1,2]`)},
		"inventory":       {fmt.Sprintf(objects, `"InputType": "MANIFEST", "MaxItems": 2`, "inventory/manifest.json"), succeeded(`[{"Bucket":"b","Key":"a b/c.txt","Size":"7"},{"Bucket":"b","Key":"d","Size":"8"}]`)},
		"ORC":             {fmt.Sprintf(objects, `"InputType": "MANIFEST", "ManifestType": "S3_INVENTORY"`, "inventory/orc.json"), failed("States.ItemReaderFailed", "the inventory's format ORC is not read here: let S3 write it as CSV")},
		"no manifest":     {fmt.Sprintf(objects, `"InputType": "MANIFEST"`, "inventory/list.json"), failed("States.ItemReaderFailed", "reading the manifest: it is not an object")},
		"Athena":          {fmt.Sprintf(objects, `"InputType": "JSONL", "ManifestType": "ATHENA_DATA"`, "athena.csv"), failed("States.ItemReaderFailed", "the manifest lists \"nowhere\", which is not the address of an object on S3")},
		"Parquet":         {fmt.Sprintf(objects, `"InputType": "PARQUET"`, "table.parquet"), failed("States.ItemReaderFailed", "the InputType PARQUET is not read here: export the data as CSV or JSONL")},
		"what is listed":  {`"ItemReader": {"Resource": "arn:aws-cn:states:cn-north-1:123456789012:s3:listObjectsV2", "ReaderConfig": {"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"}, "Parameters": {"Bucket.$": "$.dir", "Prefix": "lines/"}}`, succeeded(`[{"n":1},{"n":2},{"n":3}]`)},
		"JSON within":     {fmt.Sprintf(objects, `"InputType": "JSON", "ItemsPointer": "/data/a~1b", "MaxItems": 2`, "deep.json"), succeeded(`[1,2]`)},
		"JSON lines":      {fmt.Sprintf(objects, `"InputType": "JSONL"`, "items.jsonl"), succeeded(`[{"a":1},[2],3]`)},
		"CSV":             {fmt.Sprintf(objects, `"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"`, "items.csv"), succeeded(`[{"id":"1","name":"Ann, Bob"},{"id":"2","name":""}]`)},
		"CSV, headers":    {fmt.Sprintf(objects, `"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"], "CSVDelimiter": "PIPE"`, "items.psv"), succeeded(`[{"a":"1","b":"2"}]`)},
		"one item":        {fmt.Sprintf(objects, `"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItemsPath": "$.max"`, "items.csv"), succeeded(`[{"id":"1","name":"Ann, Bob"}]`)},
		"a listing":       {`"ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket.$": "$.dir", "Prefix": "sub/"}}`, succeeded(`[{"Key":"sub/a.txt","Size":2},{"Key":"sub/b.txt","Size":1}]`)},
		"not an array":    {fmt.Sprintf(objects, `"InputType": "JSON"`, "object.json"), failed("States.ItemReaderFailed", "Attempting to map over non-iterable node.")},
		"not JSON":        {fmt.Sprintf(objects, `"InputType": "JSON"`, "broken.json"), failed("States.ItemReaderFailed", "reading JSON: unexpected end of JSON at offset 3")},
		"no file":         {fmt.Sprintf(objects, `"InputType": "JSON"`, "absent.json"), failed("States.ItemReaderFailed", "openat absent.json: no such file or directory")},
		"outside":         {fmt.Sprintf(objects, `"InputType": "JSON"`, "../x.json"), failed("States.ItemReaderFailed", "openat ../x.json: path escapes from parent")},
		"no object store": {strings.ReplaceAll(fmt.Sprintf(objects, `"InputType": "JSON"`, "x"), `"Bucket.$": "$.dir"`, `"Bucket": "b"`), failed("States.ItemReaderFailed", "no object store is configured for S3")},
	} {
		t.Run(name, func(t *testing.T) {
			engine := asl.NewEngine(asl.Config{})
			input, _ := json.Marshal(map[string]any{"dir": "file://" + dir, "max": 1})
			expect(t, run(t, engine, distributed(c.fields), string(input)), c.want)
			want := "ExecutionStarted MapStateEntered MapStateStarted MapRunStarted MapRunSucceeded MapStateSucceeded MapStateExited ExecutionSucceeded"
			if c.want.Status != asl.StatusSucceeded {
				want = "ExecutionStarted MapStateEntered MapStateStarted MapRunStarted MapRunFailed MapStateFailed ExecutionFailed"
			}
			if got := history(t, engine); got != want {
				t.Errorf("history\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestItemsAreWhatTheyWereWhenTheMapBegan(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "items.json")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`[1, 2, 3]`)
	definition := one(`{"Type": "Map", "End": true, "MaxConcurrency": 1, ` + fmt.Sprintf(objects, `"InputType": "JSON"`, "items.json") + `, "ItemProcessor": {
		"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
		"StartAt": "I", "States": {"I": {"Type": "Task", "Resource": "echo", "End": true}}}}`)
	store := asl.NewMemoryStore()
	ctx, cancel := context.WithCancel(t.Context())
	interrupted := asl.FunctionMap{"echo": func(ctx context.Context, in json.RawMessage) (json.RawMessage, error) {
		if string(in) == "2" {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return in, nil
	}}
	input := json.RawMessage(`{"dir": "file://` + dir + `"}`)
	if _, err := asl.NewEngine(asl.Config{Store: store, Tasks: interrupted}).Run(ctx, "run", parse(t, definition), input); err == nil {
		t.Fatal("the run was not interrupted")
	}
	write(`["something", "else"]`)
	outcome, err := asl.NewEngine(asl.Config{Store: store, Tasks: asl.FunctionMap{"echo": echo}}).Resume(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, outcome, succeeded(`[1,2,3]`))
}

func TestBatchesHoldAsMuchAsTheyMay(t *testing.T) {
	for name, c := range map[string]struct{ batcher, want string }{
		"by number":           {`"MaxItemsPerBatch": 2`, `[{"Items":[1,2]},{"Items":[3,4]},{"Items":[5]}]`},
		"by number in input":  {`"MaxItemsPerBatchPath": "$.n"`, `[{"Items":[1,2,3]},{"Items":[4,5]}]`},
		"by bytes":            {`"MaxInputBytesPerBatch": 16`, `[{"Items":[1,2]},{"Items":[3,4]},{"Items":[5]}]`},
		"at least one":        {`"MaxInputBytesPerBatch": 1`, `[{"Items":[1]},{"Items":[2]},{"Items":[3]},{"Items":[4]},{"Items":[5]}]`},
		"with something else": {`"MaxItemsPerBatch": 9, "BatchInput": {"n.$": "$.n"}`, `[{"BatchInput":{"n":3},"Items":[1,2,3,4,5]}]`},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, asl.NewEngine(asl.Config{}), distributed(`"ItemsPath": "$.items", "ItemBatcher": {`+c.batcher+`}`), `{"n": 3, "items": [1, 2, 3, 4, 5]}`)
			expect(t, got, succeeded(c.want))
		})
	}
}

func TestChildExecutionsMayFailAsFarAsIsTolerated(t *testing.T) {
	const threshold = "The specified tolerated failure threshold was exceeded"
	for name, c := range map[string]struct {
		fields string
		want   asl.Outcome
	}{
		"none":               {`"Label": "L"`, failed("States.ExceedToleratedFailureThreshold", threshold)},
		"one too few":        {`"ToleratedFailureCount": 1`, failed("States.ExceedToleratedFailureThreshold", threshold)},
		"enough":             {`"ToleratedFailureCount": 2`, succeeded(`[1,3,5]`)},
		"by input":           {`"ToleratedFailureCountPath": "$.count"`, succeeded(`[1,3,5]`)},
		"a share":            {`"ToleratedFailurePercentage": 40`, succeeded(`[1,3,5]`)},
		"too small a share":  {`"ToleratedFailurePercentage": 39.9`, failed("States.ExceedToleratedFailureThreshold", threshold)},
		"a share by input":   {`"ToleratedFailurePercentagePath": "$.share"`, succeeded(`[1,3,5]`)},
		"either of the two":  {`"ToleratedFailurePercentage": 100, "ToleratedFailureCount": 1`, failed("States.ExceedToleratedFailureThreshold", threshold)},
		"whole batches fail": {`"ToleratedFailureCount": 2, "ItemBatcher": {"MaxItemsPerBatch": 2}`, failed("States.ExceedToleratedFailureThreshold", threshold)},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, asl.NewEngine(asl.Config{}), one(`{"Type": "Map", "End": true, "ItemsPath": "$.items", `+c.fields+`, "ItemProcessor": {
				"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "C", "States": {
				"C": {"Type": "Choice", "Choices": [
					{"And": [{"Variable": "$", "IsNumeric": true}, {"Or": [{"Variable": "$", "NumericEquals": 2}, {"Variable": "$", "NumericEquals": 4}]}], "Next": "F"},
					{"Variable": "$.Items", "IsPresent": true, "Next": "F"}], "Default": "Ok"},
				"F": {"Type": "Fail", "Error": "Even"}, "Ok": {"Type": "Succeed"}}}}`),
				`{"items": [1, 2, 3, 4, 5], "count": 2, "share": 50}`)
			expect(t, got, c.want)
		})
	}
}

func TestResultsAreWrittenToFiles(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		engine := asl.NewEngine(asl.Config{})
		got := run(t, engine, one(`{"Type": "Map", "End": true, "ToleratedFailureCount": 1,
			"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "file://`+dir+`", "Prefix": "out"}},
			"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "C", "States": {
				"C": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "F"}], "Default": "Ok"},
				"F": {"Type": "Fail", "Error": "Two", "Cause": "it is"}, "Ok": {"Type": "Succeed"}}}}`), `[1, 2]`)
		var output struct{ ResultWriterDetails struct{ Bucket, Key string } }
		if err := json.Unmarshal(got.Output, &output); err != nil {
			t.Fatalf("%+v: %v", got, err)
		}
		var manifest struct {
			ResultFiles map[string][]struct {
				Key  string
				Size int
			}
		}
		readJSON(t, filepath.Join(dir, output.ResultWriterDetails.Key), &manifest)
		for kind, want := range map[string]string{"SUCCEEDED": `"1"`, "FAILED": ``} {
			if len(manifest.ResultFiles[kind]) != 1 {
				t.Fatalf("%s: %+v", kind, manifest)
			}
			var entries []struct{ Input, Output, Status, Error string }
			readJSON(t, filepath.Join(dir, manifest.ResultFiles[kind][0].Key), &entries)
			if len(entries) != 1 || entries[0].Status != kind || want != "" && entries[0].Output != "1" {
				t.Errorf("%s: %+v", kind, entries)
			}
		}
	})
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", content, err)
	}
}

func TestResultsAreWrittenToTheJournalAndReadAgain(t *testing.T) {
	store := asl.NewMemoryStore()
	engine := asl.NewEngine(asl.Config{Store: store})
	got := run(t, engine, distributed(`"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject",
		"Parameters": {"Bucket": "journal://results"}, "WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSONL"}}`), `[[1, 2], [3]]`)
	var output struct{ ResultWriterDetails struct{ Bucket, Key string } }
	if err := json.Unmarshal(got.Output, &output); err != nil {
		t.Fatalf("%+v: %v", got, err)
	}
	key := strings.TrimSuffix(output.ResultWriterDetails.Key, "manifest.json") + "SUCCEEDED_0.jsonl"
	outcome, err := engine.Run(t.Context(), "again", parse(t, distributed(`"ItemReader": {"Resource": "arn:aws:states:::s3:getObject",
		"ReaderConfig": {"InputType": "JSONL"}, "Parameters": {"Bucket": "journal://results", "Key.$": "$.key"}}`)), json.RawMessage(`{"key": "`+key+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, outcome, succeeded(`[1,2,3]`))
	outcome, err = engine.Run(t.Context(), "list", parse(t, distributed(`"ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2",
		"Parameters": {"Bucket": "journal://results"}}`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	var listed []struct{ Key string }
	if err := json.Unmarshal(outcome.Output, &listed); err != nil || len(listed) != 2 {
		t.Errorf("listed %+v, %v", outcome, err)
	}
}

func TestResultsInTheOutputAreTransformed(t *testing.T) {
	got := run(t, asl.NewEngine(asl.Config{}), distributed(`"ResultWriter": {"WriterConfig": {"Transformation": "FLATTEN"}}`), `[[1, 2], 3]`)
	expect(t, got, succeeded(`[1,2,3]`))
	got = run(t, asl.NewEngine(asl.Config{}), distributed(`"ResultWriter": {"WriterConfig": {"Transformation": "NONE"}}`), `[1]`)
	var entries []struct{ Output, Status string }
	if err := json.Unmarshal(got.Output, &entries); err != nil || len(entries) != 1 || entries[0].Output != "1" || entries[0].Status != "SUCCEEDED" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestChildExecutionsDoNotSeeVariablesFromOutside(t *testing.T) {
	got := run(t, asl.NewEngine(asl.Config{}), `{"StartAt": "V", "States": {
		"V": {"Type": "Pass", "Assign": {"x": 1}, "Next": "M"},
		"M": {"Type": "Map", "End": true, "ToleratedFailureCount": 9, "ItemsPath": "$.items", "ItemSelector": {"x.$": "$x"}, "ItemProcessor": {
			"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
			"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"y.$": "$x"}, "End": true}}}}}}`, `{"items": [1]}`)
	expect(t, got, succeeded(`[]`))
}

func TestTheContextObjectKnowsTheItem(t *testing.T) {
	got := run(t, asl.NewEngine(asl.Config{}), one(`{"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "P", "States": {
		"P": {"Type": "Parallel", "End": true, "Branches": [{"StartAt": "Q", "States": {"Q": {"Type": "Pass", "End": true,
			"Parameters": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "s.$": "$$.State.Name", "e.$": "$$.Execution.Name"}}}}]}}}}`), `["a", "b"]`)
	if diff := cmp.Diff(`[[{"i":0,"v":"a","s":"Q","e":"run"}],[{"i":1,"v":"b","s":"Q","e":"run"}]]`, string(got.Output)); diff != "" {
		t.Error(diff)
	}
}
