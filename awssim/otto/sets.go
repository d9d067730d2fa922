package otto

import "embed"

// HomeRegion is where the stack sets themselves live.
const HomeRegion = "eu-central-1"

// The regions that the company works in.
const (
	frankfurt = HomeRegion
	dublin    = "eu-west-1"
	virginia  = "us-east-1"
)

//go:embed templates
var templates embed.FS

// Template is the text of a stack set's template, "" if there is no such set.
func Template(stackSet string) string {
	text, err := templates.ReadFile("templates/" + stackSet + ".yaml")
	if err != nil {
		return ""
	}
	return string(text)
}

// knowledge is what AWS knows of a set's drift when the scenario begins.
type knowledge int

const (
	never   knowledge = iota // it was never checked
	stale                    // checked two days ago, before anything had drifted
	partial                  // checked two days ago, when half had drifted already
)

// set describes a stack set of the scenario.
type set struct {
	name, about string
	service     bool // service-managed; else self-managed
	auto        bool // automatic deployment: newcomers have it already
	managed     bool // managed execution
	regions     []string
	// within are the OUs that the set is for, by path; none is all accounts.
	within []string
	// share is how many of those accounts have it; 0 is all.
	share     float64
	mandatory bool
	// keeps sets are not healed: the tag selfhealing is false.
	keeps     bool
	dependsOn string // AWS's advice is one at most, and chains for more
	collides  string
	knows     knowledge
	// overrides are what accounts set for themselves, by parameter; overridden is
	// how many instances do.
	overrides  map[string][]string
	overridden float64
	changes    []change // what people do to it by hand
	// before, if set, is a piece of the template and what stood in its place before
	// the last update, which failed in places.
	before [2]string
}

// change is what somebody does by hand: set what the pointer points to, or
// delete the resource where there is none.
type change struct {
	resource, pointer string
	value             any
}

func setTo(resource, pointer string, value any) change { return change{resource, pointer, value} }
func remove(resource string) change                    { return change{resource: resource} }

var (
	everywhere = []string{frankfurt, dublin, virginia}
	europe     = []string{frankfurt, dublin}
	home       = []string{frankfurt}
	teams      = []string{"Workloads"}
)

