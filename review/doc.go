// Package review shows what differs between stack sets and the accounts: what has
// drifted, property by property, and what an update would change where.
//
// Both answer the same question for a person: of hundreds of accounts, which few
// things are different, and in how many. So both are lists of small facts about one
// resource in one cell, and are grouped when shown: one change made by hand in 200
// accounts is one line.
//
// [ReadDrift] reads the details of drifted instances and marks every difference that
// does not count, with the rule or the fact because of which it does not. [Variants]
// picks the member stacks in which change sets are made so that every kind of stack
// of a set is covered by few, [Preview] makes and removes them, and [Aggregate] adds
// their results up to all instances. Names of change sets are in the journal before
// they are made, so that [CleanUp] finds those that a crash has left.
package review
