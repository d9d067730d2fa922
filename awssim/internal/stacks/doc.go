// Package stacks is CloudFormation's stack engine: it deploys templates into
// accounts, keeps what is live there, detects drift, makes and executes change
// sets, and answers CloudFormation's stack actions.
//
// Memory. An organization can have hundreds of thousands of stacks that differ
// in nothing but place. A stack therefore holds little more than its id and a
// pointer to its [deployment], template and parameters, which all stacks of
// equal content share. What a resource is called and which properties it has is
// computed when somebody asks, from stack id, logical id and template; only what
// differs from that is stored: changes made by hand, replacements, retained
// resources. Events are computed too, from a short record of each operation.
//
// Operations. What an operation will come to is worked out when it starts: that
// is when names are claimed, imports looked up and denials found. Its duration
// is drawn then too, and what it changes becomes visible when it ends. In
// between, events and resource statuses follow the same schedule.
//
// Makers. Resources that have a life of their own (nested stacks, stack sets, wait
// conditions) are made by a [Maker]. An operation begins their parts one after
// another and continues when its time has passed and the parts are done; a rollback
// undoes what they did.
//
// One store. The engine keeps every live resource of the world, those of no stack
// too; the services of SNS, SSM, S3, CloudWatch and EventBridge are views on it
// ([core.LiveStore], [core.Mirror]).
//
// Drift. The live properties of a resource are those of the stack's own last
// deployment, unless somebody changed them ([Engine.SetProperty],
// [Engine.DeleteResource], Cloud Control). Drift detection compares the two, and
// so does a change set with DeploymentMode=REVERT_DRIFT, which adds the desired
// state as the third.
package stacks
