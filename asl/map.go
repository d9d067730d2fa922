package asl

import (
	"fmt"
	"strings"

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
	w.processor.described = w.dist.writer != nil
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
		w.dist.reader.read(r, f, func(items []any, err error) { w.arrived(r, f, items, err) })
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
	n, fail := r.number(f, in, &w.concurrency)
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

func (b *itemBatcher) plan(r *run, f *frame, w *mapState, in *data) (*batching, *failure) {
	if b == nil {
		return nil, nil
	}
	p := &batching{}
	var fail *failure
	if p.items, fail = r.number(f, in, &b.items); fail != nil {
		return nil, fail
	}
	if p.bytes, fail = r.number(f, in, &b.bytes); fail != nil {
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
// and returns how many it took: at least one.
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

// itemChunk is about how many bytes of items one record holds.
const itemChunk = 128 << 10

// arrived records the items in the log, so that a resumed Map processes the same
// ones even if the file has changed.
func (w *mapState) arrived(r *run, f *frame, items []any, err error) {
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

// distribution is what a distributed Map has besides.
type distribution struct {
	reader          *itemReader
	batcher         *itemBatcher
	writer          *resultWriter
	count           amount
	percentage      float64
	percentagePath  *jsonpath.Path
	percentageQuery *query
}

// distributedFields belong to distributed Maps alone. AWS takes a tolerance for
// failures in an inline Map too, where it has no effect.
var distributedFields = []string{"ItemReader", "ItemBatcher", "ResultWriter", "Label"}

func (d *distribution) load(l *loader, s *state, f *fields, distributed bool) {
	if !distributed {
		for _, name := range distributedFields {
			if _, ok := f.get(name); ok {
				f.problem(name, "%s belongs to a Map whose item processor has the Mode DISTRIBUTED", name)
			}
		}
		d.count = f.amount("ToleratedFailureCount", 0)
		d.loadPercentage(f)
		return
	}
	if label, ok := f.text("Label"); ok {
		checkLabel(f, label)
	}
	d.count = f.amount("ToleratedFailureCount", 0)
	d.loadPercentage(f)
	d.reader = loadItemReader(l, s, f)
	d.batcher = loadItemBatcher(l, f)
	d.writer = loadResultWriter(l, s, f)
}

// checkLabel checks the name of a Map's run: 40 characters at most, and none of
// those that the developer guide ("Label") lists, which are those that no name of
// Step Functions has.
func checkLabel(f *fields, label string) {
	if len([]rune(label)) > 40 {
		f.problem("Label", "Label must have 40 characters at most")
	}
	if i := strings.IndexFunc(label, forbiddenInName); i >= 0 {
		f.problem("Label", "Label must not have blanks, brackets, control characters or any of ?*\"#%%\\^|~`$&,;:/, and %q has %q", label, []rune(label[i:])[0])
	}
}

func (d *distribution) loadPercentage(f *fields) {
	if d.percentageQuery = f.queryOnly("ToleratedFailurePercentage"); d.percentageQuery != nil {
		return
	}
	if p, ok := f.number("ToleratedFailurePercentage"); ok {
		d.percentage = p.Float64()
		if !(d.percentage >= 0 && d.percentage <= 100) {
			f.problem("ToleratedFailurePercentage", "ToleratedFailurePercentage must be between 0 and 100, not %s", p)
		}
	}
	if !f.l.jsonata {
		f.onlyOne("ToleratedFailurePercentage", "ToleratedFailurePercentagePath")
		d.percentagePath = f.reference("ToleratedFailurePercentagePath")
	}
}

func (d *distribution) tolerance(r *run, f *frame, w *mapState, in *data) (tolerance, *failure) {
	t := tolerance{distributed: w.distributed, percentage: d.percentage}
	if !w.distributed {
		return t, nil
	}
	t.byCount = d.count.constant > 0 || !d.count.isConstant()
	t.byShare = d.percentage > 0 || d.percentagePath != nil || d.percentageQuery != nil
	var fail *failure
	t.count, fail = r.number(f, in, &d.count)
	if fail == nil && t.count < 0 {
		fail = f.runtime("ToleratedFailureCount cannot be negative.")
	}
	switch {
	case fail != nil:
	case d.percentageQuery != nil:
		t.percentage, fail = d.queriedPercentage(r, f)
	case d.percentagePath != nil:
		t.percentage, fail = d.pathPercentage(r, f, in)
	}
	return t, fail
}

func (d *distribution) queriedPercentage(r *run, f *frame) (float64, *failure) {
	v, err := d.percentageQuery.expect(r.scope(f, nil), "number")
	if err != nil {
		return 0, f.broken(err)
	}
	percentage := v.(value.Number).Float64()
	if !(percentage >= 0 && percentage <= 100) {
		return 0, f.misused("ToleratedFailurePercentage", "ToleratedFailurePercentage must be between 0 and 100.")
	}
	return percentage, nil
}

func (d *distribution) pathPercentage(r *run, f *frame, in *data) (float64, *failure) {
	p := d.percentagePath
	v, err := p.Eval(r.scope(f, in.v))
	if err != nil {
		return 0, r.invalidPath(f, p, err)
	}
	number, ok := v.(value.Number)
	if !ok {
		return 0, f.runtime("The ToleratedFailurePercentagePath field refers to value \"%s\" which is not a valid float: %s", plain(v), p)
	}
	percentage := number.Float64()
	if !(percentage >= 0 && percentage <= 100) {
		return 0, f.runtime("ToleratedFailurePercentage must be between 0 and 100.")
	}
	return percentage, nil
}

// exceeded reports whether too many items have failed: more than either bound that
// is given. Without bounds that is any.
func (t tolerance) exceeded(fam *family) bool {
	if !t.distributed || fam.failed == 0 {
		return false
	}
	overCount := int64(fam.failed) > t.count
	overShare := float64(fam.failed)*100 > t.percentage*float64(len(fam.plan.items))
	switch {
	case t.byCount && t.byShare:
		return overCount || overShare
	case t.byShare:
		return overShare
	}
	return overCount
}

// mapRunOver ends a distributed Map.
func (w *mapState) mapRunOver(r *run, f *frame) {
	switch writer := w.dist.writer; {
	case f.family.plan.tolerance.exceeded(f.family):
		w.mapRunFailed(r, f, &failure{name: ErrorThresholdExceeded, cause: causeThresholdExceeded})
	case writer != nil && writer.parameters != nil:
		writer.write(r, f, func(result *data, err error) {
			if err != nil {
				w.mapRunFailed(r, f, &failure{name: ErrorResultWriterFailed, cause: err.Error()})
				return
			}
			w.mapRunSucceeded(r, f, result)
		})
	default:
		w.mapRunSucceeded(r, f, writer.gathered(r, f.family))
	}
}

func (w *mapState) mapRunSucceeded(r *run, f *frame, result *data) {
	r.emit(f, &record{Type: MapRunSucceeded, Name: f.state.name})
	w.succeeded(r, f, result)
}

func (w *mapState) mapRunFailed(r *run, f *frame, fail *failure) {
	for _, child := range f.family.inOrder() {
		r.drop(child)
	}
	r.emit(f, &record{Type: MapRunFailed, Name: f.state.name, Error: fail.name, Cause: fail.cause})
	r.fail(f, fail)
}
