// Package stacksets is CloudFormation StackSets: stack sets, their instances and
// the operations on them, in one admin account and region each, deploying into
// many.
//
// Operations. An operation is a list of results, one for each account and
// region, cut into regions. [engine.go] works it off: it starts what concurrency
// and tolerance allow, and is called again whenever an instance ends, so that an
// instance under way is an entry in the world's queue and nothing else. What is
// done to one instance (deploy, remove, detect drift, import) stands in work.go
// and knows nothing of concurrency.
//
// Instances. A stack set's instances live in numbered slots; every list that AWS
// can filter by (detailed status, drift status, last operation, region) is a bit
// set over the slots. A page is a scan of a few words from the slot where the
// last page ended, whatever the filter and however many instances there are, and
// an instance that exists throughout a listing is listed exactly once.
//
// Admission. admission.go decides whether an operation runs, waits or is refused;
// access.go who may do what; targets.go which accounts are meant.
//
// Files. api.go lists the actions and is where to begin; the actions use admission,
// targets and the kinds of work, these the engine, and all of them model.go, which
// declares what refers to each other. No file uses one that is further up.
//
// Where AWS's documentation leaves something open, the choice is a field of
// [Options] that says so.
package stacksets
