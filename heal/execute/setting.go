package execute

import (
	"context"
	"log/slog"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan/policy"
)

// Cloud is AWS as commands need it.
type Cloud interface {
	observe.Reader
	Writer
	Member
}

// Writer starts operations. A nil error means that AWS accepted the operation
// under the given id, now or (recognised by the id) before.
type Writer interface {
	// Change starts CREATE, UPDATE or DELETE. For a service-managed set it sends
	// the OUs with the accounts and AccountFilterType=INTERSECTION, always.
	Change(ctx context.Context, change fleet.InstanceChange) error
	DetectDrift(ctx context.Context, name fleet.StackSetName, operationID string, preferences fleet.Preferences) error
	// UpdateSet changes a stack set's definition and updates the instances at the
	// change's accounts and regions.
	UpdateSet(ctx context.Context, change fleet.SetChange) error
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
}

// Clock is time as commands need it.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Setting is what commands of one run are carried out with.
type Setting struct {
	Run          string
	Cloud        Cloud
	Journal      record.Journal
	Clock        Clock
	Log          *slog.Logger
	Policy       *policy.Policy
	Commands     *record.Log
	Fence        *lease.Fence
	Organization *Organization
	// Fleet is the fleet as the commands were planned for it. It is only read; nil
	// where nothing is planned.
	Fleet *fleet.Fleet
	// Definitions are what requests of the kind UPDATE_SET make of a stack set, by name.
	Definitions map[string]fleet.SetChange
	// OrganizationRead is when the organization in Fleet was read.
	OrganizationRead time.Time
}

func (s *Setting) now() time.Time { return s.Clock.Now() }

// record makes what happened to a command durable and applies it.
func (s *Setting) record(ctx context.Context, command string, facts ...command.Fact) error {
	return s.Commands.Record(ctx, command, facts...)
}

// policy is what holds for a stack set of the fleet.
func (s *Setting) policy(set fleet.StackSetName) policy.Set {
	return s.Policy.For(s.Fleet.StackSets[set].StackSet)
}
