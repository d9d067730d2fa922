// Package policy reads and evaluates IAM policy documents: service control policies,
// identity and resource policies, trust policies. What it decides is whether a
// statement is about a request; what follows from that for the request is the
// business of who asks.
package policy
