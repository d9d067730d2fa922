package asl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

// read gets the items in a goroutine, since it may take its time, and gives them to
// done, in the run's own.
func (ir *itemReader) read(r *run, f *frame, done func(items []any, err error)) {
	src, fail := ir.source(r, f, f.family.plan.input)
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
				done(items, err)
			}
		}
	})
}

// source evaluates where to read.
func (ir *itemReader) source(r *run, f *frame, in *data) (origin, *failure) {
	args, fail := r.template(f, ir.parameters, in)
	if fail != nil {
		return origin{}, fail
	}
	src := origin{bucket: textMember(args, "Bucket"), key: textMember(args, "Key")}
	if ir.list {
		src.key = textMember(args, "Prefix")
	}
	src.maxItems, fail = r.number(f, in, &ir.maxItems)
	return src, fail
}

// An origin is where a reader reads.
type origin struct {
	bucket, key string // or prefix
	maxItems    int64
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

// A fetching gets the items of one item reader, out of one file or several.
type fetching struct {
	reader *itemReader
	engine *Engine
	budget budget
	max    int64 // items; 0 is all
	items  []any
}

// full reports whether there are as many items as there may be.
func (g *fetching) full() bool { return g.max > 0 && int64(len(g.items)) >= g.max }

// read gives the content of an object to use.
func (g *fetching) read(ctx context.Context, bucket, key string, use func(io.Reader) error) error {
	objects, err := objectsOf(bucket, g.engine.objects, g.engine.store)
	if err != nil {
		return err
	}
	content, err := objects.Get(ctx, bucket, key)
	if err != nil {
		return err
	}
	defer content.Close()
	plain, err := g.budget.open(content)
	if err != nil {
		return err
	}
	return use(plain)
}

// file adds the items of one object.
func (g *fetching) file(ctx context.Context, format *itemFormat, bucket, key string) error {
	return g.read(ctx, bucket, key, func(content io.Reader) error {
		left := int64(0)
		if g.max > 0 {
			left = g.max - int64(len(g.items))
		}
		items, err := format.decode(content, left)
		g.items = append(g.items, items...)
		return err
	})
}

// list adds the objects below a prefix, or what is in them.
func (g *fetching) list(ctx context.Context, from origin) error {
	objects, err := objectsOf(from.bucket, g.engine.objects, g.engine.store)
	if err != nil {
		return err
	}
	for text, err := range objects.List(ctx, from.bucket, from.key) {
		if err != nil {
			return err
		}
		v, err := value.Decode(text)
		if err != nil {
			return fmt.Errorf("listing %s: %w", from.bucket, err)
		}
		if !g.reader.flatten {
			g.items = append(g.items, v)
		} else if err := g.file(ctx, &g.reader.format, from.bucket, textMember(newData(v), "Key")); err != nil {
			return err
		}
		if g.full() {
			break
		}
	}
	return nil
}

// inventory adds the objects that an S3 inventory lists. Its manifest names the
// columns and the files, which are CSV without headers, in gzip.
func (g *fetching) inventory(ctx context.Context, from origin) error {
	var manifest *value.Object
	err := g.read(ctx, from.bucket, from.key, func(content io.Reader) error {
		text, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		v, err := decodeText(text)
		if err != nil {
			return fmt.Errorf("reading the manifest: %w", err)
		}
		var ok bool
		if manifest, ok = v.(*value.Object); !ok {
			return errors.New("reading the manifest: it is not an object")
		}
		return nil
	})
	if err != nil {
		return err
	}
	d := newData(manifest)
	if format := textMember(d, "fileFormat"); format != "CSV" {
		return fmt.Errorf("the inventory's format %s is not read here: let S3 write it as CSV", format)
	}
	format := &itemFormat{inputType: "CSV", delimiter: ','}
	for _, column := range strings.Split(textMember(d, "fileSchema"), ",") {
		format.headers = append(format.headers, strings.TrimSpace(column))
	}
	files, _ := manifest.Get("files")
	list, _ := files.([]any)
	for _, file := range list {
		if g.full() {
			break
		}
		if err := g.file(ctx, format, from.bucket, textMember(newData(file), "key")); err != nil {
			return err
		}
	}
	g.decodeKeys()
	return nil
}

// decodeKeys decodes the keys of an inventory, which are written as in a URL.
func (g *fetching) decodeKeys() {
	for i, item := range g.items {
		o := item.(*value.Object)
		key, err := url.QueryUnescape(textMember(newData(o), "Key"))
		if _, ok := o.Get("Key"); ok && err == nil {
			g.items[i] = o.With("Key", key)
		}
	}
}

// athena adds the items of the files that a manifest of Athena lists, one address
// a line.
func (g *fetching) athena(ctx context.Context, from origin) error {
	var addresses []string
	err := g.read(ctx, from.bucket, from.key, func(content io.Reader) error {
		text, err := io.ReadAll(content)
		addresses = strings.Fields(string(text))
		return err
	})
	if err != nil {
		return err
	}
	for _, address := range addresses {
		bucket, key, ok := strings.Cut(strings.TrimPrefix(strings.Trim(address, `"`), "s3://"), "/")
		if !ok {
			return fmt.Errorf("the manifest lists %q, which is not the address of an object on S3", address)
		}
		if g.full() {
			break
		}
		if err := g.file(ctx, &g.reader.format, bucket, key); err != nil {
			return err
		}
	}
	return nil
}

// fetch gets the items at an origin, out of at most limit bytes.
func (ir *itemReader) fetch(ctx context.Context, e *Engine, from origin, limit int64) ([]any, error) {
	g := &fetching{reader: ir, engine: e, budget: budget{limit}, max: from.maxItems, items: []any{}}
	var err error
	switch {
	case ir.list:
		err = g.list(ctx, from)
	case ir.format.manifest == manifestInventory:
		err = g.inventory(ctx, from)
	case ir.format.manifest == manifestAthena:
		err = g.athena(ctx, from)
	default:
		err = g.file(ctx, &ir.format, from.bucket, from.key)
	}
	return g.items, err
}
