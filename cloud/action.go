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

// Rates per account and region are AWS's documented ones (for organizations:
// per account). AWS gives no burst for CloudFormation. Half a second's worth
// leaves the other half of AWS's bucket to what the network does to requests on
// their way: two that left one after the other may arrive together.
func stackSetRead(name string) action  { return action{"cloudformation", name, false, true, 2, 1} }
func stackSetWrite(name string) action { return action{"cloudformation", name, true, false, 2, 1} }
func stackRead(name string, rate float64) action {
	return action{"cloudformation", name, false, true, rate, max(1, int(rate/2))}
}
func organizationRead(name string, rate float64, burst int) action {
	return action{"organizations", name, false, true, rate, burst}
}

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

	createStackInstances = stackSetWrite("CreateStackInstances")
	updateStackInstances = stackSetWrite("UpdateStackInstances")
	deleteStackInstances = stackSetWrite("DeleteStackInstances")
	detectStackSetDrift  = stackSetWrite("DetectStackSetDrift")

	describeStacks      = stackRead("DescribeStacks", 10)
	describeStackEvents = stackRead("DescribeStackEvents", 10)
	getTemplate         = stackRead("GetTemplate", 10)
	describeChangeSet   = stackRead("DescribeChangeSet", 2)
	// Drift detection reads resources; all that it changes is what AWS tells of
	// their drift.
	detectStackDrift                  = stackRead("DetectStackDrift", 2)
	describeStackDriftDetectionStatus = stackRead("DescribeStackDriftDetectionStatus", 2)
	describeStackResourceDrifts       = stackRead("DescribeStackResourceDrifts", 2)

	// A change set is known by its name, so making or deleting it twice is once.
	createChangeSet  = action{"cloudformation", "CreateChangeSet", true, true, 2, 1}
	deleteChangeSet  = action{"cloudformation", "DeleteChangeSet", true, true, 2, 1}
	executeChangeSet = stackSetWrite("ExecuteChangeSet")

	describeOrganization        = organizationRead("DescribeOrganization", 1, 2)
	listRoots                   = organizationRead("ListRoots", 1, 2)
	listAccounts                = organizationRead("ListAccounts", 8, 12)
	describeAccount             = organizationRead("DescribeAccount", 20, 30)
	describeOrganizationalUnit  = organizationRead("DescribeOrganizationalUnit", 2, 2)
	listDelegatedAdministrators = organizationRead("ListDelegatedAdministrators", 5, 8)
	listServiceAccess           = organizationRead("ListAWSServiceAccessForOrganization", 1, 2)
	// AWS limits these three as one group; see budget.
	listParents           = organizationRead("ListParents", 5, 8)
	listAccountsForParent = organizationRead("ListAccountsForParent", 5, 8)
	listOUsForParent      = organizationRead("ListOrganizationalUnitsForParent", 5, 8)

	getCallerIdentity = action{"sts", "GetCallerIdentity", false, true, 20, 20}
	assumeRole        = action{"sts", "AssumeRole", false, true, 20, 20}

	getParameter = action{"ssm", "GetParameter", false, true, 40, 40}
	publish      = action{"sns", "Publish", true, false, 300, 300}

	// S3 limits by prefix, far above what a journal does.
	getObject    = action{"s3", "GetObject", false, true, 0, 0}
	putObject    = action{"s3", "PutObject", true, false, 0, 0}
	deleteObject = action{"s3", "DeleteObject", true, true, 0, 0}
	listObjects  = action{"s3", "ListObjectsV2", false, true, 0, 0}
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
	if a == listObjects {
		return "s3:ListBucket"
	}
	return a.service + ":" + a.name
}
