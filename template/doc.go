// Package template reads what a CloudFormation template means for deleting its
// stacks and creating them again: what holds data, what outlives the stack under
// a name that its successor would take, which names can exist once in an account,
// what is exported and imported, and which parameters AWS masks.
//
// [Read] is the only way in. It never fails: AWS has accepted the text, so what
// cannot be read here is answered with caution ([fleet.TemplateFacts.Opaque]).
// What resource types mean is data, one line a type: data.tsv (what is lost),
// names.tsv (which property is the name), global.tsv (names unique across
// regions). A type that is in none of them holds nothing.
//
// The package is pure and imports nothing of ours but fleet.
package template
