package install

import (
	"slices"
	"strings"
)

// Roles of the functions.
const (
	RoleReader   = "ReaderRole"   // reads the fleet, and writes nothing
	RoleHealer   = "HealerRole"   // stages that change stack instances
	RoleReporter = "ReporterRole" // publishes reports and notifies
	RoleStarter  = "StarterRole"  // gathers events and starts runs
	RoleCompiler = "CompilerRole" // writes the compiled configuration
)

// statement allows actions on resources.
type statement struct {
	sid       string
	actions   []string
	resources []node
	condition node
}

func (s statement) node() node {
	actions := slices.Clone(s.actions)
	slices.Sort(actions)
	var condition any
	if s.condition != nil {
		condition = s.condition
	}
	return object("Sid", s.sid, "Effect", "Allow", "Action", slices.Compact(actions), "Resource", value(s.resources), "Condition", condition)
}

// everything is the resource of an action that takes none, or any.
func everything() []node { return []node{text("*")} }

// Actions of the roles beside those that Config gives.
var (
	journalActions = []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
	logActions     = []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	traceActions   = []string{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
)

func (t *template) roles(c Config) {
	t.resource("ReadsTheFleet", "What looking at the fleet takes. None of these actions changes anything.", "AWS::IAM::ManagedPolicy", object(
		"Description", "setmend: reads the organization and the stack sets",
		"PolicyDocument", object("Version", "2012-10-17", "Statement", list(statement{"ReadsTheFleet", c.Read, everything(), nil}.node()))))
	journal := statement{"WritesTheJournal", journalActions, []node{sub("${Journal.Arn}/journal/*")}, nil}
	lists := statement{"ListsTheJournal", []string{"s3:ListBucket"}, []node{att("Journal.Arn")}, object("StringLike", object("s3:prefix", "journal/*"))}
	aside := statement{"SetsAside", []string{"sqs:SendMessage"}, []node{att("DeadLetters.Arn")}, nil}
	tell := statement{"TellsPeople", []string{"sns:Publish"}, append([]node{ref("Alarms")}, texts(c.Topics)...), nil}

	t.role(RoleReader, "Reads, and writes nothing but its log and what it could not work off.", "lambda", aside)
	t.role(RoleHealer, "Changes instances of the governed stack sets, and nothing else but the journal.", "lambda", slices.Concat(
		[]statement{journal, lists}, c.healing())...)
	reporter := []statement{journal, lists, tell,
		{"PublishesReports", []string{"s3:PutObject"}, []node{sub("${Reports.Arn}/*")}, nil}}
	if len(c.Secrets) > 0 {
		reporter = append(reporter, statement{"ReadsItsSecrets", []string{"ssm:GetParameter"}, parametersOf(c.Secrets), nil})
	}
	t.role(RoleReporter, "Publishes the report and tells people.", "lambda", reporter...)
	t.role(RoleStarter, "Gathers events and starts runs.", "lambda", journal, lists, aside, tell,
		statement{"StartsRuns", c.Start, []node{ref("StateMachine")}, nil})
	t.role(RoleCompiler, "Writes the compiled configuration.", "lambda", aside,
		statement{"WritesParameters", without(c.Sync, "ssm:DescribeParameters"), c.parameterARNs(), nil},
		statement{"ListsParameters", []string{"ssm:DescribeParameters"}, everything(), nil})
}

// healing are the statements by which instances are changed. StackSets checks the
// stack set, the targets in the accounts and the resource types, each as a resource
// of its own.
func (c Config) healing() []statement {
	var sets []node
	for _, pattern := range c.patterns() {
		sets = append(sets, sub("arn:${AWS::Partition}:cloudformation:*:${AWS::AccountId}:stackset/"+pattern+":*"))
	}
	sets = append(sets, sub("arn:${AWS::Partition}:cloudformation:*:*:stackset-target/*"), sub("arn:${AWS::Partition}:cloudformation:*::type/resource/*"))
	list := []statement{{"HealsStackSets", c.Heal, sets, nil}}
	if len(c.MemberRoles) > 0 {
		var roles []node
		for _, name := range c.MemberRoles {
			roles = append(roles, sub("arn:${AWS::Partition}:iam::*:role/"+strings.TrimPrefix(name, "/")))
		}
		list = append(list, statement{"RevertsInMembers", []string{"sts:AssumeRole"}, roles, nil})
	}
	return list
}

func (c Config) patterns() []string {
	if len(c.StackSets) == 0 {
		return []string{"*"}
	}
	return c.StackSets
}

func (c Config) path() string {
	if c.Path == "" {
		return "/setmend"
	}
	return "/" + strings.Trim(c.Path, "/")
}

// parameterARNs are the configuration's: listing below a path is checked against the
// path itself.
func (c Config) parameterARNs() []node {
	below := "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter" + c.path()
	return []node{sub(below), sub(below + "/*")}
}

func texts(list []string) []node {
	var nodes []node
	for _, s := range list {
		nodes = append(nodes, text(s))
	}
	return nodes
}

func parametersOf(names []string) []node {
	var nodes []node
	for _, name := range names {
		nodes = append(nodes, sub("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/"+strings.TrimPrefix(name, "/")))
	}
	return nodes
}

func without(list []string, left string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == left })
}

// role is a role that a service assumes. What every function needs is its own log,
// and traces.
func (t *template) role(name, remark, service string, statements ...statement) {
	document := list()
	if service == "lambda" {
		statements = append(statements, statement{"WritesItsLog", logActions, []node{sub("${Log.Arn}:*"), sub("${Log.Arn}")}, nil},
			statement{"Traces", traceActions, everything(), nil})
	}
	for _, s := range statements {
		document.Content = append(document.Content, s.node())
	}
	var managed any
	if name == RoleReader || name == RoleHealer || name == RoleReporter || name == RoleCompiler {
		managed = list(ref("ReadsTheFleet"))
	}
	t.resource(name, remark, "AWS::IAM::Role", object(
		"AssumeRolePolicyDocument", object("Version", "2012-10-17", "Statement", list(object("Effect", "Allow",
			"Principal", object("Service", service+".amazonaws.com"), "Action", "sts:AssumeRole"))),
		"ManagedPolicyArns", managed,
		"Policies", list(object("PolicyName", "setmend", "PolicyDocument", object("Version", "2012-10-17", "Statement", document)))))
}
