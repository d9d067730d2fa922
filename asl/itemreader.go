package asl

import (
	"context"
	"slices"

	"github.com/setmend/setmend/asl/internal/value"
)

// causeNotIterable is AWS's word for a JSON file that is not an array.
const causeNotIterable = "Attempting to map over non-iterable node."

// An itemReader gets the items of a distributed Map from outside.
type itemReader struct {
	list       bool // list the objects rather than read one
	flatten    bool // the items are those in the objects that are listed
	parameters *template
	format     itemFormat
	maxItems   amount // 0 is all
}

func loadItemReader(l *loader, s *state, f *fields) *itemReader {
	inner := f.object("ItemReader", "an item reader")
	if inner == nil {
		return nil
	}
	defer inner.close()
	ir := &itemReader{parameters: inner.arguments()}
	if r, ok := inner.integration("Resource", s3GetObject, s3ListObjectsV2); ok {
		ir.list = r.service == s3ListObjectsV2
		l.resources = append(l.resources, Resource{Path: inner.at("Resource"), State: s.name, ARN: r.text})
	}
	if ir.parameters == nil {
		l.problem(inner.path, "%s is missing", argumentsName(l))
	}
	config := inner.object("ReaderConfig", "a reader configuration")
	if config == nil {
		if !ir.list {
			l.problem(inner.path, "ReaderConfig is missing")
		}
		return ir
	}
	defer config.close()
	ir.maxItems = config.amount("MaxItems", 0)
	if ir.list && config.has("Transformation") {
		ir.flatten = config.oneOf("Transformation", "NONE", "LOAD_AND_FLATTEN") == "LOAD_AND_FLATTEN"
	}
	if !ir.list || ir.flatten {
		ir.format.load(config)
	}
	return ir
}

// oneOf reads a text that must be one of choices.
func (f *fields) oneOf(name string, choices ...string) string {
	text, ok := f.text(name)
	if !f.has(name) {
		f.l.problem(f.path, "%s is missing", name)
	}
	if ok && !slices.Contains(choices, text) {
		f.l.suggest(f.at(name), nearest(text, choices), "%s must be one of %s, not %q", name, quoted(choices), text)
	}
	return text
}

// An origin is where a reader reads.
type origin struct {
	bucket, key string // or prefix
	maxItems    int64
}

// source evaluates where to read.
func (ir *itemReader) source(r *run, f *frame, w *mapState, in *data) (origin, *failure) {
	args, fail := r.template(f, ir.parameters, in)
	if fail != nil {
		return origin{}, fail
	}
	src := origin{bucket: textMember(args, "Bucket"), key: textMember(args, "Key")}
	if ir.list {
		src.key = textMember(args, "Prefix")
	}
	src.maxItems, fail = w.number(r, f, in, &ir.maxItems)
	return src, fail
}

func textMember(d *data, name string) string {
	o, ok := d.v.(*value.Object)
	if !ok {
		return ""
	}
	v, _ := o.Get(name)
	s, _ := v.(string)
	return s
}

// read gets the items in a goroutine, since it may take its time, and goes on
// with the Map then.
func (ir *itemReader) read(r *run, f *frame, w *mapState) {
	src, fail := ir.source(r, f, w, f.family.plan.input)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	at, entered := f.family, f.enteredID
	limit := r.engine.limits.ItemBytes
	r.async(func(ctx context.Context) func() {
		items, err := ir.fetch(ctx, r.engine, src, int64(limit))
		return func() {
			if f.family == at && f.enteredID == entered && f.phase == phaseFamily {
				ir.arrived(r, f, w, items, err)
			}
		}
	})
}

// async does work in a goroutine; what it returns is done by the run's own.
func (r *run) async(work func(ctx context.Context) func()) {
	r.active++
	go func() {
		finish := work(r.functions())
		r.box.post(func() {
			r.active--
			finish()
		})
	}()
}

// itemChunk is about how many bytes of items one record holds.
const itemChunk = 128 << 10

// arrived puts the items into the log, so that a resumed Map goes on with the
// same ones whatever has become of the file.
func (ir *itemReader) arrived(r *run, f *frame, w *mapState, items []any, err error) {
	if err != nil {
		if r.functions().Err() == nil { // otherwise it is read again when the run is resumed
			w.mapRunFailed(r, f, &failure{name: ErrorItemReaderFailed, cause: err.Error()})
		}
		return
	}
	chunk, size := []any{}, 0
	for _, item := range items {
		chunk = append(chunk, item)
		if size += len(value.Encode(item)); size >= itemChunk {
			r.emit(f, &record{op: opItems, Type: recordItems, data: newData(chunk)})
			chunk, size = []any{}, 0
		}
	}
	r.emit(f, &record{op: opItems, Type: recordItems, data: newData(chunk)})
	r.emit(f, &record{op: opItemsEnd, Type: recordItemsEnd})
	f.family.plan.items = f.family.read
	r.enqueue(f)
}
