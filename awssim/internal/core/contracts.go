package core

import "time"

// Organization is what the other services ask of AWS Organizations: one of the
// organizations of a world, or the place for one (Exists is false).
type Organization interface {
	// Of returns the organization that an account is a member of; for one that is a
	// member of none, one that does not exist.
	Of(account string) Organization
	Exists() bool
	ID() string
	Management() string // the management account's id
	Root() string       // r-…
	// Account finds a member. Accounts that left are not found.
	Account(id string) (OrgAccount, bool)
	// AccountsIn lists the members in an OU or root, directly or below, sorted.
	AccountsIn(ou string) []string
	OUExists(ou string) bool
	TrustedAccess(servicePrincipal string) bool
	SetTrustedAccess(servicePrincipal string, on bool)
	DelegatedAdministrator(account, servicePrincipal string) bool
	// OnChange has f called after every change of membership, place or state.
	OnChange(f func(OrgChange))
}

// OrgAccount is a member of the organization.
type OrgAccount struct {
	ID, Name string
	State    string   // PENDING_ACTIVATION, ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED
	OUs      []string // from the root down to the parent
}

// OrgChange is an account that joined (no From), left (no To), moved, or changed
// its state (From equals To).
type OrgChange struct {
	Account  string
	From, To []string // OU ids from the root down
	State    string
}

// StackSpec is everything that determines a stack.
type StackSpec struct {
	Account, Region string
	Name            string
	// Template is the text. Stacks of one text share its parsed form.
	Template     string
	Parameters   map[string]string // the values given; the template's defaults fill the rest
	Tags         map[string]string
	Capabilities []string
	// NotificationARNs are the topics told of the stack's events, for templates that
	// refer to them; nil for those of before.
	NotificationARNs []string
	// Role is the role that CloudFormation acts as, for error texts: for stack
	// sets "stacksets-exec-…" or the execution role.
	Role string
	// Retain lists logical ids to leave alone, for Delete.
	Retain []string
}

// StackResult is how a stack operation ended.
type StackResult struct {
	StackID string // "" if there is no stack afterwards
	OK      bool
	// NoChange: an update without effect.
	NoChange bool
	// Reason is CloudFormation's text for a failure, in the form that StackSets
	// repeats: "ResourceLogicalId:X, ResourceType:Y, ResourceStatusReason:Z."
	Reason string
}

// StackDrift is the outcome of drift detection on one stack.
type StackDrift struct {
	OK        bool   // false: detection failed
	Reason    string // why
	Status    string // DRIFTED, IN_SYNC
	Resources []ResourceDrift
	Checked   time.Time
}

// ResourceDrift is one resource of a StackDrift.
type ResourceDrift struct {
	LogicalID, PhysicalID, Type string
	Status                      string // IN_SYNC, MODIFIED, DELETED
	// Expected and Actual are JSON texts; Actual is "" when DELETED.
	Expected, Actual string
	Differences      []PropertyDifference
}

// PropertyDifference is one difference between template and live resource.
type PropertyDifference struct {
	Path, Expected, Actual string
	Type                   string // ADD, REMOVE, NOT_EQUAL
}

// TemplateSummary is what stack sets need to know of a template.
type TemplateSummary struct {
	Description  string
	Parameters   []TemplateParameter // in the template's order
	Capabilities []string            // that the template needs
	Resources    int
	// Nested tells of AWS::CloudFormation::Stack resources, Transforms of macros.
	Nested, Transforms bool
}

// TemplateParameter is a declared parameter.
type TemplateParameter struct {
	Key, Type string
	Default   *string // nil: none
	NoEcho    bool
}

// Stacks is CloudFormation's stack engine, as stack sets use it. The operations
// are asynchronous: each takes time in the world, then calls done once.
type Stacks interface {
	// Summary parses a template; the error is AWS's ValidationError.
	Summary(template string) (*TemplateSummary, error)
	// CheckParameters validates values against the template's constraints.
	CheckParameters(template string, values map[string]string) error
	Create(spec StackSpec, done func(StackResult))
	Update(stackID string, spec StackSpec, done func(StackResult))
	Delete(stackID string, spec StackSpec, done func(StackResult))
	DetectDrift(stackID string, done func(StackDrift))
	// Seed makes a stack at once in CREATE_COMPLETE, without events or checks of
	// time, for filling a world. It fails as Create would.
	Seed(spec StackSpec) (stackID string, err error)
	// Stack tells a stack's state: status such as CREATE_COMPLETE, "" if gone.
	Stack(stackID string) (StackInfo, bool)
	// Forget drops a stack without deleting its resources from anybody's view
	// but the account's: for accounts that are closed for good.
	Forget(account string)
}

// StackInfo is a stack as stack sets see it.
type StackInfo struct {
	ID, Name, Account, Region string
	Status                    string
	Template                  string
	Parameters                map[string]string
	NoEcho                    bool // the template has NoEcho parameters
	TerminationProtected      bool
}
