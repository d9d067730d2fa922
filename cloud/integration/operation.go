package integration

import (
	"context"
	"reflect"
	"strings"

	"github.com/setmend/setmend/cloud"
)

// A service is one AWS service's part of the table.
type service struct {
	id     string // in resources: elasticloadbalancingv2
	class  string // in error names, as the Java SDK's client is called: ElasticLoadBalancingV2
	prefix string // in IAM policies: elasticloadbalancing
	rows   []*operation
}

// An operation is one API action of a service.
type operation struct {
	service *service
	action  cloud.Action
	in      reflect.Type // the struct of the SDK's input
	out     reflect.Type // and of its output
	send    func(ctx context.Context, a *cloud.AWS, in any) (any, error)
}

// name is the action as a resource gives it.
func (o *operation) name() string { return lowerFirst(o.action.Name) }

// String is the end of the resource, for messages.
func (o *operation) String() string { return o.service.id + ":" + o.name() }

// A row is an operation before it belongs to a service.
type row struct {
	name              string
	in, out           reflect.Type
	write, repeatable bool
	send              func(context.Context, *cloud.AWS, cloud.Action, any) (any, error)
}

// op makes a row of a method of an SDK client. The action's name is that of its
// input, less "Input", as everywhere in the SDK.
//
// The client's type must not become a type parameter, nor be put into an
// interface: once the program has its type at hand at run time, the linker, which
// sees html/template look methods up by name, keeps all of its methods.
func op[In, Out, Options any](method func(context.Context, *In, ...func(*Options)) (*Out, error)) row {
	return row{
		name: strings.TrimSuffix(reflect.TypeFor[In]().Name(), "Input"),
		in:   reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		send: func(ctx context.Context, a *cloud.AWS, x cloud.Action, in any) (any, error) {
			return cloud.Send(ctx, a, x, "", method, in.(*In))
		},
	}
}

// read is a row that changes nothing.
func read[In, Out, Options any](method func(context.Context, *In, ...func(*Options)) (*Out, error)) row {
	r := op(method)
	r.repeatable = true
	return r
}

// write is a row that changes something, and more if it is sent twice.
func write[In, Out, Options any](method func(context.Context, *In, ...func(*Options)) (*Out, error)) row {
	r := op(method)
	r.write = true
	return r
}

// set is a row that changes something to what it says: sent twice, it is so all
// the same.
func set[In, Out, Options any](method func(context.Context, *In, ...func(*Options)) (*Out, error)) row {
	r := write(method)
	r.repeatable = true
	return r
}

// serve makes a service of its names and its rows.
func serve(id, class, prefix string, rows ...row) *service {
	s := &service{id: id, class: class, prefix: prefix}
	for _, r := range rows {
		o := &operation{service: s, action: pace(prefix, r.name, r.write, r.repeatable), in: r.in, out: r.out}
		o.send = func(ctx context.Context, a *cloud.AWS, in any) (any, error) { return r.send(ctx, a, o.action, in) }
		s.rows = append(s.rows, o)
	}
	return s
}

// How often an action is sent of which AWS documents no rate, per second: well
// below what any of the services here bears.
const (
	readRate  = 10
	writeRate = 5
)

// pace is an action with its rate: package cloud's, where it sends the action
// itself, so that both draw on the same.
func pace(prefix, name string, write, repeatable bool) cloud.Action {
	for _, own := range cloud.Actions() {
		if own.Service == prefix && own.Name == name {
			return own
		}
	}
	x := cloud.Action{Service: prefix, Name: name, Write: write, Repeatable: repeatable, Rate: readRate, Burst: readRate}
	switch {
	case prefix == "lambda" && name == "Invoke":
		x.Rate, x.Burst = 0, 0 // as many at once as the account's concurrency allows
	case write:
		x.Rate, x.Burst = writeRate, writeRate
	}
	return x
}
