// Package order shows the order of stack sets that follows from their dependencies,
// and works out how to write it to AWS.
//
// [Read] resolves what tags, policy and AWS say of each set into a [Graph], which
// draws itself as text, Mermaid, DOT or SVG. [Synchronize] compares what is declared
// with AWS's AutoDeployment.DependsOn and returns the updates to send, in their
// order: AWS refuses an update after which the dependencies would form a cycle, and
// more than 10 dependencies of a set or 100 of an account, at every moment on the
// way and not at the end only. Turning a direction round therefore takes the old
// dependency away before the new one is written.
//
// The package is pure: it reads a fleet and a policy, and sends nothing.
package order
