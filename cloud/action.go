package cloud

// An action is one API action: what it is called, whether it changes anything,
// and how often AWS lets it be called.
type action struct {
	service string // as in IAM policies: cloudformation, organizations, sts, …
	name    string
	write   bool
	// repeatable: sending it again after an unknown outcome does no harm. Reads
	// are; so are writes that AWS recognises by a name or token in the request.
	repeatable bool
	// rate is per second, burst is how many may come at once; 0 is no limit.
	rate  float64
	burst int
}

// A read may be sent again whenever its answer was lost, a write only if it is
// idempotent.
func read(service, name string, rate float64, burst int) action {
	return action{service: service, name: name, repeatable: true, rate: rate, burst: burst}
}

func write(service, name string, rate float64, burst int) action {
	return action{service: service, name: name, write: true, rate: rate, burst: burst}
}

func (a action) idempotent() action {
	a.repeatable = true
	return a
}

// The rates are AWS's documented ones: CloudFormation's per account and region,
// Organizations' per account. AWS gives no burst for CloudFormation. Half a
// second's worth leaves the other half of AWS's bucket to what the network does
// to requests on their way: two that left one after the other may arrive together.
func stackSetRead(name string) action  { return read("cloudformation", name, 2, 1) }
func stackSetWrite(name string) action { return write("cloudformation", name, 2, 1) }

var (
	listStackSets                   = stackSetRead("ListStackSets")
	describeStackSet                = stackSetRead("DescribeStackSet")
	listStackInstances              = stackSetRead("ListStackInstances")
	describeStackInstance           = stackSetRead("DescribeStackInstance")
	listStackSetOperations          = stackSetRead("ListStackSetOperations")
	describeStackSetOperation       = stackSetRead("DescribeStackSetOperation")
	listStackSetOperationResults    = stackSetRead("ListStackSetOperationResults")
	listStackInstanceResourceDrifts = stackSetRead("ListStackInstanceResourceDrifts")
	describeOrganizationsAccess     = stackSetRead("DescribeOrganizationsAccess")
	listAutoDeploymentTargets       = stackSetRead("ListStackSetAutoDeploymentTargets")

	createStackInstances = stackSetWrite("CreateStackInstances")
	updateStackInstances = stackSetWrite("UpdateStackInstances")
	deleteStackInstances = stackSetWrite("DeleteStackInstances")
	detectStackSetDrift  = stackSetWrite("DetectStackSetDrift")
	updateStackSet       = stackSetWrite("UpdateStackSet")

	describeStacks      = read("cloudformation", "DescribeStacks", 10, 5)
	describeStackEvents = read("cloudformation", "DescribeStackEvents", 10, 5)
	getTemplate         = read("cloudformation", "GetTemplate", 10, 5)
	describeChangeSet   = read("cloudformation", "DescribeChangeSet", 2, 1)
	// Drift detection reads resources; all that it changes is what AWS tells of
	// their drift.
	detectStackDrift                  = read("cloudformation", "DetectStackDrift", 2, 1)
	describeStackDriftDetectionStatus = read("cloudformation", "DescribeStackDriftDetectionStatus", 2, 1)
	describeStackResourceDrifts       = read("cloudformation", "DescribeStackResourceDrifts", 2, 1)

	// A change set is known by its name, so making or deleting it twice is once.
	createChangeSet = write("cloudformation", "CreateChangeSet", 2, 1).idempotent()
	deleteChangeSet = write("cloudformation", "DeleteChangeSet", 2, 1).idempotent()
	// With a ClientRequestToken, CloudFormation takes a repetition for what it is.
	continueUpdateRollback = write("cloudformation", "ContinueUpdateRollback", 2, 1).idempotent()
	executeChangeSet       = write("cloudformation", "ExecuteChangeSet", 2, 1)

	describeOrganization        = read("organizations", "DescribeOrganization", 1, 2)
	listRoots                   = read("organizations", "ListRoots", 1, 2)
	listAccounts                = read("organizations", "ListAccounts", 8, 12)
	describeAccount             = read("organizations", "DescribeAccount", 20, 30)
	describeOrganizationalUnit  = read("organizations", "DescribeOrganizationalUnit", 2, 2)
	listDelegatedAdministrators = read("organizations", "ListDelegatedAdministrators", 5, 8)
	listServiceAccess           = read("organizations", "ListAWSServiceAccessForOrganization", 1, 2)
	// AWS limits these three as one group; see budget.
	listParents           = read("organizations", "ListParents", 5, 8)
	listAccountsForParent = read("organizations", "ListAccountsForParent", 5, 8)
	listOUsForParent      = read("organizations", "ListOrganizationalUnitsForParent", 5, 8)

	// AWS documents no rate for STS; these are far below what it bears.
	getCallerIdentity = read("sts", "GetCallerIdentity", 20, 20)
	assumeRole        = read("sts", "AssumeRole", 20, 20)

	// AWS lets DescribeAlarms be called nine times a second in an account and region.
	describeAlarms = read("cloudwatch", "DescribeAlarms", 9, 3)
	// AWS lists tags of one account or OU at a time.
	listTagsForResource = read("organizations", "ListTagsForResource", 10, 15)

	getParameter        = read("ssm", "GetParameter", 40, 20)
	putParameter        = write("ssm", "PutParameter", 3, 3)
	getParametersByPath = read("ssm", "GetParametersByPath", 40, 20)
	describeParameters  = read("ssm", "DescribeParameters", 5, 5)
	deleteParameters    = write("ssm", "DeleteParameters", 5, 5).idempotent()
	publish             = write("sns", "Publish", 30, 30)

	// Starting an execution under a name that it has been started under, with the same
	// input, is answered like the first time as long as it runs.
	startExecution = write("states", "StartExecution", 2, 10).idempotent()
	listExecutions = read("states", "ListExecutions", 2, 5)

	deleteStack = write("cloudformation", "DeleteStack", 2, 1).idempotent()

	// S3 limits by prefix, far above what a journal does.
	getObject    = read("s3", "GetObject", 0, 0)
	putObject    = write("s3", "PutObject", 0, 0)
	deleteObject = write("s3", "DeleteObject", 0, 0).idempotent()
	listObjects  = read("s3", "ListObjectsV2", 0, 0)
	listVersions = read("s3", "ListObjectVersions", 0, 0)
)

// budget names the rate that the action draws on: its own, but for the actions
// that Organizations counts together.
func (a action) budget() string {
	switch a.name {
	case listParents.name, listAccountsForParent.name, listOUsForParent.name:
		return "organizations:parents"
	}
	return a.service + ":" + a.name
}

// permission is the IAM action that a caller needs.
func (a action) permission() string {
	switch a {
	case listObjects:
		return "s3:ListBucket"
	case listVersions:
		return "s3:ListBucketVersions"
	}
	return a.service + ":" + a.name
}
