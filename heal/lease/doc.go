// Package lease says which run may change AWS, and when it may not any more.
//
// One run at a time has the lease ([Keeper.Acquire]); it carries an epoch, which every
// event records. A [Fence] is asked right before every call that changes AWS, and
// again after each wait inside the call: for the lease, in the journal and where it is
// shared with healers that have other journals, and for the kill switches.
package lease
