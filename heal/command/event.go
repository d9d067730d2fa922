package command

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Event is something that happened to a command. Events are all that is stored.
type Event struct {
	Command string    // the command's ID
	At      time.Time // by the healer's clock
	Epoch   int64     // of the lease that wrote it
	Fact    Fact
}

// Fact is what happened: one of the types of this file.
type Fact interface{ name() string }

// Outcome is what became of one cell.
type Outcome struct {
	fleet.Cell
	State  CellState        `json:"state"`
	Class  plan.ReasonClass `json:"class,omitempty"`
	Reason string           `json:"reason,omitempty"`
	// Kept is set if AWS has the instance still, with the overrides saved, although
	// its deletion was asked for.
	Kept bool `json:"kept,omitempty"`
	// Restored and Lost say how its overrides compare with those saved.
	Restored bool `json:"restored,omitempty"`
	Lost     bool `json:"lost,omitempty"`
}

// Copy is an instance's overrides, as they are durable.
type Copy struct {
	fleet.Cell
	Overrides []fleet.Parameter `json:"overrides,omitempty"`
}

type (
	// Opened makes the command; it is its first event.
	Opened struct {
		Command Command `json:"command"`
	}
	// Began: the command is taken up.
	Began struct{}

	// Saved: the overrides of Copies are durable and were read back; Outcomes are the
	// cells that need no deletion any more, or must not be deleted.
	Saved struct {
		Copies   []Copy                        `json:"copies,omitempty"`
		Outcomes []Outcome                     `json:"outcomes,omitempty"`
		Newest   map[fleet.StackSetName]string `json:"newest,omitempty"`
	}
	// SavedAgain: these overrides were read after AWS had accepted the deletion, and
	// differ from those read before.
	SavedAgain struct {
		Copies []Copy `json:"copies"`
	}

	// RequestIntended: the request will be sent, not after Deadline.
	RequestIntended struct {
		Attempt  int       `json:"attempt"`
		Deadline time.Time `json:"deadline,omitzero"`
	}
	// RequestAccepted: AWS has begun or queued the operation.
	RequestAccepted struct {
		Attempt int       `json:"attempt"`
		Next    time.Time `json:"next,omitzero"` // when to look at it first
	}
	// RequestRefused: nothing was done, nor will be. The cells fail for it.
	RequestRefused struct {
		Attempt int              `json:"attempt"`
		Class   plan.ReasonClass `json:"class,omitempty"`
		Reason  string           `json:"reason"`
	}
	// RequestPutOff: nothing was done; the request is worth another try at Next. Busy
	// is set if an external operation runs on the set.
	RequestPutOff struct {
		Attempt int       `json:"attempt"`
		Next    time.Time `json:"next"`
		Busy    bool      `json:"busy,omitempty"`
	}
	// OutcomeUnknown: the request may or may not have arrived.
	OutcomeUnknown struct {
		Attempt int       `json:"attempt"`
		Next    time.Time `json:"next,omitzero"`
	}
	// RequestLost: AWS knows no operation of the request's id, and it can arrive no
	// more. It is sent again under the same id.
	RequestLost struct {
		Attempt int `json:"attempt"`
	}
	// RequestDropped: none of its cells needs it any more.
	RequestDropped struct {
		Attempt int `json:"attempt"`
	}
	// OperationEnded: the operation can change no more.
	OperationEnded struct {
		Attempt int                   `json:"attempt"`
		Status  fleet.OperationStatus `json:"status"`
		Reason  string                `json:"reason,omitempty"`
		Failed  int                   `json:"failed,omitempty"`
		At      time.Time             `json:"at,omitzero"`
	}
	// ResultsRead: what the operation did to each of its cells.
	ResultsRead struct {
		Attempt  int       `json:"attempt"`
		Outcomes []Outcome `json:"outcomes,omitempty"`
	}

	// Prepares: change sets for these cells are being made.
	Prepares struct {
		Cells []fleet.Cell `json:"cells"`
	}
	// ChangeSetReviewed: it does no more than put live resources back, and will be
	// executed.
	ChangeSetReviewed struct {
		Cell fleet.Cell `json:"cell"`
	}
	// CellEnded: what became of a cell that is reverted.
	CellEnded struct {
		Outcome Outcome `json:"outcome"`
	}

	// Verified: what was created was read and compared with what was saved.
	Verified struct {
		Outcomes []Outcome `json:"outcomes,omitempty"`
	}
	// ChangedSincePlan: what the plan rests on has changed. The command sends no more.
	ChangedSincePlan struct {
		Reason string `json:"reason"`
	}
	// HeldBack: the command is not begun, nor will be in this run.
	HeldBack struct {
		Reason string `json:"reason"`
	}
	// Interrupted: another run has taken over. The command sends no more; what it has
	// deleted is left to the next plan.
	Interrupted struct {
		By string `json:"by"`
	}
	// Recorded: the outcome is in the cells' memory. It is the last of a run's events.
	Recorded struct{}

	// RestoreResolved: these cells are pending no more, or (Refuted) are not as far
	// as AWS's record says.
	RestoreResolved struct {
		Cells   []fleet.Cell `json:"cells"`
		Why     string       `json:"why"`
		By      string       `json:"by,omitempty"`
		Refuted bool         `json:"refuted,omitempty"`
	}
	// RestoreReopened: the deletion has arrived after all.
	RestoreReopened struct {
		Cells []fleet.Cell `json:"cells"`
		Why   string       `json:"why"`
	}
)

