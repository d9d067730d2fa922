// Package resource knows CloudFormation's resource types: how a resource of a
// type is called, which attributes it has, which changes replace it, what drift
// detection compares, and which IAM actions stand behind it.
//
// It is pure. A resource's physical id and attributes follow from its [Identity]
// alone (stack, logical id, generation, properties), so that a stack that nobody
// has touched needs to store nothing for its resources.
//
// What a type is follows from its schema (package catalogue): identifiers,
// attributes, what is read-only, write-only and create-only, which properties are
// taken ([Type.Invalid]). On top of that catalog_*.go holds behaviour made by hand,
// with ids and attributes as patterns:
//
//	{name}        the name property, or else a generated name in AWS's style
//	{id}          the physical id, in attributes
//	{prop:P}      the property P, or nothing
//	{hexN} {upperN} {lowerN} {digitsN} {uuid}   derived from the identity
//	{account} {region} {partition} {stack} {logical}
//
// An attribute's pattern that begins with [] is a list, divided by spaces. Other
// read-only values are made up in AWS's forms (forms.go): by the schema's
// enumeration and pattern, the template of the type's ARN, the prefixes of ids.
//
// Custom resources, and any name that no registry has, get defaults: a generated
// name, any attribute, no replacement but by name.
//
// [Diff] compares a resource as the template wants it with the live one, in the
// form that drift detection reports; [Get] and [Set] work with JSON pointers.
package resource
