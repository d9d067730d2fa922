// Package template reads CloudFormation templates and evaluates them.
//
// It is pure: no clock, no world, no resource types. [Parse] turns a text into a
// [Template], a value that never changes afterwards and that any number of
// stacks share. A [Binding] puts a template together with parameter values and a
// place, and evaluates on demand: what a resource is called and which attributes
// it has, the binding asks its [Surroundings].
//
// Values. A template's values are strings, [Number] (the text as written, so that
// account ids and versions survive), bool, nil, []any, *[Map] (which keeps the
// order of its keys) and *[Func], one intrinsic function in whichever form it was
// written. Evaluation leaves only string, Number, bool, nil, []any and
// map[string]any. CloudFormation compares scalars by their text, so "1" and 1 are
// the same to it and to [Equal].
//
// Errors. Everything refused is an [Error] whose text is AWS's ValidationError,
// as far as it is known. Templates that need a transform are parsed no further
// than their parameters, as only the transform knows what they mean;
// [Template.Deployable] refuses them.
//
// Limits. AWS's own (size, counts, no YAML aliases), and a bound on nesting, so
// that no text costs more than its length.
package template
