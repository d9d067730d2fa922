package plan

import (
	"regexp"
	"strings"
	"sync"
)

// ReasonClass is what a failure's text means for the next step.
type ReasonClass string

const (
	ReasonDenied         ReasonClass = "denied"       // an SCP or a permission; never retried
	ReasonRoleMissing    ReasonClass = "role-missing" // StackSets' role cannot be assumed
	ReasonNameCollision  ReasonClass = "name-collision"
	ReasonQuota          ReasonClass = "quota"
	ReasonExportInUse    ReasonClass = "export-in-use"
	ReasonTermination    ReasonClass = "termination-protection"
	ReasonThrottled      ReasonClass = "throttled"
	ReasonTemplate       ReasonClass = "template-error"
	ReasonRegionDisabled ReasonClass = "region-disabled"
	ReasonAccountGone    ReasonClass = "account-suspended"
	ReasonAccountGate    ReasonClass = "account-gate"
	ReasonCancelled      ReasonClass = "cancelled"       // collateral of somebody else's failure
	ReasonStackBusy      ReasonClass = "stack-busy"      // somebody else is working on the stack itself
	ReasonStackStuck     ReasonClass = "stack-stuck"     // the stack's state allows no update
	ReasonRollbackFailed ReasonClass = "rollback-failed" // the stack is stuck in UPDATE_ROLLBACK_FAILED, and serves
	ReasonStackGone      ReasonClass = "stack-gone"      // somebody deleted the stack; its instance stays
	ReasonImportMissing  ReasonClass = "import-missing"  // an export it imports is not there (yet)
	ReasonImportFailed   ReasonClass = "import-failed"   // the stack could not be brought into the set
	ReasonMaskedOverride ReasonClass = "masked-override" // the overrides cannot be saved
	ReasonRevertRefused  ReasonClass = "revert-refused"  // a change set would replace or delete, or cannot revert
	ReasonDriftedAgain   ReasonClass = "drifted-again"
	ReasonCouldNotTry    ReasonClass = "could-not-try"    // a gentler remedy could not be tried; no licence for a harsher one
	ReasonCannotComeBack ReasonClass = "cannot-come-back" // a redeployment would delete what cannot be created again
	ReasonHoldsData      ReasonClass = "holds-data"       // a redeployment would destroy data, and the policy does not allow it
	ReasonDriftUnread    ReasonClass = "drift-unread"     // what has drifted could not be read
	ReasonGlobalName     ReasonClass = "global-name"      // the same set has the name in another region of the account
	ReasonAccessOff      ReasonClass = "access-off"       // trusted access between Organizations and StackSets is off
	ReasonNotSubscribed  ReasonClass = "not-subscribed"   // the account is not signed up for a service
	ReasonHook           ReasonClass = "hook-failed"      // a CloudFormation hook refused a resource
	ReasonAlreadyEnabled ReasonClass = "already-enabled"  // a service that exists once in an account was enabled by hand
	ReasonNotEmpty       ReasonClass = "not-empty"        // a bucket or repository with content cannot be deleted
	ReasonInUse          ReasonClass = "in-use"           // another resource depends on what is to be deleted
	ReasonNotStabilized  ReasonClass = "not-stabilized"   // a resource did not become ready in time
	ReasonInternal       ReasonClass = "internal-failure" // AWS failed inside
	ReasonCustomResource ReasonClass = "custom-resource"  // the function behind a custom resource failed
	ReasonResourceGone   ReasonClass = "resource-gone"    // a resource of the stack was deleted outside of CloudFormation
	ReasonTargetGone     ReasonClass = "target-gone"      // an organizational unit that was targeted is gone
	ReasonUnknown        ReasonClass = "unknown"
)

