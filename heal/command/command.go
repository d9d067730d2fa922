package command

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Kind is what a command does.
type Kind string

const (
	Deploy     Kind = "deploy"     // create what is missing
	Retry      Kind = "retry"      // run the failed operation again
	Revert     Kind = "revert"     // put live resources back with change sets in member accounts
	Redeploy   Kind = "redeploy"   // save, delete, create again
	Remove     Kind = "remove"     // save, delete
	Detach     Kind = "detach"     // save, delete and retain the stacks
	Detect     Kind = "detect"     // have AWS detect drift
	Update     Kind = "update"     // give instances other overrides
	Import     Kind = "import"     // reserved
	Quarantine Kind = "quarantine" // give up; sends nothing
)

// Phase is how far a command is.
type Phase string

const (
	BeginPhase   Phase = ""
	SavePhase    Phase = "save"    // read, check and save overrides
	ChangePhase  Phase = "change"  // operations on instances, drift detections
	RestorePhase Phase = "restore" // create again what was deleted
	RevertPhase  Phase = "revert"  // change sets in member accounts
	VerifyPhase  Phase = "verify"  // compare what was created with what was saved
	RecordPhase  Phase = "record"  // record the outcome in the cells' memory
	DonePhase    Phase = "done"
)

// Command is an action being carried out. Its fields are assigned in apply.go only.
type Command struct {
	// ID is unique in the run.
	ID   string `json:"id"`
	Run  string `json:"run"`
	Kind Kind   `json:"kind"`
	// Action is the plan's. Its requests are all that may be sent.
	Action plan.Action `json:"action"`
	// Pins identify the sets it touches as they were when it was planned.
	Pins map[fleet.StackSetName]string `json:"pins,omitempty"`

	Phase    Phase     `json:"phase"`
	Cells    []Cell    `json:"cells"`
	Attempts []Attempt `json:"attempts,omitempty"`
	// Newest is the newest operation on each set before overrides were read.
	Newest map[fleet.StackSetName]string `json:"newest,omitempty"`
	// Stopped says what has changed since the plan, if that stopped it.
	Stopped string `json:"stopped,omitempty"`

	Began time.Time `json:"began,omitzero"`
	// Ended is when all was done but recording the outcome.
	Ended time.Time `json:"ended,omitzero"`
	// NotBefore is when the next effect is due at the earliest.
	NotBefore time.Time `json:"notBefore,omitzero"`
}

// CellState is how far a cell is.
type CellState string

const (
	Pending   CellState = ""          // not acted on yet
	Preparing CellState = "preparing" // a change set is being or was made
	Reviewed  CellState = "reviewed"  // its change set may be executed
	Deleted   CellState = "deleted"   // and to be created again by this command
	Healed    CellState = "healed"
	Failed    CellState = "failed"
	Skipped   CellState = "skipped"   // needs nothing any more
	Suspended CellState = "suspended" // not begun, and not to be begun in this run
	Postponed CellState = "postponed" // deleted; the creation is left to the next plan
)

// Cell is one cell of a command.
type Cell struct {
	fleet.Cell
	State   CellState `json:"state,omitempty"`
	StackID string    `json:"stackId,omitempty"`
	// Verdict, Why and Found are what the plan found.
	Verdict plan.Verdict     `json:"verdict,omitempty"`
	Why     string           `json:"why,omitempty"`
	Found   plan.ReasonClass `json:"found,omitempty"`
	// Class and Reason are why it failed or was skipped.
	Class  plan.ReasonClass `json:"class,omitempty"`
	Reason string           `json:"reason,omitempty"`
	// Saved are the overrides it had, once they are durable; never nil then.
	Saved []fleet.Parameter `json:"saved,omitempty"`
	// IsSaved is set once Saved is durable.
	IsSaved bool `json:"isSaved,omitempty"`
	// Restore says whether it may have been deleted and must be created again.
	Restore RestoreState `json:"restore,omitempty"`
	// Gone is set if AWS has said that this command deleted the instance.
	Gone bool `json:"gone,omitempty"`
	// Restored is set if it was found with the overrides that were saved.
	Restored bool `json:"restored,omitempty"`
	// Lost is set if it came back with other overrides than those saved.
	Lost bool `json:"lost,omitempty"`
}

// RestoreState is whether a cell may have been deleted and must be created again.
type RestoreState string

const (
	NoRestore      RestoreState = ""        // no deletion was intended
	RestorePending RestoreState = "pending" // from the intent to delete on
	// RestoreRefuted: AWS has no record of the deletion after the latest moment at
	// which it could arrive. It is looked for again by later runs.
	RestoreRefuted RestoreState = "refuted"
	RestoreDone    RestoreState = "done" // there again, or not wanted any more
)

// AttemptState is how far a request is.
type AttemptState string

