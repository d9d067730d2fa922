package command

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

// step is a command to which an event is being applied, with what the event says of the
// command as a whole.
type step struct {
	*Command
	mark mark
}

// transition leads from one phase to another as soon as its condition holds.
type transition struct {
	from Phase
	when func(*step) bool
	to   Phase
}

// table says which phase follows which. After each event, the first transition
// whose condition holds is taken, and again from there.
var table = []transition{
	{anyPhase, marked(markInterrupted), DonePhase},
	{BeginPhase, marked(markHeldBack), DonePhase},
	{BeginPhase, and(marked(markBegun), is(Redeploy, Remove, Detach)), SavePhase},
	{BeginPhase, and(marked(markBegun), is(Deploy, Retry, Detect, Update)), ChangePhase},
	{BeginPhase, and(marked(markBegun), is(Revert)), RevertPhase},
	{BeginPhase, and(marked(markBegun), is(Quarantine)), RecordPhase},
	{SavePhase, marked(markSaved), ChangePhase},
	{SavePhase, stopped, RecordPhase},
	{ChangePhase, and(attemptsOver, restores), RestorePhase},
	{ChangePhase, and(attemptsOver, is(Detect)), RecordPhase},
	{ChangePhase, attemptsOver, VerifyPhase},
	{RestorePhase, attemptsOver, VerifyPhase},
	{RevertPhase, reverted, RecordPhase},
	{VerifyPhase, marked(markVerified), RecordPhase},
	{RecordPhase, marked(markRecorded), DonePhase},
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

func and(conditions ...func(*step) bool) func(*step) bool {
	return func(c *step) bool {
		for _, holds := range conditions {
			if !holds(c) {
				return false
			}
		}
		return true
	}
}

func is(kinds ...Kind) func(*step) bool {
	return func(c *step) bool {
		for _, kind := range kinds {
			if c.Kind == kind {
				return true
			}
		}
		return false
	}
}

// attemptsOver reports whether every request of the phase has come to its end.
func attemptsOver(c *step) bool {
	for i := range c.Attempts {
		if a := &c.Attempts[i]; a.Phase == c.Phase && a.State != Over && a.State != Refused {
			return false
		}
	}
	return true
}

// marked reports whether the event being applied says so.
func marked(m mark) func(*step) bool {
	return func(c *step) bool { return c.mark == m }
}

// stopped reports whether what the plan rests on has changed.
func stopped(c *step) bool { return c.Stopped != "" }

// restores reports whether the command has deleted what it must create again.
func restores(c *step) bool {
	for i := range c.Cells {
		if c.Cells[i].State == Deleted {
			return true
		}
	}
	return false
}

// reverted reports whether every cell has come to its end.
func reverted(c *step) bool {
	for i := range c.Cells {
		if s := c.Cells[i].State; s == Pending || s == Preparing || s == Reviewed {
			return false
		}
	}
	return true
}
