// Package wire turns HTTP requests into the inputs of typed API actions, and
// their outputs and errors into AWS's answers, in the protocols that AWS's SDKs
// speak: Query with XML, JSON 1.0 and 1.1, and RPC v2 with CBOR.
//
// The types alone describe the shapes, by the conventions of [core.Do]; there
// are no tables of members. A plan of each struct type is made once by
// reflection and kept. Requests are read in two steps, first into a tree that
// knows no types and then into the struct, so that what bytes can do wrong ends
// in the first step, and what values can do wrong in the second and in the
// check of the `valid` tags. Nothing here panics on input, and nothing is
// allocated in proportion to a number in a request: only to its length.
//
// Tags. `valid:"required,min=1,max=128,enum=A|B,pattern=…"` on a field; pattern
// comes last, since it may hold commas, and must match the whole value, as in
// AWS's models. min and max bound a string's length in characters, a list's or
// map's in members, and a number itself. `each:"…"` holds the same for the
// members of a list. `wire:"name"` names a field whose Go name differs.
package wire
