package limits

// entry is the documented rate of an action: for one account in one region, and
// for the organization as a whole where there is such a thing. Actions of one
// group share a bucket.
type entry struct {
	account      Rate
	organization Rate
	group        string
}

func rate(perSecond float64) entry { return entry{account: Rate{PerSecond: perSecond}} }

func orgRate(account, burst, organization, orgBurst float64) entry {
	return entry{account: Rate{account, burst}, organization: Rate{organization, orgBurst}}
}

func (e entry) sharing(group string) entry { e.group = group; return e }

// documented are the rates by service and action. CloudFormation's are those of
// "Understand CloudFormation quotas"; Organizations' those of "Quotas and
// service limits for AWS Organizations"; SSM's those of its endpoints and quotas
// page with standard throughput.
var documented = map[string]map[string]entry{
	"cloudformation": {
		"CreateStackSet":                    rate(2),
		"UpdateStackSet":                    rate(2),
		"DeleteStackSet":                    rate(2),
		"DescribeStackSet":                  rate(2),
		"ListStackSets":                     rate(2),
		"CreateStackInstances":              rate(2),
		"UpdateStackInstances":              rate(2),
		"DeleteStackInstances":              rate(2),
		"DescribeStackInstance":             rate(2),
		"ListStackInstances":                rate(2),
		"DescribeStackSetOperation":         rate(2),
		"ListStackSetOperations":            rate(2),
		"ListStackSetOperationResults":      rate(2),
		"StopStackSetOperation":             rate(2),
		"DetectStackSetDrift":               rate(2),
		"ListStackInstanceResourceDrifts":   rate(2),
		"ListStackSetAutoDeploymentTargets": rate(2),

		"CreateStack":                       rate(2),
		"UpdateStack":                       rate(2),
		"DeleteStack":                       rate(2),
		"CreateChangeSet":                   rate(2),
		"DescribeChangeSet":                 rate(2),
		"ExecuteChangeSet":                  rate(2),
		"DetectStackDrift":                  rate(2),
		"DescribeStackDriftDetectionStatus": rate(2),
		"DescribeStackResourceDrifts":       rate(2),
		"GetTemplateSummary":                rate(2),
		"DetectStackResourceDrift":          rate(3),
		"DescribeStacks":                    rate(10),
		"DescribeStackEvents":               rate(10),
		"DescribeStackResources":            rate(10),
		"ListStacks":                        rate(10),
		"ListStackResources":                rate(10),
		"GetTemplate":                       rate(10),
		"DescribeStackResource":             rate(20),
	},
	"organizations": {
		"ListAccounts":                     orgRate(8, 12, 9, 15),
		"DescribeAccount":                  orgRate(20, 30, 24, 36),
		"ListParents":                      orgRate(5, 8, 6, 10).sharing("tree"),
		"ListAccountsForParent":            orgRate(5, 8, 6, 10).sharing("tree"),
		"ListOrganizationalUnitsForParent": orgRate(5, 8, 6, 10).sharing("tree"),
		"ListChildren":                     orgRate(6, 10, 7, 12),
		"ListRoots":                        orgRate(1, 2, 1, 3),
		"MoveAccount":                      orgRate(2, 3, 0, 0),
		"DescribeOrganization":             orgRate(1, 2, 0, 0),
		"DescribeOrganizationalUnit":       orgRate(2, 2, 2, 3),
		"ListDelegatedAdministrators":      orgRate(5, 8, 6, 10),
		"ListTagsForResource":              orgRate(10, 15, 12, 18),
		"CloseAccount":                     orgRate(0.05, 1, 0, 0),
	},
	"ssm": {
		"GetParameter":        rate(40).sharing("get"),
		"GetParameters":       rate(40).sharing("get"),
		"GetParametersByPath": rate(40).sharing("get"),
		"PutParameter":        rate(3),
		"DeleteParameter":     rate(3).sharing("delete"),
		"DeleteParameters":    rate(3).sharing("delete"),
	},
}
