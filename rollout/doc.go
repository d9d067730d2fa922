// Package rollout decides how an update reaches the instances of a stack set: in which
// phases, how fast, and what must hold before the next.
//
// A [File] is the strategy as a person writes it. [Parse] reads it strictly, with line
// numbers in every refusal, and [File.Divide] divides a stack set's cells into
// [Phase] values: each cell in exactly one, or an error that names the lines that
// overlap or leave a hole. Both are pure; what they need of the organization is handed
// in. [Preferences] rounds as AWS does, so that a plan can say what AWS will do.
//
// The strategies and their numbers are those of AWS's article on deployment
// strategies: sequential (5 % at a time, one region after another, no tolerance),
// parallel (80 %, 20 % tolerance), balanced (25 %, 8 %), and phased: pilot accounts
// (10 %), early adopters (30 %), the rest.
package rollout
