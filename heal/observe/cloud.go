package observe

import (
	"context"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Cloud is AWS as far as it is only read. Every error is or wraps a *fleet.Error.
// Lists are complete or an error; a page that could not be read is never skipped.
type Cloud interface {
	Reader
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

// Member reads in a member account through the configured role.
type Member interface {
	// StackTemplate reads the member stack's own template hash and parameters, to
	// find instances that were updated behind their stack set's back.
	StackTemplate(ctx context.Context, stack fleet.MemberStack) (hash string, parameters []fleet.Parameter, err error)
}

// Clock is time as reading needs it.
type Clock interface{ Now() time.Time }
