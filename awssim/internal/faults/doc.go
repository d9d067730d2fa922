// Package faults says which calls of an embedded AWS go wrong, and how.
//
// A rule names calls by service, action and members of their input, picks some
// of them by number or chance, and says what becomes of each: it fails and is
// not applied, is applied and fails all the same, is applied but its answer gets
// lost, is slow, comes back with an empty or short page, or with an answer that
// was true a while ago. Rules are tried in order and the first that fires
// decides, but every rule counts every call that it matches.
//
// The package decides; the handler of the embedded AWS carries out.
package faults
