package asl

import (
	"fmt"
	"strings"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

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

// tolerance is how many items may fail, with their child executions.
type tolerance struct {
	distributed bool
	count       int64
	percentage  float64
	byShare     bool // a percentage is given
	byCount     bool // a count is given
}

func (d *distribution) tolerance(r *run, f *frame, w *mapState, in *data) (tolerance, *failure) {
	t := tolerance{distributed: w.distributed, percentage: d.percentage}
	if !w.distributed {
		return t, nil
	}
	t.byCount = d.count.constant > 0 || !d.count.isConstant()
	t.byShare = d.percentage > 0 || d.percentagePath != nil || d.percentageQuery != nil
	var fail *failure
	t.count, fail = w.number(r, f, in, &d.count)
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

// exceeded tells whether too many items have failed: more than either bound that
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

// mapRunARN names the run of a distributed Map.
func (r *run) mapRunARN(f *frame) string {
	return fmt.Sprintf("arn:aws:states:%s:%s:mapRun:%s/%s:%s", r.engine.values.Region, r.engine.values.Account,
		r.engine.values.StateMachine, f.state.name, f.token(r.name)[:22])
}

// mapRunOver ends a distributed Map.
func (w *mapState) mapRunOver(r *run, f *frame) {
	switch writer := w.dist.writer; {
	case f.family.plan.tolerance.exceeded(f.family):
		w.mapRunFailed(r, f, &failure{name: ErrorThresholdExceeded, cause: causeThresholdExceeded})
	case writer != nil && writer.parameters != nil:
		writer.write(r, f, w)
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
