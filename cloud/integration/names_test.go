package integration

import "testing"

func TestALeadingAcronymCollapsesInParametersAndAnswers(t *testing.T) {
	for field, want := range map[string]string{
		"DBInstanceIdentifier":       "DbInstanceIdentifier",
		"DBSnapshots":                "DbSnapshots",
		"SourceDBSnapshotIdentifier": "SourceDBSnapshotIdentifier",
		"VPCSecurityGroups":          "VpcSecurityGroups",
		"IPRanges":                   "IpRanges",
		"EC2SecurityGroupName":       "Ec2SecurityGroupName",
		"SSEKMSKeyId":                "SsekmsKeyId",
		"ETag":                       "ETag",
		"ARN":                        "Arn",
		"StackSetARN":                "StackSetARN",
		"Id":                         "Id",
	} {
		if got := memberName(field); got != want {
			t.Errorf("%s is %s, want %s", field, got, want)
		}
	}
}

func TestActionsBeginWithASmallLetter(t *testing.T) {
	for action, want := range map[string]string{
		"CopyDBSnapshot":                      "copyDBSnapshot",
		"ListAWSServiceAccessForOrganization": "listAWSServiceAccessForOrganization",
	} {
		if got := lowerFirst(action); got != want {
			t.Errorf("%s is %s, want %s", action, got, want)
		}
	}
}

func TestEveryAcronymCollapsesInExceptions(t *testing.T) {
	for shape, want := range map[string]string{
		"DBInstanceNotFoundFault":           "DbInstanceNotFoundException",
		"DBSnapshotAlreadyExistsFault":      "DbSnapshotAlreadyExistsException",
		"KMSKeyNotAccessibleFault":          "KmsKeyNotAccessibleException",
		"InvalidVPCNetworkStateFault":       "InvalidVpcNetworkStateException",
		"StackSetNotFoundException":         "StackSetNotFoundException",
		"AWSOrganizationsNotInUseException": "AwsOrganizationsNotInUseException",
	} {
		if got := exceptionName(shape); got != want {
			t.Errorf("%s is %s, want %s", shape, got, want)
		}
	}
}