// signs are words (in lower case) that give a class away, in order: the first
// that occurs decides. The order matters where AWS's texts contain one another:
// a failed sts:AssumeRole is "not authorized" too, EC2's RequestLimitExceeded is
// a throttle and not a quota, a second configuration recorder exceeds a "maximum
// number" and means that the service is in use already.
var signs = []sign{
	{ReasonAccountGone, []string{"account_suspended", "account is suspended", "account has been suspended", "account is closed"}},
	{ReasonRollbackFailed, []string{"update_rollback_failed"}},
	{ReasonCancelled, []string{"cancelled since failure tolerance", "operation was stopped", "cancelled by user", "resource creation cancelled"}},
	{ReasonAccessOff, []string{"must enable organizations access", "trusted access"}},
	{ReasonHook, []string{"hook(s) failed", "hook failed", "hooks failed", "hook with"}},
	{ReasonCustomResource, []string{"from custom resource", "your custom resource", "customresource attempted", "cfn-response", "custom resource failed"}},
	{ReasonThrottled, []string{"throttl", "rate exceeded", "requestlimitexceeded", "too many requests", "toomanyrequests", "slow down"}},
	{ReasonRegionDisabled, []string{"sts is not activated in this region", "optinrequired", "opt-in region", "region is disabled", "region is not enabled", "not enabled in this region"}},
	{ReasonNotSubscribed, []string{"needs a subscription", "subscriptionrequired", "not signed up", "not subscribed to this service", "pending verification"}},
	{ReasonDenied, []string{"explicit deny", "service control policy", "resource control policy"}},
	{ReasonRoleMissing, []string{"role with trust relationship", "default_role_creation_error", "sts:assumerole", "cannot assume role", "unable to assume role", "role cannot be assumed"}},
	{ReasonAccountGate, []string{"accountgate", "account gate"}},
	{ReasonTermination, []string{"terminationprotection", "termination protection"}},
	{ReasonExportInUse, []string{"as it is in use by", "in use by stack", "export is in use"}},
	{ReasonImportMissing, []string{"no export named"}},
	{ReasonAlreadyEnabled, []string{"already subscribed", "already enabled", "already been enabled", "already has been enabled", "already registered", "already a member",
		"detector already exists", "hub already exists", "numberofconfigurationrecorders", "numberofdeliverychannels", "maximum number of configuration recorders", "maximum number of delivery channels", "session already exists"}},
	{ReasonNotEmpty, []string{"not empty", "notempty", "must be empty", "must delete all versions", "still contains"}},
	{ReasonInUse, []string{"deleteconflict", "delete conflict", "dependencyviolation", "has dependencies and cannot be deleted", "has a dependent object", "must detach all", "must remove", "must delete", "currently in use", "resourceinuse", "is in use", "in-use"}},
	{ReasonDenied, []string{"not authorized to perform", "accessdenied", "access denied", "unauthorizedoperation", "is not authorized", "http status code: 403", "status code: 403"}},
	{ReasonQuota, []string{"limitexceeded", "limit exceeded", "quota", "exceeded the maximum", "maximum number of", "exceeds the limit", "too many buckets"}},
	{ReasonNameCollision, []string{"already exists", "alreadyexists", "alreadyowned"}},
	{ReasonStackBusy, []string{"_in_progress state"}},
	{ReasonStackStuck, []string{"state and can not be updated", "state and cannot be updated", "_failed state", "rollback_complete state"}},
	{ReasonTargetGone, []string{"organizational unit"}},
	{ReasonNotStabilized, []string{"did not stabilize", "not stabilize", "notstabilized", "timed out", "resource signal(s)", "exceeded attempts to wait", "exceeded max wait", "waitcondition received failed"}},
	{ReasonInternal, []string{"internal failure", "internalfailure", "internal error", "internalerror", "service unavailable", "serviceunavailable"}},
}

// vague are words that occur in many texts; what a resource handler's own code
// says is more certain.
var vague = []sign{
	{ReasonTemplate, []string{"template", "validationerror", "validation error", "properties validation", "property validation failure", "must have values", "unsupported property", "unsupported properties",
		"insufficientcapabilities", "requires capabilities", "unresolved", "invalid request provided", "model validation failed", "malformedpolicydocument", "encountered unsupported"}},
	{ReasonResourceGone, []string{"nosuchentity", "notfound", "not found", "does not exist", "no longer exists"}},
}

type sign struct {
	class ReasonClass
	words []string
}

