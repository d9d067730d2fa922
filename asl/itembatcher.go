package asl

import (
	"github.com/setmend/setmend/asl/internal/value"
)

// An itemBatcher gives several items to one child execution.
type itemBatcher struct {
	items amount    // in a batch at most, 0 is no bound
	bytes amount    // of a child's input at most, 0 is the payload limit
	input *template // BatchInput
}

func loadItemBatcher(l *loader, f *fields) *itemBatcher {
	inner := f.object("ItemBatcher", "an item batcher")
	if inner == nil {
		return nil
	}
	defer inner.close()
	b := &itemBatcher{input: inner.template("BatchInput")}
	b.items = inner.amount("MaxItemsPerBatch", 1)
	b.bytes = inner.amount("MaxInputBytesPerBatch", 1)
	if !b.items.given && !b.bytes.given {
		l.problem(inner.path, "an item batcher must bound the items or the bytes of a batch")
	}
	return b
}

// A batching is what a batcher has worked out for one entry of its state.
type batching struct {
	items, bytes int64
	input        any // BatchInput, nil if there is none
}

func (b *itemBatcher) plan(r *run, f *frame, w *mapState, in *data) (*batching, *failure) {
	if b == nil {
		return nil, nil
	}
	p := &batching{}
	var fail *failure
	if p.items, fail = w.number(r, f, in, &b.items); fail != nil {
		return nil, fail
	}
	if p.bytes, fail = w.number(r, f, in, &b.bytes); fail != nil {
		return nil, fail
	}
	if p.items < 0 || p.bytes < 0 {
		return nil, f.runtime("The bounds of a batch must be positive")
	}
	limit := int64(r.engine.limits.Payload)
	if p.bytes == 0 || p.bytes > limit {
		p.bytes = limit
	}
	if b.input == nil {
		return p, nil
	}
	d, fail := r.template(f, b.input, in)
	if fail == nil {
		p.input = d.v
	}
	return p, fail
}

// next makes the input of a child execution out of the items from index from on,
// and tells how many went into it: at least one.
func (p *batching) next(r *run, f *frame, w *mapState, from int) (*data, int, *failure) {
	plan := f.family.plan
	var batch []any
	size := int64(len(p.wrap(nil).json()))
	for from+len(batch) < len(plan.items) && (p.items == 0 || int64(len(batch)) < p.items) {
		item, fail := w.selectedItem(r, f, from+len(batch))
		if fail != nil {
			return nil, 0, fail
		}
		size += int64(len(item.json())) + 1
		if size > p.bytes && len(batch) > 0 {
			break
		}
		batch = append(batch, item.v)
	}
	return p.wrap(batch), len(batch), nil
}

func (p *batching) wrap(batch []any) *data {
	if batch == nil {
		batch = []any{}
	}
	var members []value.Member
	if p.input != nil {
		members = append(members, value.Member{Name: "BatchInput", Value: p.input})
	}
	return newData(value.NewObject(append(members, value.Member{Name: "Items", Value: batch})...))
}
