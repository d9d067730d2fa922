package asl

import (
	"fmt"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// mapState runs its item processor once for each item: inline as iterations of
// the same execution, distributed as executions of their own.
type mapState struct {
	processor   *program
	distributed bool
	itemsPath   *jsonpath.Path
	items       *template // Items, with JSONata
	parameters  *template // of the whole state, where there is an ItemSelector too
	selector    *template // ItemSelector
	concurrency amount
	dist        distribution
}

func loadMap(l *loader, s *state, f *fields) {
	w := &mapState{}
	s.work = w
	s.transition(f)
	s.inputOutput(f)
	s.selector(f)
	s.resultPath(f)
	s.flow.assign = assign(f)
	s.retryAndCatch(f)
	w.loadItems(f)
	w.loadProcessor(l, f)
	w.dist.load(l, s, f, w.distributed)
}

func (w *mapState) loadItems(f *fields) {
	w.concurrency = f.amount("MaxConcurrency", 0)
	w.selector = f.template("ItemSelector")
	if f.l.jsonata {
		w.loadItemsOfQuery(f)
		return
	}
	w.itemsPath = f.reference("ItemsPath")
	if t := f.arguments(); w.selector == nil {
		w.selector = t // its name before there was ItemSelector
	} else {
		w.parameters = t
	}
}

// loadItemsOfQuery reads Items: an array, or an expression.
func (w *mapState) loadItemsOfQuery(f *fields) {
	v, ok := f.get("Items")
	if !ok {
		return
	}
	text, isText := v.(string)
	if _, isArray := v.([]any); !isArray && !(isText && isQuery(text)) {
		f.problem("Items", "Items must be an array or a JSONata expression in {%% %%}, not %s", article(value.TypeName(v)))
		return
	}
	w.items = f.template("Items")
}

// loadProcessor reads ItemProcessor, or Iterator, its older name.
func (w *mapState) loadProcessor(l *loader, f *fields) {
	w.processor = &program{path: f.path}
	if !f.onlyOne("ItemProcessor", "Iterator") {
		l.problem(f.path, "ItemProcessor is missing")
	}
	for _, name := range []string{"ItemProcessor", "Iterator"} {
		if inner := f.object(name, "an item processor"); inner != nil {
			w.processor = l.program(inner, func() { w.loadMode(inner) })
			w.processor.distributed = w.distributed
			inner.close()
		}
	}
}

func (w *mapState) loadMode(f *fields) {
	config := f.object("ProcessorConfig", "a processor configuration")
	if config == nil {
		return
	}
	mode, _ := config.text("Mode")
	kind, hasKind := config.text("ExecutionType")
	w.distributed = mode == "DISTRIBUTED"
	if mode != "" && mode != "INLINE" && mode != "DISTRIBUTED" {
		config.l.suggest(config.at("Mode"), nearest(mode, []string{"INLINE", "DISTRIBUTED"}), "Mode must be INLINE or DISTRIBUTED, not %q", mode)
	}
	if hasKind && kind != "STANDARD" && kind != "EXPRESS" {
		config.l.suggest(config.at("ExecutionType"), nearest(kind, []string{"STANDARD", "EXPRESS"}), "ExecutionType must be STANDARD or EXPRESS, not %q", kind)
	}
	if w.distributed && !hasKind {
		config.l.problem(config.path, "a distributed item processor must give its ExecutionType")
	}
	config.close()
}

func (w *mapState) targets() []target    { return nil }
func (w *mapState) programs() []*program { return []*program{w.processor} }

// A mapPlan is what a Map has worked out before its iterations begin. All of it
// follows from the state's input and what was read, so that it can be worked out
// again after recovery.
type mapPlan struct {
	items       []any
	input       *data // what ItemSelector sees as $
	concurrency int
	tolerance   tolerance
	batching    *batching // nil: every item by itself
}

// start works out the items and begins the first iterations. AWS tells of the
// start after it has looked at the concurrency, and before it looks at the
// tolerance.
func (w *mapState) start(r *run, f *frame) {
	p, fail := w.plan(r, f)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	r.emit(f, &record{op: opMap, Type: MapStateStarted, Name: f.state.name, Length: len(p.items)})
	f.family.plan = p
	if fail := w.planRun(r, f); fail != nil {
		r.fail(f, fail)
		return
	}
	if w.distributed {
		r.emit(f, &record{Type: MapRunStarted, Name: f.state.name, Resource: r.mapRunARN(f)})
	}
	w.takeUp(r, f)
}

// takeUp gets on with a Map that has started, now or before a crash.
func (w *mapState) takeUp(r *run, f *frame) {
	if w.dist.reader != nil && !f.family.allRead {
		w.dist.reader.read(r, f, w)
		return
	}
	r.enqueue(f)
}

// plan works out the items and how many at a time.
func (w *mapState) plan(r *run, f *frame) (*mapPlan, *failure) {
	in, fail := r.input(f)
	if fail == nil {
		in, fail = r.template(f, w.parameters, in)
	}
	if fail != nil {
		return nil, fail
	}
	p := &mapPlan{input: in}
	if p.concurrency, fail = w.atOnce(r, f, in); fail != nil {
		return nil, fail
	}
	p.items, fail = w.itemsOf(r, f, in)
	return p, fail
}

// planRun works out the rest, for a distributed Map.
func (w *mapState) planRun(r *run, f *frame) (fail *failure) {
	p := f.family.plan
	if p.tolerance, fail = w.dist.tolerance(r, f, w, p.input); fail != nil {
		return fail
	}
	p.batching, fail = w.dist.batcher.plan(r, f, w, p.input)
	return fail
}

// itemsOf lists what there is to iterate over, as far as it is in the input.
func (w *mapState) itemsOf(r *run, f *frame, in *data) ([]any, *failure) {
	if w.dist.reader != nil {
		return nil, nil
	}
	if f.state.jsonata {
		return w.queriedItems(r, f)
	}
	v, path := in.v, "$"
	if w.itemsPath != nil {
		path = w.itemsPath.String()
		var err error
		if v, err = w.itemsPath.Eval(r.scope(f, in.v)); err != nil {
			return nil, r.invalidPath(f, w.itemsPath, err)
		}
	}
	items, ok := v.([]any)
	if !ok {
		return nil, f.runtime("Reference path \"%s\" must point to array.", path)
	}
	return items, nil
}

// atOnce is how many iterations may run at one time.
func (w *mapState) atOnce(r *run, f *frame, in *data) (int, *failure) {
	n, fail := w.number(r, f, in, &w.concurrency)
	if fail != nil {
		return 0, fail
	}
	if n < 0 {
		return 0, f.runtime("Expected non-negative integer for MaxConcurrency, got '%d' instead.", n)
	}
	most := r.engine.limits.InlineConcurrency
	if w.distributed {
		most = r.engine.limits.DistributedChildren
	}
	if n > 0 && n < int64(most) {
		return int(n), nil
	}
	return most, nil
}

// queriedItems evaluates Items: an array, or the members of an object. Without it
// the items are the state's input.
func (w *mapState) queriedItems(r *run, f *frame) ([]any, *failure) {
	switch {
	case w.items == nil:
		if items, ok := f.input.v.([]any); ok {
			return items, nil
		}
		return nil, f.misused("Items", "The state's input must be an array where Items is not given, but was '%s'", value.TypeName(f.input.v))
	case w.items.query != nil:
		v, err := w.items.query.expect(r.scope(f, nil), "array")
		if err != nil {
			return nil, f.broken(err)
		}
		return v.([]any), nil
	}
	v, err := w.items.eval(r.scope(f, nil))
	if err != nil {
		return nil, f.broken(err)
	}
	items, _ := v.([]any)
	return items, nil
}

// number evaluates an amount.
func (w *mapState) number(r *run, f *frame, in *data, a *amount) (int64, *failure) {
	if a.query != nil {
		n, err := a.evalQuery(r.scope(f, nil))
		if err != nil {
			return 0, f.broken(err)
		}
		return n, nil
	}
	if a.path == nil {
		return a.constant, nil
	}
	v, err := a.path.Eval(r.scope(f, in.v))
	if err != nil {
		return 0, r.invalidPath(f, a.path, err)
	}
	n, ok := integerOf(v)
	if !ok {
		return 0, f.runtime("The %sPath field refers to value \"%s\" which is not a valid integer: %s", a.field, plain(v), a.path)
	}
	return n, nil
}

// resume works the plan out again after recovery and takes the Map up.
func (w *mapState) resume(r *run, f *frame) {
	p, fail := w.plan(r, f)
	if fail == nil {
		f.family.plan = p
		fail = w.planRun(r, f)
	}
	if fail != nil {
		r.fail(f, fail)
		return
	}
	if w.dist.reader != nil {
		p.items = f.family.read
	}
	for _, child := range f.family.inOrder() {
		r.resume(child)
	}
	w.takeUp(r, f)
}

// spread begins the iterations that the concurrency allows, and ends the state
// when all are over.
func (w *mapState) spread(r *run, f *frame) {
	fam := f.family
	if fam.writing {
		return
	}
	for fam.consumed < len(fam.plan.items) && len(fam.running) < fam.plan.concurrency && !fam.plan.tolerance.exceeded(fam) {
		if fail := w.iterate(r, f); fail != nil {
			r.fail(f, fail)
			return
		}
	}
	if fam.consumed == len(fam.plan.items) && len(fam.running) == 0 || fam.plan.tolerance.exceeded(fam) {
		w.over(r, f)
	}
}

// iterate begins the next iteration.
func (w *mapState) iterate(r *run, f *frame) *failure {
	in, n, fail := w.nextInput(r, f)
	if fail != nil {
		return fail
	}
	index := f.family.begun
	if w.distributed {
		r.begin(f, &record{Name: childName(f, index), Index: index, Length: n, data: in})
		return nil
	}
	r.emit(f, &record{
		op: opIterate, Type: MapIterationStarted, Name: f.state.name, Index: index, Length: n,
		Child: r.lastFrame + 1, Previous: f.family.last, data: in,
	})
	r.enqueue(f.family.running[index])
	return nil
}

// childName names a child execution of a distributed Map.
func childName(f *frame, index int) string {
	return fmt.Sprintf("%s-%d-%d", f.state.name, f.enteredID, index)
}

// nextInput is the input of the next iteration, and how many items go into it.
func (w *mapState) nextInput(r *run, f *frame) (*data, int, *failure) {
	fam := f.family
	if b := fam.plan.batching; b != nil {
		return b.next(r, f, w, fam.consumed)
	}
	in, fail := w.selectedItem(r, f, fam.consumed)
	return in, 1, fail
}

// selectedItem is an item, or what ItemSelector makes of it.
func (w *mapState) selectedItem(r *run, f *frame, index int) (*data, *failure) {
	item := f.family.plan.items[index]
	if w.selector == nil {
		return newData(item), nil
	}
	r.selecting = &selection{item, index}
	defer func() { r.selecting = nil }()
	return r.template(f, w.selector, f.family.plan.input)
}

// A selection is the item that ItemSelector is being evaluated for.
type selection struct {
	item  any
	index int
}

func (w *mapState) childDone(r *run, f, child *frame) {
	if !w.distributed {
		r.emit(f, &record{op: opIterated, Type: MapIterationSucceeded, Name: f.state.name, Index: child.index, Previous: child.previous})
	}
	r.enqueue(f)
}

func (w *mapState) childFailed(r *run, f, child *frame, fail *failure) {
	r.emit(f, &record{op: opIterated, Type: MapIterationFailed, Name: f.state.name, Index: child.index, Previous: child.previous})
	for _, other := range f.family.inOrder() {
		r.abortStates(other)
		r.drop(other)
		r.emit(f, &record{op: opIterated, Type: MapIterationAborted, Name: f.state.name, Index: other.index, Previous: other.previous})
	}
	r.fail(f, fail)
}

// over ends the state: all items are done, or too many have failed.
func (w *mapState) over(r *run, f *frame) {
	if w.distributed {
		w.mapRunOver(r, f)
		return
	}
	w.succeeded(r, f, join(f.family.results))
}

func (w *mapState) succeeded(r *run, f *frame, result *data) {
	r.emit(f, &record{op: opDisband, Type: MapStateSucceeded, Name: f.state.name, Previous: f.previous})
	r.finish(f, result)
}
