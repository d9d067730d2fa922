package awssim

import (
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// StackSetOptions are StackSets' quotas and what its documentation leaves open.
type StackSetOptions = stacksets.Options

// Span is a range that a duration is drawn from.
type Span = stacksets.Span

// StackSetSpec describes a stack set that a world is filled with.
type StackSetSpec = stacksets.Spec

// InstanceSeed describes a stack instance that a world is filled with.
type InstanceSeed = stacksets.InstanceSeed

// LiveChange is how a live resource differs from its template.
type LiveChange = stacksets.LiveChange

// Landing is an instance that an operation has just deployed.
type Landing = stacksets.Landing

// SeedStackSet makes a stack set at once, without an operation.
func (a *AWS) SeedStackSet(spec StackSetSpec) error {
	a.Lock()
	defer a.Unlock()
	_, err := a.stackSets.Seed(spec)
	return err
}

// SeedInstance makes an instance of a stack set, named by name or ARN, and its
// stack at once.
func (a *AWS) SeedInstance(set, account, region string, seed InstanceSeed) error {
	a.Lock()
	defer a.Unlock()
	if err := a.stackSets.SeedInstance(set, account, region, seed); err != nil {
		return err
	}
	return a.touch(set, account, region, seed.Live)
}

// StackOf is the id of an instance's stack; ok is false if there is none.
func (a *AWS) StackOf(set, account, region string) (id string, ok bool) {
	a.Lock()
	defer a.Unlock()
	return a.stackSets.StackOf(set, account, region)
}

// SetAccountGate gives an account an AWSCloudFormationStackSetAccountGate
// function in a region that answers SUCCEEDED or FAILED; "" takes it away.
func (a *AWS) SetAccountGate(account, region, status, reason string) {
	a.Lock()
	defer a.Unlock()
	a.stackSets.SetGate(account, region, status, reason)
}

// DisableRegion makes a region one that an account has not opted into, or undoes
// that.
func (a *AWS) DisableRegion(account, region string, disabled bool) {
	a.Lock()
	defer a.Unlock()
	a.stackSets.DisableRegion(account, region, disabled)
}

// OnLanding has f called after every instance that an operation deployed, with
// the lock held: f must not call methods that take it.
func (a *AWS) OnLanding(f func(Landing)) {
	a.Lock()
	defer a.Unlock()
	a.landings = append(a.landings, f)
	a.stackSets.OnLanding(f)
}