func (s sign) in(text string) bool {
	for _, word := range s.words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// handlerCode is the code in the texts of resource handlers. Source: the error
// codes of CloudFormation's resource type development guide.
var handlerCode = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`handlererrorcode: ?([a-z]+)`) })

var handlerCodes = map[string]ReasonClass{
	"accessdenied": ReasonDenied, "unauthorizedtaggingoperation": ReasonDenied, "invalidcredentials": ReasonDenied,
	"alreadyexists": ReasonNameCollision, "notfound": ReasonResourceGone, "resourceconflict": ReasonInUse,
	"throttling": ReasonThrottled, "servicelimitexceeded": ReasonQuota,
	"notstabilized": ReasonNotStabilized, "servicetimeout": ReasonNotStabilized,
	"generalserviceexception": ReasonUnknown, "serviceinternalerror": ReasonInternal, "internalfailure": ReasonInternal, "networkfailure": ReasonInternal,
	"handlerinternalfailure": ReasonInternal, "invalidrequest": ReasonTemplate, "notupdatable": ReasonTemplate, "invalidtypeconfiguration": ReasonTemplate,
	"nonscompliant": ReasonHook, "noncompliant": ReasonHook, "unsupportedtarget": ReasonHook,
}

// stackGone is said of the stack itself. What a stack deploys, or a drift
// detection, may not exist either, and that is no reason to redeploy.
var stackGone = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\bstack (with id )?\S+ does not exist`) })

// Classify reads AWS's text: the plain signs first, then the resource handler's
// own code, then words that occur in many texts. It returns [ReasonUnknown] for
// what it does not recognise.
func Classify(reason string) ReasonClass {
	text := strings.ToLower(reason)
	if stackGone().MatchString(text) {
		return ReasonStackGone
	}
	for _, s := range signs {
		if s.in(text) {
			return s.class
		}
	}
	if code := handlerCode().FindStringSubmatch(text); code != nil {
		if class, known := handlerCodes[code[1]]; known && class != ReasonUnknown {
			return class
		}
	}
	if detached().MatchString(text) {
		return ReasonUnknown
	}
	for _, s := range vague {
		if s.in(text) {
			return s.class
		}
	}
	return ReasonUnknown
}

// detached are texts about drift detections and their bookkeeping: what is not
// found there is no resource of the stack.
var detached = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\bdrift detection \[?\S+ does not exist|\bresource \S+ does not exist for stack`)
})

// meaning says what a class of failure means for what may be tried next.
type meaning struct {
	// outside: the cause lies outside of the stack set, and another try meets it
	// until it is gone. The cell is blocked, and tried again with growing distance.
	outside bool
	// passes: the cause passes by itself; the same remedy is tried again.
	passes bool
	// meetsCreation: creating the stack would meet the same obstacle, so that
	// deleting it first would leave nothing.
	meetsCreation bool
	// hint names the thing to change, and the command after it.
	hint string
}

const again = " It is tried again by itself, with growing distance; at once: `setmend quarantine release`, then `setmend heal`."

