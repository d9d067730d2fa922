// Package catalogue holds the schemas of all resource types of the CloudFormation
// registry: properties with their types and constraints, which of them are
// read-only, write-only or create-only, attributes, identifiers, tagging.
//
// The data is generated (make generate-catalogue) from the schemas that cfn-lint
// carries and from @aws-cdk/aws-service-spec; see NOTICE. It is embedded as one file
// of compressed blocks, one block a type, behind a sorted index: a program that
// asks for no type pays nothing but the file's size, and [Find] reads one type and
// keeps it.
//
// Paths of properties are written like JSON pointers without the leading slash,
// with * for the members of a list or map: "VpcConfig/SubnetIds/*".
//
// [Type.Check] validates properties as CloudFormation does before it calls a
// resource's handler.
package catalogue
