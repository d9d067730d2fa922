package heal

import (
	"context"
	"iter"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Cloud is AWS as the healer needs it. Every error is or wraps a *fleet.Error.
// Lists are complete or an error; a page that could not be read is never skipped.
type Cloud interface {
	Reader
	Writer
	Member
}

// Reader reads the organization and the stack sets.
type Reader interface {
	Caller(ctx context.Context) (fleet.Caller, error)
	// Organization reads every page of accounts and OUs, and trusted access.
	Organization(ctx context.Context) (fleet.Organization, error)
	// DescribeAccount asks for one account; NotFound means it is not a member.
	DescribeAccount(ctx context.Context, id fleet.AccountID) (fleet.Account, error)
	// StackSets lists the names of the active stack sets, sorted.
	StackSets(ctx context.Context) ([]fleet.StackSetName, error)
	StackSet(ctx context.Context, name fleet.StackSetName) (fleet.StackSet, error)
	// Instances lists instances, without overrides.
	Instances(ctx context.Context, name fleet.StackSetName, filter fleet.InstanceFilter) ([]fleet.Instance, error)
	// Instance reads one with its overrides (never nil); NotFound if there is none.
	Instance(ctx context.Context, cell fleet.Cell) (fleet.Instance, error)
	// Running lists operations that have not ended, newest first. It reads the
	// newest page and stops at the first page without any.
	Running(ctx context.Context, name fleet.StackSetName) ([]fleet.Operation, error)
	// Recent lists the newest operations, at most limit, newest first.
	Recent(ctx context.Context, name fleet.StackSetName, limit int) ([]fleet.Operation, error)
	// Operation reads one; NotFound if AWS knows none of that id.
	Operation(ctx context.Context, name fleet.StackSetName, id string) (fleet.Operation, error)
	Results(ctx context.Context, name fleet.StackSetName, id string) ([]fleet.Result, error)
	// ResourceDrifts reads a cell's drifted resources as of a drift operation.
	ResourceDrifts(ctx context.Context, cell fleet.Cell, operation string) ([]fleet.ResourceDrift, error)
}

// Writer starts operations. A nil error means that AWS accepted the operation
// under the given id, now or (recognised by the id) before.
type Writer interface {
	// Change starts CREATE, UPDATE or DELETE. For a service-managed set it sends
	// the OUs with the accounts and AccountFilterType=INTERSECTION, always.
	Change(ctx context.Context, change fleet.InstanceChange) error
	DetectDrift(ctx context.Context, name fleet.StackSetName, operationID string, preferences fleet.Preferences) error
}

// Member acts in a member account through the configured role.
type Member interface {
	// Revert prepares a drift-aware change set on the stack and reads back what
	// it would do. token makes the call repeatable: the change set's name follows
	// from it, and one that exists already is described instead.
	Revert(ctx context.Context, stack fleet.MemberStack, token string) (fleet.RevertPlan, error)
	// ExecuteRevert executes what Revert prepared and waits until the stack rests.
	ExecuteRevert(ctx context.Context, stack fleet.MemberStack, token string) error
	// AbandonRevert deletes what Revert prepared.
	AbandonRevert(ctx context.Context, stack fleet.MemberStack, token string) error
	// ContinueRollback continues the rollback of a stack in UPDATE_ROLLBACK_FAILED, and
	// waits until the stack rests. It can be repeated with its token. It skips no
	// resource. A stack that is not in that state any more is fine.
	ContinueRollback(ctx context.Context, stack fleet.MemberStack, token string) error
	// StackDrift runs drift detection on the one stack and waits for the outcome.
	StackDrift(ctx context.Context, stack fleet.MemberStack) (fleet.DriftStatus, []fleet.ResourceDrift, error)
	// LastDrift reads the stack's drifted resources as of its last drift detection.
	LastDrift(ctx context.Context, stack fleet.MemberStack) ([]fleet.ResourceDrift, error)
	// StackTemplate reads the member stack's own template hash and parameters, to
	// find instances that were updated behind their stack set's back.
	StackTemplate(ctx context.Context, stack fleet.MemberStack) (hash string, parameters []fleet.Parameter, err error)
}

// Clock is time as the healer sees it; cmd passes one that can be sped up.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Journal is the durable state of runs. Values are on disk when a call returns.
// A mismatching version is an error with a method Conflict() bool that is true.
type Journal interface {
	Get(ctx context.Context, key string) (value []byte, version int64, err error) // absent: nil, 0, nil
	Put(ctx context.Context, key string, value []byte, version int64) (next int64, err error)
	Delete(ctx context.Context, key string, version int64) error
	Keys(ctx context.Context, prefix string) ([]string, error)
	// Claim takes a log over: writers with an earlier epoch are fenced off.
	Claim(ctx context.Context, log string) (epoch int64, err error)
	// Append adds entries to a log, all or none. If epoch is not the one of the log's
	// last claim, the error has a method Fenced() bool that is true. Without entries
	// it only checks the epoch.
	Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error
	Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error]
}
