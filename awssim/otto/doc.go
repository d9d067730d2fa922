// Package otto fills an embedded AWS with a fleet that somebody has to look after:
// a retailer's organization of some hundred accounts, two dozen stack sets made
// from real templates, and everything wrong that operators of such a fleet
// complain of.
//
// [Fill] goes through the same doors as AWS's customers wherever it can. Stacks
// are deployed from the templates under templates/, imports find their exports,
// drift is made by changing live resources, the operation that somebody else runs
// is a request to CloudFormation. Only the past is told rather than lived: that an
// instance failed last week, or was last checked two days ago.
//
// Everything that is random comes from [Options].Seed, and the world's own seed
// determines its ids: the same two seeds make the same fleet. What is wrong and
// how it should end is in the [Truth], so that a test can hold a healer to it cell
// by cell and override by override.
//
// The files: sets.go is the two dozen stack sets as data; accounts.go the tree and
// who is who in it; fleet.go decides which cells there are, faults.go what is wrong
// with them, seed.go puts both into the world.
package otto