const (
	Planned  AttemptState = ""         // not sent
	Intended AttemptState = "intended" // perhaps sent: look it up first
	Accepted AttemptState = "accepted" // under way
	Ended    AttemptState = "ended"    // its results are not read yet
	Over     AttemptState = "over"
	Refused  AttemptState = "refused" // not accepted; nothing was done
)

// Attempt is one request of a command.
type Attempt struct {
	Request   plan.Request `json:"request"`
	Operation string       `json:"operation"`
	Phase     Phase        `json:"phase"`
	State     AttemptState `json:"state,omitempty"`
	// Deadline is the latest moment at which the request can have been sent.
	Deadline time.Time             `json:"deadline,omitzero"`
	Status   fleet.OperationStatus `json:"status,omitempty"`
	Class    plan.ReasonClass      `json:"class,omitempty"`
	Reason   string                `json:"reason,omitempty"`
	Failed   int                   `json:"failed,omitempty"`
	Began    time.Time             `json:"began,omitzero"`
	Ended    time.Time             `json:"ended,omitzero"`
}

// Open reports whether the attempt is or may be under way on AWS.
func (a *Attempt) Open() bool { return a.State == Intended || a.State == Accepted }

// Size is how many instances the attempt is for.
func (a *Attempt) Size() int {
	if a.Request.Kind == plan.RequestDetect {
		return a.Request.Instances
	}
	return len(a.Request.Accounts) * len(a.Request.Regions)
}

// Deletes reports whether the attempt deletes stack instances.
func (a *Attempt) Deletes() bool { return a.Request.Kind == plan.RequestDelete }

// Done reports whether nothing remains to be done.
func (c *Command) Done() bool { return c.Phase == DonePhase }

// Started reports whether the command has left its first phase.
func (c *Command) Started() bool { return c.Phase != BeginPhase }

// Sets lists the stack sets the command touches, its own first.
func (c *Command) Sets() []fleet.StackSetName {
	return append([]fleet.StackSetName{c.Action.StackSet}, c.Action.Together...)
}

// Find returns a cell of the command, nil if it has no such cell.
func (c *Command) Find(cell fleet.Cell) *Cell {
	i := slices.IndexFunc(c.Cells, func(d Cell) bool { return d.Cell == cell })
	if i < 0 {
		return nil
	}
	return &c.Cells[i]
}

// In lists the targets of a set's cells in the given state.
func (c *Command) In(set fleet.StackSetName, state CellState) []fleet.Target {
	var targets []fleet.Target
	for i := range c.Cells {
		if c.Cells[i].StackSet == set && c.Cells[i].State == state {
			targets = append(targets, c.Cells[i].Target)
		}
	}
	return targets
}

// OpenAttempt returns the attempt that is or may be under way, nil for none.
func (c *Command) OpenAttempt() *Attempt {
	for i := range c.Attempts {
		if c.Attempts[i].Open() {
			return &c.Attempts[i]
		}
	}
	return nil
}

// LastOperation returns the id of the last operation that was to act on the cell and
// was or may have been sent, "" if there is none.
func (c *Command) LastOperation(cell fleet.Cell) string {
	last := ""
	for i := range c.Attempts {
		a := &c.Attempts[i]
		if !a.Began.IsZero() && a.Request.StackSet == cell.StackSet && covers(a, cell.Target) {
			last = a.Operation
		}
	}
	return last
}

// Touched reports whether the command may have changed anything on AWS.
func (c *Command) Touched() bool {
	for i := range c.Attempts {
		if s := c.Attempts[i].State; s != Planned && s != Refused && c.Kind != Detect {
			return true
		}
	}
	return c.Kind == Revert && slices.ContainsFunc(c.Cells, func(d Cell) bool {
		return d.State == Healed || d.State == Skipped || d.State == Failed && d.Class != plan.ReasonRevertRefused && d.Class != plan.ReasonCouldNotTry
	})
}

// OperationID derives the id of a command's nth request. The same request has the
// same id in every process that comes to send it, so that AWS recognises a
// repetition. Form: [a-zA-Z0-9][-a-zA-Z0-9]*, at most 128.
func OperationID(run, id string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", run, id, n))
	return OperationPrefix(run) + hex.EncodeToString(sum[:8])
}

// OperationPrefix starts the ids of all operations of a run.
func OperationPrefix(run string) string { return fleet.OwnOperation + Short(run) + "-" }

// Owns reports whether an operation is one of the run's.
func Owns(run, operation string) bool { return strings.HasPrefix(operation, OperationPrefix(run)) }

// Short returns a run's id with only letters, digits and hyphens, at most 60 long.
func Short(run string) string {
	clean := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, run)
	return clean[:min(len(clean), 60)]
}

func covers(a *Attempt, target fleet.Target) bool {
	for _, account := range a.Request.Accounts {
		if account != target.Account {
			continue
		}
		for _, region := range a.Request.Regions {
			if region == target.Region {
				return true
			}
		}
	}
	return false
}
