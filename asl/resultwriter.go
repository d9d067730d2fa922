package asl

import (
	"context"
	"fmt"
	"path"

	"github.com/setmend/setmend/asl/internal/value"
)

// A resultWriter writes what the child executions of a distributed Map have come
// to into files, rather than into the state's output.
type resultWriter struct {
	parameters *template // nil: the results stay in the output
	transform  string    // NONE (AWS's default for files), COMPACT or FLATTEN
	lines      bool      // OutputType JSONL
}

func loadResultWriter(l *loader, s *state, f *fields) *resultWriter {
	inner := f.object("ResultWriter", "a result writer")
	if inner == nil {
		return nil
	}
	defer inner.close()
	rw := &resultWriter{parameters: inner.arguments(), transform: "COMPACT"}
	if rw.parameters != nil {
		rw.transform = "NONE"
	}
	if rw.parameters != nil || inner.has("Resource") {
		if r, ok := inner.integration("Resource", s3PutObject); ok {
			l.resources = append(l.resources, Resource{Path: inner.at("Resource"), State: s.name, ARN: r.text})
		}
	}
	if inner.has("Resource") && rw.parameters == nil {
		l.problem(inner.path, "%s is missing", argumentsName(l))
	}
	config := inner.object("WriterConfig", "a writer configuration")
	if config == nil {
		return rw
	}
	defer config.close()
	if config.has("Transformation") {
		rw.transform = config.oneOf("Transformation", "NONE", "COMPACT", "FLATTEN")
	}
	if config.has("OutputType") {
		rw.lines = config.oneOf("OutputType", "JSON", "JSONL") == "JSONL"
	}
	return rw
}

// An export is what a writer writes: files, and the state's result.
type export struct {
	bucket string
	files  []exportFile
	result *data
}

type exportFile struct {
	key     string
	content []byte
}

// export lays the files out. Their names follow from the Map's token, so that
// writing again after a crash overwrites the same ones.
func (rw *resultWriter) export(r *run, f *frame) (*export, *failure) {
	plan := f.family.plan
	args, fail := r.template(f, rw.parameters, plan.input)
	if fail != nil {
		return nil, fail
	}
	x := &export{bucket: textMember(args, "Bucket")}
	dir := path.Join(textMember(args, "Prefix"), f.token(r.name)[:22])
	succeeded, failed := rw.described(r, f.family, StatusSucceeded), rw.described(r, f.family, StatusFailed)
	lists := value.NewObject(
		value.Member{Name: "FAILED", Value: x.add(rw, dir, "FAILED", failed)},
		value.Member{Name: "PENDING", Value: []any{}},
		value.Member{Name: "SUCCEEDED", Value: x.add(rw, dir, "SUCCEEDED", succeeded)},
	)
	manifest := path.Join(dir, "manifest.json")
	x.files = append(x.files, exportFile{manifest, value.Encode(value.NewObject(
		value.Member{Name: "DestinationBucket", Value: x.bucket},
		value.Member{Name: "MapRunArn", Value: r.mapRunARN(f)},
		value.Member{Name: "ResultFiles", Value: lists},
	))})
	x.result = newData(value.NewObject(
		value.Member{Name: "MapRunArn", Value: r.mapRunARN(f)},
		value.Member{Name: "ResultWriterDetails", Value: value.NewObject(
			value.Member{Name: "Bucket", Value: x.bucket},
			value.Member{Name: "Key", Value: manifest},
		)},
	))
	return x, nil
}

// add adds a file of entries and returns how the manifest lists it.
func (x *export) add(rw *resultWriter, dir, kind string, entries []any) []any {
	if len(entries) == 0 {
		return []any{}
	}
	file := exportFile{key: path.Join(dir, kind+"_0.json")}
	if rw.lines {
		file.key += "l"
		for _, e := range entries {
			file.content = append(value.Append(file.content, e), '\n')
		}
	} else {
		file.content = value.Encode(entries)
	}
	x.files = append(x.files, file)
	return []any{value.NewObject(
		value.Member{Name: "Key", Value: file.key},
		value.Member{Name: "Size", Value: value.Int(int64(len(file.content)))},
	)}
}

// described lists the children that ended with a status, in the order of their
// items: as executions, or only their outputs.
func (rw *resultWriter) described(r *run, fam *family, status Status) []any {
	list := []any{}
	for _, child := range fam.children {
		switch {
		case child.outcome == nil || child.outcome.Status != status:
		case rw.transform == "NONE" || child.output == nil:
			list = append(list, r.describeChild(child))
		default:
			list = append(list, child.output.v)
		}
	}
	if rw.transform == "FLATTEN" {
		return flatten(list)
	}
	return list
}

// describeChild is a child execution as DescribeExecution shows it.
func (r *run) describeChild(child *execution) any {
	included := value.NewObject(value.Member{Name: "Included", Value: true})
	members := []value.Member{
		{Name: "ExecutionArn", Value: r.engine.executionARN(r.name, child)},
		{Name: "Input", Value: string(child.input.json())},
		{Name: "InputDetails", Value: included},
		{Name: "Name", Value: child.name},
	}
	if child.output != nil {
		members = append(members,
			value.Member{Name: "Output", Value: string(child.output.json())},
			value.Member{Name: "OutputDetails", Value: included})
	} else {
		members = append(members,
			value.Member{Name: "Error", Value: child.outcome.Error},
			value.Member{Name: "Cause", Value: child.outcome.Cause})
	}
	return value.NewObject(append(members,
		value.Member{Name: "StartDate", Value: formatTime(child.started)},
		value.Member{Name: "StateMachineArn", Value: r.engine.machineARN()},
		value.Member{Name: "Status", Value: string(child.outcome.Status)},
		value.Member{Name: "StopDate", Value: formatTime(child.stopped)},
	)...)
}

// write writes the files in a goroutine, and tells done, in the run's own, with what
// the Map's result is then.
func (rw *resultWriter) write(r *run, f *frame, done func(result *data, err error)) {
	x, fail := rw.export(r, f)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	at := f.family
	at.writing = true
	r.async(func(ctx context.Context) func() {
		err := x.put(ctx, r.engine)
		return func() {
			if f.family == at && f.phase == phaseFamily && (err == nil || r.functions().Err() == nil) {
				done(x.result, err)
			}
		}
	})
}

func (x *export) put(ctx context.Context, e *Engine) error {
	objects, err := objectsOf(x.bucket, e.objects, e.store)
	if err != nil {
		return err
	}
	for _, file := range x.files {
		if err := objects.Put(ctx, x.bucket, file.key, file.content); err != nil {
			return fmt.Errorf("writing %s: %w", file.key, err)
		}
	}
	return nil
}

// gathered is the results in the output of a Map without files.
func (rw *resultWriter) gathered(r *run, fam *family) *data {
	if rw != nil && rw.transform == "NONE" {
		return newData(rw.described(r, fam, StatusSucceeded))
	}
	var results []*data
	for _, result := range fam.results {
		if result != nil {
			results = append(results, result)
		}
	}
	if rw == nil || rw.transform != "FLATTEN" {
		return join(results)
	}
	return newData(flatten(join(results).v.([]any)))
}

// flatten takes arrays within items apart.
func flatten(items []any) []any {
	flat := []any{}
	for _, item := range items {
		if inner, ok := item.([]any); ok {
			flat = append(flat, inner...)
			continue
		}
		flat = append(flat, item)
	}
	return flat
}
