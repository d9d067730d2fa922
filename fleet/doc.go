// Package fleet is the vocabulary that the rest of setmend speaks: an AWS
// organization, its accounts, its stack sets and their instances, as values.
//
// A stack set has instances; an instance sits at a [Target], an account and a
// region. A [Cell] is a stack set at a target, whether or not an instance is
// there. A [Fleet] is everything that one observation saw. The home region is
// the region that the stack sets themselves live in.
//
// The package holds no logic beyond what the words themselves mean, imports
// nothing but the standard library, and knows nothing of AWS's client types.
// Account and region always travel together as one [Target], never as two
// parallel lists: a StackSets call multiplies accounts by regions, and a
// flattened pair of lists is how tools come to touch cells nobody asked for.
package fleet
