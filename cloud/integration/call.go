package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// parameters are a task's input, and an answer its output, before and after the
// shape of an optimised integration.
type (
	parameters = *wire.Object
	answer     = any
)

// maxResult is the most that a task may answer, in bytes: Step Functions' limit
// of a state's data.
const maxResult = 256 << 10

// perform makes the call of an integration, and waits for its job where the resource
// says so.
func (b *Bound) perform(ctx context.Context, i *integration, input json.RawMessage) (json.RawMessage, error) {
	in, err := i.read(input)
	if err != nil {
		return nil, &Error{Name: runtimeError, Cause: i.operation.String() + ": " + err.Error(), Err: err}
	}
	out, err := b.send(ctx, i, in)
	if err != nil {
		return nil, err
	}
	if i.job != nil {
		return b.wait(ctx, i, in, out)
	}
	var result answer = out
	if i.result != nil {
		result = i.result(out)
	}
	return finish(result)
}

// finish is the JSON of an answer, if it is not too large.
func finish(result answer) (json.RawMessage, error) {
	text := compact(result)
	if len(text) > maxResult {
		return nil, &Error{Name: "States.DataLimitExceeded", Cause: fmt.Sprintf(
			"The state/task returned a result with a size exceeding the maximum number of bytes service limit (%d of %d); ask for less, by filters or a page size", len(text), maxResult)}
	}
	return text, nil
}

// send makes the call, and names its error.
func (b *Bound) send(ctx context.Context, i *integration, in *wire.Struct) (*wire.Struct, error) {
	out, err := b.caller.call(ctx, i.operation, "", in)
	if err != nil {
		return nil, i.naming.explain(ctx, err)
	}
	return out, nil
}

// read makes the operation's parameters of the task's.
func (i *integration) read(input json.RawMessage) (*wire.Struct, error) {
	v, err := wire.Decode(input)
	if err != nil {
		return nil, err
	}
	object, ok := v.(*wire.Object)
	if !ok {
		return nil, errors.New("the parameters must be an object")
	}
	if i.translate != nil {
		object = i.translate(object)
	}
	for _, name := range i.texts {
		if text := object.Get(name); text != nil {
			object.Set(name, string(blob(text)))
		}
	}
	if i.operation.Input == nil {
		if len(object.Entries) > 0 {
			return nil, fmt.Errorf("the action has no parameters, but %q is given", object.Entries[0].Key)
		}
		return &wire.Struct{}, nil
	}
	value, err := filler{alias: i.alias}.structure(i.operation.Input, object, "")
	if err != nil {
		return nil, err
	}
	return value.(*wire.Struct), nil
}