func (Opened) name() string            { return "opened" }
func (Began) name() string             { return "began" }
func (Saved) name() string             { return "saved" }
func (SavedAgain) name() string        { return "saved-again" }
func (RequestIntended) name() string   { return "intended" }
func (RequestAccepted) name() string   { return "accepted" }
func (RequestRefused) name() string    { return "refused" }
func (RequestPutOff) name() string     { return "put-off" }
func (OutcomeUnknown) name() string    { return "outcome-unknown" }
func (RequestLost) name() string       { return "lost" }
func (RequestDropped) name() string    { return "dropped" }
func (OperationEnded) name() string    { return "ended" }
func (ResultsRead) name() string       { return "results" }
func (Prepares) name() string          { return "prepares" }
func (ChangeSetReviewed) name() string { return "reviewed" }
func (CellEnded) name() string         { return "cell-ended" }
func (Verified) name() string          { return "verified" }
func (ChangedSincePlan) name() string  { return "changed-since-plan" }
func (HeldBack) name() string          { return "held-back" }
func (Interrupted) name() string       { return "interrupted" }
func (Recorded) name() string          { return "recorded" }
func (RestoreResolved) name() string   { return "restore-resolved" }
func (RestoreReopened) name() string   { return "restore-reopened" }

// decoders read each fact by its name.
var decoders = map[string]func([]byte) (Fact, error){}

func register[F Fact]() {
	var zero F
	decoders[zero.name()] = func(b []byte) (Fact, error) {
		var f F
		err := json.Unmarshal(b, &f)
		return f, err
	}
}

func init() {
	register[Opened]()
	register[Began]()
	register[Saved]()
	register[SavedAgain]()
	register[RequestIntended]()
	register[RequestAccepted]()
	register[RequestRefused]()
	register[RequestPutOff]()
	register[OutcomeUnknown]()
	register[RequestLost]()
	register[RequestDropped]()
	register[OperationEnded]()
	register[ResultsRead]()
	register[Prepares]()
	register[ChangeSetReviewed]()
	register[CellEnded]()
	register[Verified]()
	register[ChangedSincePlan]()
	register[HeldBack]()
	register[Interrupted]()
	register[Recorded]()
	register[RestoreResolved]()
	register[RestoreReopened]()
}

// eventJSON is an event's form in the journal.
type eventJSON struct {
	Command string          `json:"command"`
	At      time.Time       `json:"at"`
	Epoch   int64           `json:"epoch,omitempty"`
	Event   string          `json:"event"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (e Event) MarshalJSON() ([]byte, error) {
	if e.Fact == nil {
		return nil, fmt.Errorf("writing an event of command %s: it has no fact", e.Command)
	}
	data, err := json.Marshal(e.Fact)
	if err != nil {
		return nil, fmt.Errorf("writing event %s of command %s: %w", e.Fact.name(), e.Command, err)
	}
	if string(data) == "{}" {
		data = nil
	}
	return json.Marshal(eventJSON{e.Command, e.At, e.Epoch, e.Fact.name(), data})
}

// UnmarshalJSON implements [json.Unmarshaler]. It fails on an event that this
// version does not know: what happened then must not be passed over.
func (e *Event) UnmarshalJSON(b []byte) error {
	var raw eventJSON
	if err := json.Unmarshal(b, &raw); err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	decode, known := decoders[raw.Event]
	if !known {
		return fmt.Errorf("reading an event of command %s: %q is not known to this version; use the newer one that wrote it", raw.Command, raw.Event)
	}
	if raw.Data == nil {
		raw.Data = []byte("{}")
	}
	fact, err := decode(raw.Data)
	if err != nil {
		return fmt.Errorf("reading event %s of command %s: %w", raw.Event, raw.Command, err)
	}
	*e = Event{Command: raw.Command, At: raw.At, Epoch: raw.Epoch, Fact: fact}
	return nil
}
