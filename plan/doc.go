// Package plan decides. From one observation of the fleet, the policy and what
// earlier runs remember, it says what every cell should be, what it is and why
// (an [Assessment]), and from that, what to do, in which order, in the fewest
// calls (a [Plan]). Both are values: they can be printed, saved and compared.
//
// The package is pure. It performs no I/O and reads no clock; whoever calls it
// passes the time and the policy file's bytes. The same inputs give the same
// plan, byte for byte: every map is sorted before it turns into behaviour.
//
// # How it decides
//
// [Assess] judges each cell by itself (judge.go), then by what else is at its
// target (relate.go), then by what was tried before (remember.go), and chooses
// the least destructive remedy that the policy leaves open and that can still help
// (ladder.go). [Make] applies the guards (guards.go), groups what they let
// through into actions (group.go), splits those that take instances down into
// waves (waves.go), covers each with calls that reach exactly its cells
// (cover.go), and says which waits for which (after.go). Stages never go back: a
// deployment that depends on something to be healed waits for the healing stage.
//
// Three rules hold whatever policy and memory say. What is not known for certain
// is never acted on: an account that is absent but not confirmed gone, a state
// that has no meaning here. In an account where nothing can be done, instances
// are only let go of, and in a live account they never are. And what we deleted
// to redeploy it is created again, whatever has changed since.
//
// # What it leaves to the healer
//
// A plan names first remedies only. Which remedy follows when one fails depends on
// AWS's answer, so the healer asks [Next] with the failure's [ReasonClass].
// Parameter overrides are not known when planning (AWS tells them one instance
// at a time), so a redeployment is planned as cells, and the healer groups the
// cells by overrides when it has read them, with the same [Cover]. Before each
// call it compares [Expand] with what the call is meant to reach.
package plan
