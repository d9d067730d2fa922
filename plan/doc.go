// Package plan decides. From one observation of the fleet, the policy and what
// earlier runs remember, it says what every cell should be, what it is and why
// (an [Assessment]), and from that, what to do, in which order, in the fewest
// requests (a [Plan]).
//
//	assessment := plan.Assess(fleet, policy, memory, now)
//	p := assessment.Plan(plan.Options{})
//	p.Text(os.Stdout, plan.TextOptions{})
//
// The package is pure. It performs no I/O and reads no clock; the caller passes the
// time and the policy file's bytes. The same inputs give the same plan, byte for
// byte: every map is sorted before it turns into behaviour.
//
// # How it decides
//
// [Assess] judges each cell by itself (judge.go), then by what else is at its
// target (relate.go), then by what was tried before (remember.go), and chooses
// the least destructive remedy that the policy leaves open and that can still help
// (escalation.go). [Assessment.Plan] applies the guards (guards.go), finds the sets
// whose drift is to be detected (detect.go), sorts the cells (choose.go), groups
// what the guards let through into actions (group.go), splits those that take
// instances down into waves (waves.go), writes down every request (requests.go),
// how far a run may go beyond and what that would destroy (furthest.go), and which
// action waits for which (after.go). Stages never go back: a deployment that depends
// on something to be healed waits for the healing stage.
//
// Three rules hold whatever policy and memory say. What is not known for certain
// is never acted on: an account that is absent but not confirmed gone, a state
// that has no meaning here, drift that was seen too long ago. In an account where
// nothing can be done, instances are only detached, and in a live account they never
// are. And what was deleted to be redeployed is created again, whatever has changed
// since.
//
// # What was shown is what is done
//
// A plan is sealed when it is made: nothing changes it, and its hash covers every
// request. A run sends these requests, or fewer ([Request.Only], [Request.Within]),
// and nothing else. The creations of a redeployment are grouped by overrides that
// are read only before the deletion; [Request.Restore] groups them. Before each
// request the caller compares [Expand] with the request's targets.
//
// Where a remedy fails, the next assessment chooses a harsher one. [Shown] divides
// the plan made then: what lies within what a person saw ([ShownBy]) or the policy
// allows ([AllowedBy]) may be carried out, the rest needs an approval.
package plan
