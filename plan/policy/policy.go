package policy

import (
	"time"

	"github.com/setmend/setmend/fleet"
)

// Healing says how far healing of a stack set may go.
type Healing string

const (
	// HealRevert retries failed operations and puts drifted resources back in
	// place (where a member role is configured); nothing is ever deleted.
	HealRevert Healing = "revert"
	// HealRedeploy allows, beyond HealRevert, to delete instances and create them
	// again with the overrides they had.
	HealRedeploy Healing = "redeploy"
	// HealNotify reports what is wrong and heals nothing. Orphans are still let go
	// of, and missing mandatory instances still deployed.
	HealNotify Healing = "notify"
	// HealOff leaves the set alone altogether: it is judged, and no more.
	HealOff Healing = "off"
)

// Escalation is a remedy that healing may go as far as without asking.
type Escalation string

const (
	EscalateRetry    Escalation = "retry"
	EscalateRevert   Escalation = "revert"
	EscalateRedeploy Escalation = "redeploy"
)

// DataLoss says what holds for a redeployment that would destroy data.
type DataLoss string

const (
	AllowDataLoss  DataLoss = "allow"
	RefuseDataLoss DataLoss = "refuse"
)

// Disposal is what to do with instances that should not be where they are.
type Disposal string

const (
	Detach Disposal = "detach" // give up the instance, leave its stack
	Remove Disposal = "remove" // delete instance and stack
	Hold   Disposal = "hold"   // do nothing, report
)

// Policy is the policy file, setmend.yaml. Use [Default] or [Parse]:
// the zero value holds everything back.
type Policy struct {
	Version  int      `yaml:"version"`
	Accounts Accounts `yaml:"accounts"`
	Limits   Limits   `yaml:"limits"`
	// Escalation is how far a run may go by itself: with --yes, in serve, and after
	// what was confirmed has failed. Each stack set's healing bounds it further.
	Escalation Escalation `yaml:"escalation"`
	Exclude    Exclusion  `yaml:"exclude"`  // for every stack set
	Defaults   Settings   `yaml:"defaults"` // for sets that say nothing themselves
	StackSets  []Entry    `yaml:"stackSets"`
}

// Accounts says what becomes of instances in accounts where they have no
// place any more.
type Accounts struct {
	Suspended Disposal `yaml:"suspended"` // detach or hold
	Closed    Disposal `yaml:"closed"`    // detach or hold
	Left      Disposal `yaml:"left"`      // detach or hold
	Moved     Disposal `yaml:"moved"`     // remove or hold: out of the set's OUs
	Excluded  Disposal `yaml:"excluded"`  // remove or hold: by an exclusion below
	// Grace is how long an account must have been seen suspended, closed or gone
	// before its instances are detached.
	Grace Duration `yaml:"grace"`
}

// Limits bound a run as a whole.
type Limits struct {
	// AccountsGone hits the organization-shrank guard when exceeded.
	AccountsGone Amount `yaml:"accountsGone"`
	// RunningInstances is AWS's quota of instances in operation at once, in one
	// region and administrator account, all sets and all callers together.
	RunningInstances int `yaml:"runningInstances"`
}

// Exclusion names where instances must not be.
type Exclusion struct {
	Accounts []fleet.AccountID `yaml:"accounts"`
	OUs      []fleet.OUID      `yaml:"ous"` // with everything below them
}

// Entry holds settings for the stack sets whose names match.
type Entry struct {
	Match    Patterns `yaml:"match"`
	Settings `yaml:",inline"`
	// Line is where the entry stands in the file.
	Line int `yaml:"-"`
}

// Settings are what can be said of a stack set. What is absent stays as the
// tags, the defaults and earlier entries have it.
type Settings struct {
	Mandatory         *bool                 `yaml:"mandatory"`
	Healing           *Healing              `yaml:"healing"`
	Protected         *bool                 `yaml:"protected"`
	DependsOn         *[]fleet.StackSetName `yaml:"dependsOn"`
	AntiDependsOn     *[]fleet.StackSetName `yaml:"antiDependsOn"`
	Regions           *[]fleet.Region       `yaml:"regions"`
	OUs               *[]fleet.OUID         `yaml:"ous"`
	Targets           *[]Target             `yaml:"targets"`
	IncludeManagement *bool                 `yaml:"includeManagement"`
	Exclude           *Exclusion            `yaml:"exclude"`
	IgnoreDrift       *[]DriftRule          `yaml:"ignoreDrift"`
	CountDrift        *[]DriftRule          `yaml:"countDrift"`
	MemberRole        *string               `yaml:"memberRole"`
	DataLoss          *DataLoss             `yaml:"dataLoss"`
	CheckTemplates    *bool                 `yaml:"checkTemplates"`
	MaxUnavailable    *Amount               `yaml:"maxUnavailable"`
	CanaryFrom        *int                  `yaml:"canaryFrom"`
	MassDrift         *Amount               `yaml:"massDrift"`
	MassRemoval       *Amount               `yaml:"massRemoval"`
	Preferences       *PreferenceSettings   `yaml:"preferences"`
	QuietHours        *[]QuietHours         `yaml:"quietHours"`
	DriftMaxAge       *Duration             `yaml:"driftMaxAge"`
	Quarantine        *QuarantineSettings   `yaml:"quarantine"`
}

