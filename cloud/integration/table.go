package integration

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// Prefixes of the resources that are integrations, in AWS's first partition.
const (
	statesPrefix = "arn:aws:states:::"
	sdkPrefix    = statesPrefix + "aws-sdk:"
)

// A Function is a task: JSON in, JSON out. Its error is an [*Error], or the
// context's.
type Function = func(ctx context.Context, input json.RawMessage) (json.RawMessage, error)

// A Table finds what resources stand for. It is immutable.
type Table struct{}

// NewTable makes the table, without a connection: that comes with [Bind].
func NewTable() *Table { return &Table{} }

// An integration is one way to call an operation.
type integration struct {
	operation *operation
	naming    naming
	// texts are string parameters that take any JSON, as its text. Only the
	// optimised integrations have such.
	texts []string
	// alias lets parameters have their names as the model writes them, too: the
	// optimised integrations are older than Step Functions' rules.
	alias bool
	// translate and result change the parameters and the answer of those whose
	// shape is Step Functions' own.
	translate func(parameters) parameters
	result    func(answer) answer
	job       *job // that .sync waits for
}

// A resourceName is an integration's resource, in parts.
type resourceName struct {
	service, action string
	sdk             bool
	pattern         string // "", .sync, .sync:2 or .waitForTaskToken
}

// parseResource divides the resource of an integration: of any partition, with
// or without region and account. ok is false if it is none.
func parseResource(resource string) (name resourceName, ok bool) {
	parts := strings.SplitN(filled(resource), ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || !model.IsPartition(parts[1]) || parts[2] != "states" {
		return name, false
	}
	rest := parts[5]
	for _, pattern := range []string{".waitForTaskToken", ".sync:2", ".sync"} {
		if plain, ok := strings.CutSuffix(rest, pattern); ok {
			rest, name.pattern = plain, pattern
			break
		}
	}
	rest, name.sdk = strings.CutPrefix(rest, "aws-sdk:")
	name.service, name.action, ok = strings.Cut(rest, ":")
	return name, ok && name.service != "activity" && !strings.Contains(name.action, ":")
}

var (
	openPartition = regexp.MustCompile(`^arn:\$\{[^{}]*\}:`)
	openPart      = regexp.MustCompile(`\$\{[^{}]*\}`)
)

// filled is a resource with something in the place of its substitutions, so that
// what it names can be seen: aws for the partition, x for all else.
func filled(resource string) string {
	if !strings.Contains(resource, "${") {
		return resource
	}
	return openPart.ReplaceAllString(openPartition.ReplaceAllString(resource, "arn:aws:"), "x")
}

// isOpen reports whether a resource is named by substitutions only: all of it, or the
// service or action of an integration.
func isOpen(resource string) bool {
	if openPart.FindString(resource) == resource && resource != "" {
		return true
	}
	if _, ok := parseResource(resource); !ok {
		return false
	}
	// Names of CloudFormation's own have colons in them.
	plain := strings.ReplaceAll(openPartition.ReplaceAllString(resource, "arn:aws:"), "${AWS::", "${")
	return openPart.MatchString(strings.SplitN(plain, ":", 6)[5])
}

// find is the integration of a resource, nil if there is none. A pattern that the
// integration does not have makes it another resource.
func (t *Table) find(resource string) *integration {
	name, ok := parseResource(resource)
	if !ok {
		return nil
	}
	if !name.sdk {
		return optimised(name)
	}
	if name.pattern == ".sync" || name.pattern == ".sync:2" {
		return nil
	}
	o := operationsOf(name.service)[name.action]
	if o == nil {
		return nil
	}
	return &integration{operation: o, naming: java2(o.Service)}
}

// Services lists the services whose actions can be called, sorted by their names
// in resources.
func (t *Table) Services() []string { return model.Names() }

// Actions lists a service's actions by their names in resources, sorted; none if
// there is no such service.
func (t *Table) Actions(service string) []string {
	var list []string
	for name := range operationsOf(service) {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// Known tells whether there is something to call behind a resource: an
// integration, or a Lambda function by its ARN.
func (t *Table) Known(resource string) bool {
	_, isOwn := own(resource)
	return isOwn || t.find(resource) != nil || isInvoke(resource) || isLambdaARN(resource)
}

// Callable tells whether [Bound.Lookup] finds something for a resource.
func (t *Table) Callable(resource string) bool { return t.Known(resource) || isFunctionName(resource) }

// isInvoke tells lambda:invoke, in any partition.
func isInvoke(resource string) bool {
	name, ok := parseResource(resource)
	return ok && !name.sdk && name.service == "lambda" && name.action == "invoke" && !strings.HasPrefix(name.pattern, ".sync")
}

// Bound is a table with an AWS to call.
type Bound struct {
	table  *Table
	aws    *cloud.AWS
	caller *caller
}

// Bind makes a table of an AWS.
func Bind(a *cloud.AWS) *Bound { return &Bound{NewTable(), a, newCaller(a)} }

// Lookup finds what to call behind a resource: an integration of the table, or
// the Lambda function of that ARN or name. Which functions there are only AWS
// knows; one that there is not fails with Lambda.ResourceNotFoundException.
func (b *Bound) Lookup(resource string) (Function, bool) {
	if isInvoke(resource) {
		return b.invoke, true
	}
	if o, ok := own(resource); ok {
		return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) { return o.do(b, ctx, input) }, true
	}
	if i := b.table.find(resource); i != nil {
		return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			return b.perform(ctx, i, input)
		}, true
	}
	if b.table.Callable(resource) {
		return b.function(resource), true
	}
	return nil, false
}
