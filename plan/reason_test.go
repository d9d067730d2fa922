package plan

import (
	"strings"
	"testing"
)

// TestClassify holds texts that AWS gives (seen in the wild or in its
// documentation) against what they mean.
func TestClassify(t *testing.T) {
	tests := []struct {
		text string
		want ReasonClass
	}{
		{"User: arn:aws:sts::111122223333:assumed-role/stacksets-exec-1/AWSCloudFormation is not authorized to perform: s3:CreateBucket on resource: arn:aws:s3:::logs with an explicit deny in a service control policy", ReasonDenied},
		{"ResourceLogicalId:Role, ResourceType:AWS::IAM::Role, ResourceStatusReason:API: iam:CreateRole User: x is not authorized to perform: iam:CreateRole on resource: role y.", ReasonDenied},
		{"Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)", ReasonDenied},
		{"You are not authorized to perform this operation. (UnauthorizedOperation)", ReasonDenied},
		{"User: x is not authorized to perform: sts:AssumeRole on resource: y with an explicit deny in a service control policy", ReasonDenied},
		{"Account 111122223333 should have 'AWSCloudFormationStackSetExecutionRole' role with trust relationship to Role 'AWSCloudFormationStackSetAdministrationRole'.", ReasonRoleMissing},
		{"Account 111122223333 should have 'AWSCloudFormationStackSetAdministrationRole' role with trust relationship to CloudFormation service.", ReasonRoleMissing},
		{"DEFAULT_ROLE_CREATION_ERROR", ReasonRoleMissing},
		{"User: x is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/y", ReasonRoleMissing},
		{"ResourceLogicalId:Bucket, ResourceType:AWS::S3::Bucket, ResourceStatusReason:audit-logs already exists.", ReasonNameCollision},
		{"Resource handler returned message: \"x (HandlerErrorCode: AlreadyExists)\"", ReasonNameCollision},
		{"LimitExceededException: Cannot exceed quota for RolesPerAccount: 1000", ReasonQuota},
		{"The maximum number of VPCs has been reached.", ReasonQuota},
		{"Export vpc-id cannot be deleted as it is in use by StackSet-hosts-1", ReasonExportInUse},
		{"Stack [StackSet-x] cannot be deleted while TerminationProtection is enabled", ReasonTermination},
		{"Rate exceeded (Service: AmazonCloudFormation; Status Code: 400; Error Code: Throttling)", ReasonThrottled},
		{"Request limit exceeded. (RequestLimitExceeded)", ReasonThrottled},
		{"Template error: instance of Fn::GetAtt references undefined resource Bucket", ReasonTemplate},
		{"Parameters: [Retention] must have values", ReasonTemplate},
		{"Requires capabilities : [CAPABILITY_NAMED_IAM]", ReasonTemplate},
		{"STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console.", ReasonRegionDisabled},
		{"ACCOUNT_SUSPENDED", ReasonAccountGone},
		{"AccountGate check failed", ReasonAccountGate},
		{"Cancelled since failure tolerance has exceeded", ReasonCancelled},
		{"Stack:arn:aws:cloudformation:eu-central-1:1:stack/x/1 is in UPDATE_ROLLBACK_FAILED state and can not be updated.", ReasonStackStuck},
		{"Stack:arn:aws:cloudformation:eu-central-1:1:stack/x/1 is in ROLLBACK_COMPLETE state and can not be updated.", ReasonStackStuck},
		{"Stack:arn:aws:cloudformation:eu-central-1:1:stack/x/1 is in UPDATE_IN_PROGRESS state and can not be updated.", ReasonStackBusy},
		{"Stack [StackSet-queue-1] does not exist", ReasonStackGone},
		{"Stack with id StackSet-queue-1 does not exist", ReasonStackGone},
		{"Drift detection [4f0c3a] does not exist", ReasonUnknown},
		{"Resource Queue does not exist for stack StackSet-queue-1", ReasonUnknown},
		{"No export named vpc-id found. Rollback requested by user.", ReasonImportMissing},
		{"Internal failure", ReasonUnknown},
		{"", ReasonUnknown},
	}
	for _, test := range tests {
		if got := Classify(test.text); got != test.want {
			t.Errorf("%q is %s, want %s", test.text, got, test.want)
		}
	}
}

func TestEveryClassHasAHint(t *testing.T) {
	for class := range hints {
		if hint := Hint(class); !strings.HasSuffix(hint, ".") {
			t.Errorf("%s: hint %q is no sentence", class, hint)
		}
	}
	for _, class := range append(append([]ReasonClass{ReasonDriftedAgain, ReasonRevertRefused, ReasonUnknown, ReasonExportInUse, ReasonStackStuck}, hopeless...), unredeployable...) {
		if Hint(class) == "" {
			t.Errorf("%s has no hint", class)
		}
	}
}

func TestEqualCausesReadTheSame(t *testing.T) {
	tests := []struct{ promise, one, other, want string }{
		{
			"accounts and ARNs do not count",
			"User: arn:aws:sts::111122223333:assumed-role/a/b is not authorized on account 111122223333",
			"User: arn:aws:sts::444455556666:assumed-role/c/d is not authorized on account 444455556666",
			"User: <arn> is not authorized on account <account>",
		},
		{
			"ids do not count",
			"(RequestToken: 0a1b2c3d-0000-4000-8000-000000000001, HandlerErrorCode: AlreadyExists)",
			"(RequestToken: ffffffff-0000-4000-8000-000000000002, HandlerErrorCode: AlreadyExists)",
			"(RequestToken: <id>, HandlerErrorCode: AlreadyExists)",
		},
		{
			"regions and times do not count",
			"vpc-0123456789abcdef0 in eu-central-1 failed at 2026-11-20T12:00:00Z",
			"vpc-0fedcba9876543210 in us-gov-west-1 failed at 2026-11-19T01:02:03.123Z",
			"<id> in <region> failed at <time>",
		},
		{"spaces do not count", "a  b\n c", "a b c", "a b c"},
		{
			"stack names of StackSets do not count",
			"in use by StackSet-hosts-0a1b2c3d-0000-4000-8000-000000000001",
			"in use by StackSet-hosts-0a1b2c3d-0000-4000-8000-000000000002",
			"in use by StackSet-<id>",
		},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			for _, text := range []string{test.one, test.other} {
				if got := Normalise(text); got != test.want {
					t.Errorf("%q reads %q, want %q", text, got, test.want)
				}
			}
		})
	}
	if Normalise("the bucket logs-a exists") == Normalise("the role logs-a exists") {
		t.Error("different causes must stay different")
	}
}
