// Package plan decides. From one observation of the fleet, the policy and what
// earlier runs remember, it says what every cell should be, what it is and why
// (an [Assessment]), and from that, what to do, in which order, in the fewest
// calls (a [Plan]). Both are values: they can be printed, saved and compared.
//
// The package is pure. It performs no I/O and reads no clock; whoever calls it
// passes the time. The same inputs give the same plan, byte for byte.
//
// A plan names first rungs only. Which rung follows when one fails depends on
// AWS's answer, so the healer asks [Next] with the failure's [ReasonClass].
// Parameter overrides are not known when planning (AWS tells them one instance
// at a time), so a redeployment is planned as cells, and the healer groups the
// cells by overrides when it has read them, with the same [Cover].
package plan