// sets are the stack sets in an order in which each comes after those it needs.
//
// Two chains: foundation → log-bucket → config-recorder → config-rules →
// config-remediation is five deep and imports all along; network-baseline →
// security-groups → network-endpoints is three. network-baseline and
// network-legacy collide.
var sets = []set{
	{name: "foundation", about: "What every other baseline reads", service: true, regions: everywhere, mandatory: true, knows: stale,
		overrides: map[string][]string{"Stage": {"develop", "sandbox"}, "Owner": {"checkout", "search", "logistics"}}, overridden: 0.10,
		changes: []change{setTo("OwnerParameter", "/Value", "somebody-else"), setTo("AuditLog", "/RetentionInDays", 7),
			setTo("StageParameter", "/Value", "unknown"), remove("AuditLog"), remove("OwnerParameter")}},
	{name: "log-bucket", about: "The bucket that the account logs to", service: true, regions: everywhere, mandatory: true, dependsOn: "foundation", knows: stale,
		overrides: map[string][]string{"GlacierAfterDays": {"30", "180"}}, overridden: 0.05,
		changes: []change{setTo("Bucket", "/PublicAccessBlockConfiguration/BlockPublicPolicy", false),
			setTo("Bucket", "/LifecycleConfiguration/Rules/0/ExpirationInDays", 3650), remove("Name")}},
	{name: "config-recorder", about: "AWS Config, recording everything", service: true, regions: everywhere, mandatory: true, dependsOn: "log-bucket", knows: never,
		overrides: map[string][]string{"Frequency": {"One_Hour", "Six_Hours"}}, overridden: 0.04,
		changes: []change{setTo("Role", "/Description", "temporary, ask Jan"),
			setTo("Role", "/ManagedPolicyArns/0", "arn:aws:iam::aws:policy/ReadOnlyAccess")}},
	{name: "config-rules", about: "The rules that every account is measured by", service: true, managed: true, regions: everywhere, mandatory: true, dependsOn: "config-recorder", knows: stale,
		overrides: map[string][]string{"MaxKeyAge": {"30", "180"}}, overridden: 0.06, before: [2]string{"RESTRICTED_INCOMING_TRAFFIC", "INCOMING_SSH_DISABLED"},
		changes: []change{setTo("KeyAge", "/Source/SourceIdentifier", "IAM_USER_UNUSED_CREDENTIALS_CHECK"), remove("OpenPorts"), remove("PublicBuckets"),
			setTo("OpenPorts", "/Scope/ComplianceResourceTypes/0", "AWS::EC2::Instance")}},
	{name: "config-remediation", about: "Closes public buckets", service: true, regions: everywhere, mandatory: true, dependsOn: "config-rules", knows: partial,
		overrides: map[string][]string{"Attempts": {"1", "10"}}, overridden: 0.05,
		changes: []change{setTo("Failures", "/Threshold", 100), setTo("Remediation", "/RetryAttemptSeconds", 600), remove("Failures")}},
	{name: "kms-key", about: "The account's general-purpose key", regions: everywhere, mandatory: true, keeps: true, knows: stale,
		overrides: map[string][]string{"Rotation": {"false"}}, overridden: 0.03,
		changes: []change{setTo("Key", "/Description", "key of team checkout")}},
	{name: "security-hub", about: "Security Hub with the company's standards", managed: true, regions: everywhere, mandatory: true, knows: never,
		overrides: map[string][]string{"CIS": {"false"}}, overridden: 0.06,
		changes: []change{setTo("Hub", "/AutoEnableControls", false), remove("Foundational"), setTo("Hub", "/Tags/team", "nobody")}},
	{name: "guardduty", about: "GuardDuty, and a rule for grave findings", service: true, auto: true, managed: true, regions: everywhere, mandatory: true, knows: stale,
		overrides: map[string][]string{"Severity": {"4", "5"}}, overridden: 0.05,
		changes: []change{setTo("Detector", "/Enable", false), setTo("Findings", "/State", "DISABLED"), remove("Findings"), remove("Log")}},
	{name: "access-analyzer", about: "IAM Access Analyzer", service: true, auto: true, managed: true, regions: everywhere, mandatory: true, knows: partial,
		overrides: map[string][]string{"TrustedAccount": {"555566667777"}}, overridden: 0.04,
		changes: []change{setTo("Analyzer", "/ArchiveRules/0/RuleName", "everything"), setTo("Analyzer", "/Tags/0/Value", "nobody"), remove("Analyzer")}},
	{name: "event-forwarder", about: "Sends events to the central bus", service: true, regions: everywhere, mandatory: true, knows: never,
		overrides: map[string][]string{"Sources": {"aws.health", "aws.health,aws.iam"}}, overridden: 0.06, before: [2]string{"Lets EventBridge put events", "Lets Events put events"},
		changes: []change{setTo("Rule", "/Description", "off for the sale"), setTo("Role", "/Description", "old"), remove("Rule")}},
	{name: "cloudtrail", about: "The account's own trail", regions: home, mandatory: true, dependsOn: "log-bucket", knows: stale,
		overrides: map[string][]string{"DataEvents": {"true"}, "RetentionDays": {"365"}}, overridden: 0.08,
		changes: []change{setTo("Trail", "/IsLogging", false), setTo("Trail", "/EnableLogFileValidation", false), remove("RootUse"), setTo("Log", "/RetentionInDays", 1)}},
	{name: "audit-role", about: "The role that auditors use", regions: home, mandatory: true, knows: partial,
		overrides: map[string][]string{"SessionHours": {"1", "8", "12"}}, overridden: 0.08,
		changes: []change{setTo("Role", "/ManagedPolicyArns/0", "arn:aws:iam::aws:policy/AdministratorAccess"), setTo("Role", "/Description", "not needed?"), remove("Role")}},
	{name: "idp-role", about: "Everybody's way into the account", regions: home, mandatory: true, keeps: true, knows: stale,
		overrides: map[string][]string{"AdministratorPolicy": {"PowerUserAccess"}}, overridden: 0.10,
		changes: []change{setTo("Reader", "/ManagedPolicyArns/0", "arn:aws:iam::aws:policy/AdministratorAccess"), setTo("Administrator", "/Description", "break glass")}},
	{name: "budget-alarm", about: "Tells owners before the money is gone", regions: []string{virginia}, mandatory: true, knows: stale,
		overrides: map[string][]string{"Amount": {"250", "500", "5000", "20000"}, "Address": {"checkout@example.com", "search@example.com"}}, overridden: 0.40,
		changes: []change{setTo("Alarm", "/Threshold", 1000000), setTo("Alarm", "/AlarmDescription", "too noisy"), remove("Alarm")}},
	{name: "cost-reporter", about: "A function that reports idle resources", regions: home, mandatory: true, knows: never,
		overrides: map[string][]string{"DryRun": {"false"}, "MemorySize": {"512"}}, overridden: 0.08,
		changes: []change{setTo("Function", "/Timeout", 900), setTo("Function", "/Runtime", "python3.9"), setTo("Morning", "/State", "DISABLED"), remove("Morning"), remove("Log")}},
	{name: "sns-alerts", about: "Where the account's alarms go", service: true, regions: europe, mandatory: true, knows: stale,
		overrides: map[string][]string{"Address": {"checkout@example.com", "search@example.com", "data@example.com"}}, overridden: 0.30,
		changes: []change{setTo("Topic", "/DisplayName", "Alerts (old)"), setTo("Topic", "/KmsMasterKeyId", "alias/team"), remove("Policy")}},
	{name: "backup-vault", about: "A backup vault and a plan", service: true, auto: true, managed: true, regions: europe, within: teams, knows: stale,
		overrides: map[string][]string{"RetentionDays": {"14", "90"}, "Hour": {"4"}}, overridden: 0.20,
		changes: []change{setTo("Plan", "/BackupPlan/BackupPlanRule/0/StartWindowMinutes", 480), setTo("Role", "/Description", "restore only"), remove("Selection")}},
	{name: "ssm-defaults", about: "Defaults for instances under Systems Manager", service: true, auto: true, regions: everywhere, within: teams, knows: partial,
		overrides: map[string][]string{"AgentLevel": {"debug", "warn"}}, overridden: 0.08,
		changes: []change{setTo("Maintenance", "/Cutoff", 0), setTo("Level", "/Value", "trace"), remove("AgentUpdate")}},
	{name: "patch-baseline", about: "Which patches are approved", service: true, auto: true, regions: everywhere, within: teams, knows: never,
		overrides: map[string][]string{"ApproveAfterDays": {"0", "14"}}, overridden: 0.08, before: [2]string{"rate(1 day)", "rate(7 days)"},
		changes: []change{setTo("Baseline", "/Description", "ours"), setTo("Baseline", "/ApprovalRules/PatchRules/0/EnableNonSecurity", true), remove("Scan")}},
	{name: "network-baseline", about: "The account's VPC", managed: true, regions: everywhere, mandatory: true, collides: "network-legacy", knows: stale,
		overrides: map[string][]string{"Cidr": {"10.16.0.0/20", "10.32.0.0/20", "10.48.0.0/20", "10.64.0.0/20"}}, overridden: 0.30,
		changes: []change{setTo("Vpc", "/Tags/0/Value", "ours"), setTo("SubnetA", "/Tags/0/Value", "database"), setTo("Routes", "/Tags/0/Value", "old")}},
	{name: "security-groups", about: "The security groups that teams build on", regions: everywhere, dependsOn: "network-baseline", knows: never,
		overrides: map[string][]string{"Office": {"203.0.113.0/24", "192.0.2.0/24"}, "AppPort": {"9443"}}, overridden: 0.15,
		changes: []change{setTo("App", "/SecurityGroupIngress/0/CidrIp", "0.0.0.0/0"), setTo("Endpoints", "/SecurityGroupIngress/0/CidrIp", "0.0.0.0/0"),
			setTo("App", "/SecurityGroupIngress/0/Description", "open for the demo")}},
	{name: "network-endpoints", about: "Endpoints into AWS", regions: everywhere, share: 0.66, dependsOn: "security-groups", knows: stale,
		overrides: map[string][]string{"PrivateDns": {"false"}}, overridden: 0.05,
		changes: []change{setTo("Log", "/RetentionInDays", 3653), remove("Log")}},
	{name: "flow-logs", about: "Who talks to whom", regions: europe, dependsOn: "network-baseline", knows: partial,
		overrides: map[string][]string{"Traffic": {"ALL"}, "RetentionDays": {"90"}}, overridden: 0.12,
		changes: []change{setTo("Log", "/RetentionInDays", 1), remove("Flow"), setTo("Role", "/Description", "unused")}},
	{name: "network-legacy", about: "The network of the old data centre days", regions: everywhere, collides: "network-baseline", knows: never,
		overrides: map[string][]string{"Cidr": {"10.1.0.0/16"}}, overridden: 0.20,
		changes: []change{setTo("Everybody", "/SecurityGroupIngress/0/CidrIp", "0.0.0.0/0")}},
}

// named finds a set; its index is its place in the order.
func named(name string) *set {
	for i := range sets {
		if sets[i].name == name {
			return &sets[i]
		}
	}
	return nil
}

// imports reports whether the set's stacks import from those of another set,
// directly or not.
func (s *set) imports(from string) bool {
	for need := s.dependsOn; need != ""; need = named(need).dependsOn {
		if need == from {
			return true
		}
	}
	return false
}
