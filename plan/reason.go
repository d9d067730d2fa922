package plan

import (
	"regexp"
	"strings"
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
	ReasonStackGone      ReasonClass = "stack-gone"      // somebody deleted the stack; its instance stays
	ReasonImportMissing  ReasonClass = "import-missing"  // an export it imports is not there (yet)
	ReasonImportFailed   ReasonClass = "import-failed"   // the stack could not be brought into the set
	ReasonMaskedOverride ReasonClass = "masked-override" // the overrides cannot be saved
	ReasonRevertRefused  ReasonClass = "revert-refused"  // a change set would replace or delete, or cannot revert
	ReasonDriftedAgain   ReasonClass = "drifted-again"
	ReasonUnknown        ReasonClass = "unknown"
)

// signs are words (in lower case) that give a class away, in order: the first
// that occurs decides. The order matters where AWS's texts contain one another:
// a failed sts:AssumeRole is "not authorized" too, EC2's RequestLimitExceeded is
// a throttle and not a quota.
var signs = []struct {
	class ReasonClass
	words []string
}{
	{ReasonAccountGone, []string{"account_suspended", "account is suspended", "account has been suspended", "account is closed"}},
	{ReasonCancelled, []string{"cancelled since failure tolerance", "operation was stopped", "cancelled by user", "resource creation cancelled"}},
	{ReasonThrottled, []string{"throttl", "rate exceeded", "requestlimitexceeded", "too many requests", "toomanyrequests", "slow down"}},
	{ReasonRegionDisabled, []string{"sts is not activated in this region", "optinrequired", "opt-in region", "region is disabled", "region is not enabled", "not enabled in this region"}},
	{ReasonDenied, []string{"explicit deny", "service control policy", "resource control policy"}},
	{ReasonRoleMissing, []string{"role with trust relationship", "default_role_creation_error", "sts:assumerole", "cannot assume role", "unable to assume role", "role cannot be assumed"}},
	{ReasonAccountGate, []string{"accountgate", "account gate"}},
	{ReasonTermination, []string{"terminationprotection", "termination protection"}},
	{ReasonExportInUse, []string{"as it is in use by", "in use by stack", "export is in use"}},
	{ReasonImportMissing, []string{"no export named"}},
	{ReasonDenied, []string{"not authorized to perform", "accessdenied", "access denied", "unauthorizedoperation", "is not authorized", "http status code: 403", "status code: 403"}},
	{ReasonQuota, []string{"limitexceeded", "limit exceeded", "quota", "exceeded the maximum", "maximum number of", "exceeds the limit", "too many buckets"}},
	{ReasonNameCollision, []string{"already exists", "alreadyexists", "alreadyowned"}},
	{ReasonStackBusy, []string{"_in_progress state"}},
	{ReasonStackStuck, []string{"state and can not be updated", "state and cannot be updated", "_failed state", "rollback_complete state"}},
	{ReasonTemplate, []string{"template", "validationerror", "validation error", "properties validation", "must have values", "unsupported property", "insufficientcapabilities", "requires capabilities", "unresolved", "invalid request provided", "model validation failed"}},
}

// stackGone is said of the stack itself. What a stack deploys, or a drift
// detection, may not exist either, and that is no reason to redeploy.
var stackGone = regexp.MustCompile(`\bstack (with id )?\S+ does not exist`)

// Classify reads AWS's text. What it does not recognise is [ReasonUnknown].
func Classify(reason string) ReasonClass {
	text := strings.ToLower(reason)
	if stackGone.MatchString(text) {
		return ReasonStackGone
	}
	for _, sign := range signs {
		for _, word := range sign.words {
			if strings.Contains(text, word) {
				return sign.class
			}
		}
	}
	return ReasonUnknown
}

// hints say what a person can do about a class of failure.
var hints = map[ReasonClass]string{
	ReasonDenied:         "Lift the service control policy or permission that denies it for StackSets' execution role, then release the cell from quarantine.",
	ReasonRoleMissing:    "Create StackSets' execution role in the account with the trust AWS names (or activate trusted access), then release the cell.",
	ReasonNameCollision:  "A resource of that name exists outside the stack: rename or delete it, or import it into the stack.",
	ReasonQuota:          "Raise the quota in the account, or remove what uses it up.",
	ReasonExportInUse:    "Name the importing stack sets in dependson and allow them to be redeployed, or change what imports the value.",
	ReasonTermination:    "Turn off termination protection of the stack in the account, if it may be deleted.",
	ReasonThrottled:      "Nothing needs to be done: it is tried again later. If it stays, lower maxConcurrentPercentage.",
	ReasonTemplate:       "Correct the template or the parameters of the stack set.",
	ReasonRegionDisabled: "Enable the region in the account, or take it out of the set's regions.",
	ReasonAccountGone:    "Reopen the account, or let setmend let go of its instances (accounts.suspended: detach).",
	ReasonAccountGate:    "The account's own gate function refuses: look at the Lambda function AWSCloudFormationStackSetAccountGate there.",
	ReasonCancelled:      "Nothing is wrong with the instance itself: another's failure ended the operation. It can be tried again.",
	ReasonStackBusy:      "Somebody is working on the stack in its account: it is tried again when that has ended.",
	ReasonStackStuck:     "The stack's state allows no update: continue its rollback in the account, or allow healing: redeploy.",
	ReasonStackGone:      "Somebody deleted the stack behind its stack set's back: allow healing: redeploy, or let go of the instance.",
	ReasonImportMissing:  "Deploy the stack set that exports the value first, and name it in dependson.",
	ReasonImportFailed:   "Import the stack again, or let go of the instance.",
	ReasonMaskedOverride: "A NoEcho override reads as asterisks and would be lost: delete and create this instance by hand with its true value.",
	ReasonRevertRefused:  "Reverting would replace or delete resources, or cannot reach them: allow healing: redeploy, or put it right by hand.",
	ReasonDriftedAgain:   "Something changes the resources back again and again: find who does, or ignore that property in ignoreDrift.",
	ReasonUnknown:        "Read AWS's reason, and look at the stack's events in the account.",
}

// Hint says what a person can do about a class of failure.
func Hint(class ReasonClass) string { return hints[class] }

// The parts of AWS's texts that differ from instance to instance.
var particulars = []struct {
	form *regexp.Regexp
	put  string
}{
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

// Normalise strips account ids, ARNs, ids, regions and times, so that equal
// causes read the same and can be grouped.
func Normalise(reason string) string {
	for _, p := range particulars {
		reason = p.form.ReplaceAllString(reason, p.put)
	}
	return strings.Join(strings.Fields(reason), " ")
}
