package command

// Phase is how far a command is.
type Phase string

const (
	BeginPhase   Phase = ""
	SavePhase    Phase = "save"    // read, check and save overrides
	ChangePhase  Phase = "change"  // operations on instances, drift detections
	RestorePhase Phase = "restore" // create again what was deleted
	RevertPhase  Phase = "revert"  // change sets, or continued rollbacks, in member accounts
	VerifyPhase  Phase = "verify"  // compare what was created with what was saved
	RecordPhase  Phase = "record"  // record the outcome in the cells' memory
	DonePhase    Phase = "done"
)

// anyPhase matches every phase in the table.
const anyPhase Phase = "*"

// mark is what an event says of the command as a whole. It lasts for that event.
type mark string

const (
	markBegun       mark = "begun"
	markSaved       mark = "saved"
	markVerified    mark = "verified"
	markRecorded    mark = "recorded"
	markHeldBack    mark = "held-back"
	markInterrupted mark = "interrupted"
)

// transition leads from one phase to another as soon as its condition holds.
type transition struct {
	from Phase
	when func(*Command) bool
	to   Phase
}

// table says which phase follows which. After each event, the first transition
// whose condition holds is taken, and again from there.
var table = []transition{
	{anyPhase, (*Command).interrupted, DonePhase},
	{BeginPhase, (*Command).heldBack, DonePhase},
	{BeginPhase, and((*Command).begun, is(Redeploy, Remove, Detach)), SavePhase},
	{BeginPhase, and((*Command).begun, is(Deploy, Retry, Detect, Update)), ChangePhase},
	{BeginPhase, and((*Command).begun, is(Revert, ContinueRollback)), RevertPhase},
	{BeginPhase, and((*Command).begun, is(Quarantine)), RecordPhase},
	{SavePhase, (*Command).saved, ChangePhase},
	{SavePhase, (*Command).stopped, RecordPhase},
	{ChangePhase, and(attemptsOver, (*Command).restores), RestorePhase},
	{ChangePhase, and(attemptsOver, is(Detect)), RecordPhase},
	{ChangePhase, attemptsOver, VerifyPhase},
	{RestorePhase, attemptsOver, VerifyPhase},
	{RevertPhase, (*Command).reverted, RecordPhase},
	{VerifyPhase, (*Command).verified, RecordPhase},
	{RecordPhase, (*Command).recorded, DonePhase},
}

// legal says in which phases an event can happen.
var legal = map[string][]Phase{
	Began{}.name():             {BeginPhase},
	HeldBack{}.name():          {BeginPhase},
	Saved{}.name():             {SavePhase},
	SavedAgain{}.name():        {ChangePhase},
	RequestIntended{}.name():   {ChangePhase, RestorePhase},
	RequestAccepted{}.name():   {ChangePhase, RestorePhase},
	RequestRefused{}.name():    {ChangePhase, RestorePhase},
	RequestPutOff{}.name():     {ChangePhase, RestorePhase},
	OutcomeUnknown{}.name():    {ChangePhase, RestorePhase},
	RequestLost{}.name():       {ChangePhase, RestorePhase},
	RequestDropped{}.name():    {ChangePhase, RestorePhase},
	OperationEnded{}.name():    {ChangePhase, RestorePhase},
	ResultsRead{}.name():       {ChangePhase, RestorePhase},
	Prepares{}.name():          {RevertPhase},
	ChangeSetReviewed{}.name(): {RevertPhase},
	CellEnded{}.name():         {RevertPhase},
	Verified{}.name():          {VerifyPhase},
	Recorded{}.name():          {RecordPhase},
	ChangedSincePlan{}.name():  {SavePhase, ChangePhase, RestorePhase},
	Interrupted{}.name():       {BeginPhase, SavePhase, ChangePhase, RestorePhase, RevertPhase, VerifyPhase, RecordPhase},
	RestoreResolved{}.name():   everyPhase,
	RestoreReopened{}.name():   everyPhase,
}

var everyPhase = []Phase{BeginPhase, SavePhase, ChangePhase, RestorePhase, RevertPhase, VerifyPhase, RecordPhase, DonePhase}

func and(conditions ...func(*Command) bool) func(*Command) bool {
	return func(c *Command) bool {
		for _, holds := range conditions {
			if !holds(c) {
				return false
			}
		}
		return true
	}
}

func is(kinds ...Kind) func(*Command) bool {
	return func(c *Command) bool {
		for _, kind := range kinds {
			if c.Kind == kind {
				return true
			}
		}
		return false
	}
}

// attemptsOver reports whether every request of the phase has come to its end.
func attemptsOver(c *Command) bool {
	for i := range c.Attempts {
		if a := &c.Attempts[i]; a.Phase == c.Phase && a.State != Over && a.State != Refused {
			return false
		}
	}
	return true
}

func (c *Command) interrupted() bool { return c.mark == markInterrupted }
func (c *Command) heldBack() bool    { return c.mark == markHeldBack }
func (c *Command) begun() bool       { return c.mark == markBegun }
func (c *Command) saved() bool       { return c.mark == markSaved }
func (c *Command) stopped() bool     { return c.Stopped != "" }
func (c *Command) verified() bool    { return c.mark == markVerified }
func (c *Command) recorded() bool    { return c.mark == markRecorded }

// restores reports whether the command has deleted what it must create again.
func (c *Command) restores() bool {
	for i := range c.Cells {
		if c.Cells[i].State == Deleted {
			return true
		}
	}
	return false
}

// reverted reports whether every cell has come to its end.
func (c *Command) reverted() bool {
	for i := range c.Cells {
		if s := c.Cells[i].State; s == Pending || s == Preparing || s == Reviewed {
			return false
		}
	}
	return true
}
