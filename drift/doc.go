// Package drift knows where AWS's drift detection is wrong and where it is blind.
//
// AWS compares what a template declares with what a read returns, text by text.
// Reads change letter case, order and form, add defaults and drop values, so that
// some resources are reported as changed from the day they are made, while other
// changes are never seen. Neither is a reason to delete anything.
//
// The knowledge is data, one line a rule with its fact: noise.tsv for differences
// that are none, blind.tsv for what goes unseen. [Split] applies the first to a
// resource's drift; rules that hold for every type (the same value in another
// form) are in equal.go. The package is pure and imports nothing of ours but fleet.
package drift