// PreferenceSettings are the operation preferences that a policy can set.
type PreferenceSettings struct {
	RegionConcurrency          *fleet.RegionConcurrency `yaml:"regionConcurrency"`
	RegionOrder                *[]fleet.Region          `yaml:"regionOrder"`
	ConcurrencyMode            *fleet.ConcurrencyMode   `yaml:"concurrencyMode"`
	FailureTolerancePercentage *int                     `yaml:"failureTolerancePercentage"`
	MaxConcurrentPercentage    *int                     `yaml:"maxConcurrentPercentage"`
}

// QuarantineSettings say when a cell is given up for the time being.
type QuarantineSettings struct {
	Heals   *int      `yaml:"heals"`
	Window  *Duration `yaml:"window"`
	Backoff *Duration `yaml:"backoff"`
}

// Target is accounts, and the regions in which they must have an instance: those of
// Accounts that are in OUs; what is not given narrows nothing.
type Target struct {
	OUs      []fleet.OUID      `yaml:"ous"`
	Accounts []fleet.AccountID `yaml:"accounts"`
	Regions  []fleet.Region    `yaml:"regions"`
}

// Set is what tags and policy, taken together, say of one stack set.
type Set struct {
	Mandatory bool
	Healing   Healing
	// Protected forbids every deletion of a stack: no redeployment, no removal.
	// Letting go of an instance in an account that is gone stays possible.
	Protected bool
	// DependsOn and AntiDependsOn are names as written; [Assess] resolves them.
	DependsOn     []fleet.StackSetName
	AntiDependsOn []fleet.StackSetName
	// Regions are where a mandatory set's instances must be.
	Regions []fleet.Region
	// OUs are where a service-managed set belongs.
	OUs []fleet.OUID
	// Targets are where a mandatory set's instances must be, where regions differ by
	// OU or account. Then Regions and OUs follow from them.
	Targets []Target
	// IncludeManagement makes the management account a target of a mandatory
	// self-managed set. A service-managed set never has it.
	IncludeManagement bool
	Exclude           Exclusion
	IgnoreDrift       []DriftRule
	// CountDrift is drift that counts although AWS is known to report it of resources
	// that were not changed.
	CountDrift []DriftRule
	// MemberRole is the role in the member accounts for drift-aware change sets,
	// "" if reverting in place is not possible.
	MemberRole string
	// DataLoss says whether a stack may be redeployed that holds data which would be
	// destroyed.
	DataLoss DataLoss
	// CheckTemplates has every stack's own template and parameters compared with
	// its stack set's, in the member accounts: two calls for each instance.
	CheckTemplates bool
	// MaxUnavailable bounds the instances deleted by us at one time, of all the
	// set has.
	MaxUnavailable Amount
	// CanaryFrom is the number of cells from which a redeployment begins with one.
	CanaryFrom  int
	MassDrift   Amount
	MassRemoval Amount
	Preferences fleet.Preferences
	QuietHours  []QuietHours
	// DriftMaxAge is how long a drift check is trusted.
	DriftMaxAge time.Duration
	Quarantine  Quarantine
	// From tells where settings come from, by their name in the policy file:
	// "tag mandatory=true", "the policy's entry for guard-* (line 12)".
	From map[string]string
}

// Quarantine says when a cell is given up for the time being.
type Quarantine struct {
	Heals   int           // failed or repeated heals within Window that are enough
	Window  time.Duration // how far back heals count
	Backoff time.Duration // before the second heal; doubles with each further one
}

// Default is the policy where no file is given.
func Default() *Policy {
	return &Policy{
		Version: 1,
		Accounts: Accounts{
			Suspended: Detach, Closed: Detach, Left: Detach, Moved: Hold, Excluded: Hold,
		},
		Limits:     Limits{AccountsGone: Percent(5), RunningInstances: 10_000},
		Escalation: EscalateRedeploy,
	}
}

// defaultSet is what holds for a stack set of which nothing is said.
func defaultSet(set fleet.StackSet) Set {
	return Set{
		Healing:        HealNotify,
		DataLoss:       RefuseDataLoss,
		Regions:        set.Regions,
		OUs:            set.OUs,
		MaxUnavailable: Percent(10),
		CanaryFrom:     10,
		MassDrift:      Percent(20),
		MassRemoval:    Percent(20),
		Preferences:    defaultPreferences(),
		DriftMaxAge:    20 * time.Hour, // less than a day, so that a daily run checks every time
		Quarantine:     Quarantine{Heals: 3, Window: 24 * time.Hour, Backoff: 5 * time.Minute},
		From:           map[string]string{},
	}
}

// defaultPreferences let one instance's failure stop no other: with AWS's own
// defaults (tolerance 0, STRICT) one closed account cancels the operation for
// all, and strict mode clamps concurrency to the tolerance.
func defaultPreferences() fleet.Preferences {
	return fleet.Preferences{
		RegionConcurrency:          fleet.RegionsParallel,
		ConcurrencyMode:            fleet.SoftFailureTolerance,
		FailureTolerancePercentage: 100,
		MaxConcurrentPercentage:    100,
	}
}
