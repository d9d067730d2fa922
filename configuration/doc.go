// Package configuration compiles what tags and policy say of the stack sets into
// small JSON documents that other systems read: an account-vending pipeline must
// know what to deploy into a new account, and in which order.
//
// Compile is pure: an assessment goes in, documents come out, the same bytes for the
// same input, without times or counters, so that a store needs to be written only
// where something has changed. No document lists the accounts that there are: rules
// name OUs and regions, and hold for accounts that join tomorrow.
//
// Three kinds of documents lie below the path (/setmend/ by default):
//
//	order             every mandatory stack set once, dependencies first
//	levels            the same, in levels whose members may be deployed at one time
//	stacksets/NAME    what holds for one stack set: where, after what, never with what
//
// A document larger than a parameter may be (4 KB in the standard tier, 8 KB in the
// advanced one) is split: part 2 is named NAME/2, and every part says how many parts
// there are and to which revision of the whole it belongs. Each part is a document
// of its own; joining them is appending their lists. A reader that meets two
// revisions reads again: parts are written last to first, so that the first part
// never speaks of parts that are not there.
//
// Levels keep colliding stack sets apart (antidependson): two that must never share a
// target are in different levels, and neither is left out, because rules may send
// them to different accounts.
package configuration
