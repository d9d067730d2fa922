// Package resource knows CloudFormation's resource types: how a resource of a
// type is called, which attributes it has, which changes replace it, what drift
// detection compares, and which IAM actions stand behind it.
//
// It is pure. A resource's physical id and attributes follow from its [Identity]
// alone (stack, logical id, generation, properties), so that a stack that nobody
// has touched needs to store nothing for its resources.
//
// The catalog (catalog_*.go) writes ids and attributes as patterns:
//
//	{name}        the name property, or else a generated name in AWS's style
//	{id}          the physical id, in attributes
//	{prop:P}      the property P, or nothing
//	{hexN} {upperN} {lowerN} {digitsN} {uuid}   derived from the identity
//	{account} {region} {partition} {stack} {logical}
//
// An attribute's pattern that begins with [] is a list, divided by spaces.
//
// A type that the catalog does not list gets defaults that hold for most types:
// a name property if it has one that looks like it, a generated name otherwise,
// any attribute, drift support, no replacement but by name.
//
// [Diff] compares a resource as the template wants it with the live one, in the
// form that drift detection reports; [Get] and [Set] work with JSON pointers.
package resource
