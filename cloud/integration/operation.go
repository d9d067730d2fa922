package integration

import (
	"context"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

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

// A row is an operation before its service has a client.
type row[Client any] struct {
	name              string
	in, out           reflect.Type
	write, repeatable bool
	send              func(context.Context, *cloud.AWS, cloud.Action, Client, any) (any, error)
}

// op makes a row of a method of an SDK client. The action's name is that of its
// input, less "Input", as everywhere in the SDK.
func op[Client, In, Out, Options any](method func(Client, context.Context, *In, ...func(*Options)) (*Out, error)) row[Client] {
	return row[Client]{
		name: strings.TrimSuffix(reflect.TypeFor[In]().Name(), "Input"),
		in:   reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
		send: func(ctx context.Context, a *cloud.AWS, x cloud.Action, client Client, in any) (any, error) {
			bound := func(ctx context.Context, in *In, options ...func(*Options)) (*Out, error) {
				return method(client, ctx, in, options...)
			}
			return cloud.Send(ctx, a, x, "", bound, in.(*In))
		},
	}
}

// read is a row that changes nothing.
func read[Client, In, Out, Options any](method func(Client, context.Context, *In, ...func(*Options)) (*Out, error)) row[Client] {
	r := op(method)
	r.repeatable = true
	return r
}

// write is a row that changes something, and more if it is sent twice.
func write[Client, In, Out, Options any](method func(Client, context.Context, *In, ...func(*Options)) (*Out, error)) row[Client] {
	r := op(method)
	r.write = true
	return r
}

// set is a row that changes something to what it says: sent twice, it is so all
// the same.
func set[Client, In, Out, Options any](method func(Client, context.Context, *In, ...func(*Options)) (*Out, error)) row[Client] {
	r := write(method)
	r.repeatable = true
	return r
}

// serve makes a service of its names, its client and its rows.
func serve[Client any](id, class, prefix string, dial func(aws.Config) Client, rows ...row[Client]) *service {
	s := &service{id: id, class: class, prefix: prefix}
	for _, r := range rows {
		o := &operation{service: s, action: pace(prefix, r.name, r.write, r.repeatable), in: r.in, out: r.out}
		o.send = func(ctx context.Context, a *cloud.AWS, in any) (any, error) {
			return r.send(ctx, a, o.action, dial(a.SDK()), in)
		}
		s.rows = append(s.rows, o)
	}
	return s
}

// client drops the options that the SDK's constructors take.
func client[Client, Options any](dial func(aws.Config, ...func(*Options)) Client) func(aws.Config) Client {
	return func(sdk aws.Config) Client { return dial(sdk) }
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