var meanings = map[ReasonClass]meaning{
	ReasonDenied:         {outside: true, meetsCreation: true, hint: "Lift the service control policy or permission that denies it to StackSets' execution role in the account." + again},
	ReasonRoleMissing:    {outside: true, meetsCreation: true, hint: "Create StackSets' execution role in the account with the trust that AWS names." + again},
	ReasonAccessOff:      {outside: true, meetsCreation: true, hint: "Activate trusted access for StackSets: `aws cloudformation activate-organizations-access` in the management account." + again},
	ReasonNotSubscribed:  {outside: true, meetsCreation: true, hint: "Sign the account up for the service that AWS names." + again},
	ReasonRegionDisabled: {outside: true, meetsCreation: true, hint: "Enable the region in the account (`aws account enable-region`), or take it out of the set's regions." + again},
	ReasonAccountGate:    {outside: true, meetsCreation: true, hint: "Look at the Lambda function AWSCloudFormationStackSetAccountGate in the account: it refuses." + again},
	ReasonHook:           {outside: true, meetsCreation: true, hint: "Make the resource comply with the CloudFormation hook that AWS names, or change the hook." + again},
	ReasonAlreadyEnabled: {outside: true, meetsCreation: true, hint: "The service was enabled in the account outside of the stack: disable it there, or import it into the stack." + again},
	ReasonNameCollision:  {outside: true, meetsCreation: true, hint: "A resource of that name exists outside the stack: rename or delete it, or import it into the stack." + again},
	ReasonGlobalName:     {outside: true, meetsCreation: true, hint: "The name can exist once in an account: deploy the set to one region, or put ${AWS::Region} into the name, and update the stack set with `aws cloudformation update-stack-set`."},
	ReasonQuota:          {outside: true, passes: true, meetsCreation: true, hint: "Raise the quota in the account (`aws service-quotas request-service-quota-increase`), or remove what uses it up." + again},
	ReasonExportInUse:    {hint: "Name the importing stack sets in dependson and allow them to be redeployed, or change what imports the value; then `setmend heal`."},
	ReasonInUse:          {meetsCreation: true, hint: "Another resource still uses what AWS names: detach or delete it in the account, then `setmend heal`."},
	ReasonNotEmpty:       {outside: true, meetsCreation: true, hint: "Empty the resource that AWS names (a bucket: all versions, too), or keep it with DeletionPolicy: Retain." + again},
	ReasonTermination:    {meetsCreation: true, hint: "Turn off termination protection of the stack in the account (`aws cloudformation update-termination-protection --no-enable-termination-protection`), if it may be deleted. Then `setmend quarantine release` has it tried again."},
	ReasonThrottled:      {passes: true, meetsCreation: true, hint: "Nothing needs to be done: it is tried again later. If it stays, lower maxConcurrentPercentage in the policy."},
	ReasonInternal:       {passes: true, meetsCreation: true, hint: "AWS failed inside: it is tried again later. If it stays, look at the stack's events in the account and ask AWS Support."},
	ReasonNotStabilized:  {passes: true, meetsCreation: true, hint: "The resource that AWS names did not become ready in time: look at it in the account. It is tried again later."},
	ReasonCustomResource: {meetsCreation: true, hint: "The function behind the custom resource failed: read its log in CloudWatch Logs in the account, put it right, then `setmend heal`."},
	ReasonResourceGone:   {meetsCreation: true, hint: "A resource that AWS names was deleted outside of CloudFormation: configure memberRole so that it can be put back in place, or make it by hand, then `setmend heal`."},
	ReasonTemplate:       {outside: true, meetsCreation: true, hint: "Correct the template or the parameters of the stack set (`aws cloudformation update-stack-set`)." + again},
	ReasonTargetGone:     {outside: true, meetsCreation: true, hint: "The organizational unit is gone: name others in the policy (targets), or deploy the set to them." + again},
	ReasonAccountGone:    {outside: true, meetsCreation: true, hint: "Reopen the account, or let setmend detach its instances (accounts.suspended: detach in the policy)."},
	ReasonCancelled:      {passes: true, meetsCreation: true, hint: "Nothing is wrong with the instance itself: another's failure ended the operation. It is tried again."},
	ReasonStackBusy:      {passes: true, meetsCreation: true, hint: "The stack is being worked on in its account: it is tried again when that has ended."},
	ReasonStackStuck:     {hint: "The stack's state allows no update: look at its events in the account (`aws cloudformation describe-stack-events`), bring it to an end there, then `setmend heal`."},
	ReasonRollbackFailed: {outside: true, meetsCreation: true, hint: "Put right what made the rollback fail, then continue it in the account (`aws cloudformation continue-update-rollback`), or configure memberRole for setmend to do it." + again},
	ReasonStackGone:      {hint: "The stack was deleted in its account: allow healing: redeploy in the policy, or detach the instance; then `setmend heal`."},
	ReasonImportMissing:  {outside: true, passes: true, meetsCreation: true, hint: "Deploy the stack set that exports the value first, and name it in dependson." + again},
	ReasonImportFailed:   {meetsCreation: true, hint: "Import the stack again (`aws cloudformation import-stacks-to-stack-set`), or detach the instance. It is never redeployed: that would make a second stack beside it."},
	ReasonMaskedOverride: {hint: "A NoEcho override reads as asterisks and would be lost: delete and create this instance by hand with its true value."},
	ReasonRevertRefused:  {hint: "Reverting in place would replace or delete resources, or cannot put them back: allow healing: redeploy in the policy, or put it right by hand; then `setmend heal`."},
	ReasonCouldNotTry:    {outside: true, hint: "setmend could not reach the stack in its account, and does nothing harsher for that: make the member role that the policy names (memberRole), with the trust that `setmend permissions` prints, then `setmend heal`."},
	ReasonCannotComeBack: {hint: "Deleting the stack would leave nothing: its successor could not be created. Put it right in place (memberRole in the policy), or by hand."},
	ReasonHoldsData:      {hint: "A redeployment would destroy data. Put it right in place (memberRole in the policy), keep the data by DeletionPolicy: Retain, or say dataLoss: allow for the set in the policy; then `setmend heal`."},
	ReasonDriftUnread:    {hint: "AWS reports some drift wrongly, so a stack is not redeployed before it is known what drifted: allow cloudformation:ListStackInstanceResourceDrifts, or look at it with `setmend explain`; then `setmend heal`."},
	ReasonDriftedAgain:   {hint: "Something changes the resources back again and again: find what does (`setmend explain`), or ignore that property in ignoreDrift."},
	ReasonUnknown:        {hint: "Read AWS's reason, look at the stack's events in the account (`aws cloudformation describe-stack-events`), then `setmend heal`."},
}

// Hint returns what a person can do about a class of failure.
func Hint(class ReasonClass) string { return meanings[class].hint }

// Outside reports whether the cause lies outside of what setmend can act on. The
// cell is then blocked, and tried again with growing distance.
func (c ReasonClass) Outside() bool { return meanings[c].outside }

// Passes reports whether the cause passes by itself, so that the same remedy is
// worth another try.
func (c ReasonClass) Passes() bool { return meanings[c].passes }

// MeetsCreation reports whether the creation of a stack would meet the obstacle,
// so that deleting it first would leave nothing.
func (c ReasonClass) MeetsCreation() bool { return meanings[c].meetsCreation }

// The parts of AWS's texts that differ from instance to instance.
var particulars = sync.OnceValue(func() []particular {
	return []particular{
		{regexp.MustCompile(`arn:aws[a-z-]*:[^\s"',;)\]]+`), "<arn>"},
		{regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "<id>"},
		{regexp.MustCompile(`(?i)\b[0-9a-f]{32}\b`), "<id>"},
		{regexp.MustCompile(`\b\d{12}\b`), "<account>"},
		{regexp.MustCompile(`\b(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|o-[a-z0-9]{10,32})\b`), "<ou>"},
		{regexp.MustCompile(`\b[a-z]{2}(-(gov|iso[a-z]?))?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-\d\b`), "<region>"},
		{regexp.MustCompile(`\b\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC`), "<time>"},
		{regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})?`), "<time>"},
		{regexp.MustCompile(`\b(vpc|subnet|sg|i|eni|rtb|igw|nat|vol|ami|acl|vpce|key|lt)-[0-9a-f]{8,17}\b`), "<id>"},
		{regexp.MustCompile(`(?i)\b(request id|requestid|requesttoken|extended request id):\s*[^\s,;)]+`), "$1: <id>"},
		{regexp.MustCompile(`(?i)\bstackset-[a-z0-9-]+-<id>`), "StackSet-<id>"},
	}
})

// particular is the form of such a part, and what is put for it.
type particular struct {
	form *regexp.Regexp
	put  string
}

// Normalise strips account ids, ARNs, ids, regions and times, so that equal
// causes read the same and can be grouped.
func Normalise(reason string) string {
	for _, p := range particulars() {
		reason = p.form.ReplaceAllString(reason, p.put)
	}
	return strings.Join(strings.Fields(reason), " ")
}
