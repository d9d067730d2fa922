package plan

import (
	"slices"
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
		{"Stack:arn:aws:cloudformation:eu-central-1:1:stack/x/1 is in UPDATE_ROLLBACK_FAILED state and can not be updated.", ReasonRollbackFailed},
		{"Stack:arn:aws:cloudformation:eu-central-1:1:stack/x/1 is in ROLLBACK_COMPLETE state and can not be updated.", ReasonStackStuck},
		{"Stack:arn:aws:cloudformation:eu-central-1:1:stack/x/1 is in UPDATE_IN_PROGRESS state and can not be updated.", ReasonStackBusy},
		{"Stack [StackSet-queue-1] does not exist", ReasonStackGone},
		{"Stack with id StackSet-queue-1 does not exist", ReasonStackGone},
		{"Drift detection [4f0c3a] does not exist", ReasonUnknown},
		{"Resource Queue does not exist for stack StackSet-queue-1", ReasonUnknown},
		{"No export named vpc-id found. Rollback requested by user.", ReasonImportMissing},
		{"Internal failure", ReasonInternal},
		{"The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code: BucketNotEmpty)", ReasonNotEmpty},
		{"The bucket you tried to delete is not empty. You must delete all versions in the bucket.", ReasonNotEmpty},
		{"The repository with name 'app' in registry with id '111122223333' cannot be deleted because it still contains images", ReasonNotEmpty},
		{"Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, HandlerErrorCode: GeneralServiceException)", ReasonInUse},
		{"DeleteConflict: Cannot delete a policy attached to entities.", ReasonInUse},
		{"The vpc 'vpc-0123456789abcdef0' has dependencies and cannot be deleted. (Service: Ec2; Error Code: DependencyViolation)", ReasonInUse},
		{"resource sg-0123456789abcdef0 has a dependent object (Service: Ec2, Status Code: 400) (HandlerErrorCode: InvalidRequest)", ReasonInUse},
		{"The following hook(s) failed: [Acme::S3::Encryption]", ReasonHook},
		{"Hook failed with message: bucket must be encrypted (HandlerErrorCode: NonCompliant)", ReasonHook},
		{"Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch Log Stream: 2026/11/27", ReasonCustomResource},
		{"CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [x].", ReasonCustomResource},
		{"Resource handler returned message: \"Exceeded attempts to wait\" (RequestToken: x, HandlerErrorCode: NotStabilized)", ReasonNotStabilized},
		{"Resource of type 'AWS::ECS::Service' with identifier 'x' did not stabilize.", ReasonNotStabilized},
		{"WaitCondition timed out. Received 0 conditions when expecting 1", ReasonNotStabilized},
		{"Failed to receive 1 resource signal(s) within the specified duration", ReasonNotStabilized},
		{"Resource handler returned message: \"null\" (HandlerErrorCode: InternalFailure)", ReasonInternal},
		{"Resource handler returned message: \"x\" (HandlerErrorCode: ServiceInternalError)", ReasonInternal},
		{"Account is already subscribed to Security Hub (Service: SecurityHub, Status Code: 409)", ReasonAlreadyEnabled},
		{"The request is rejected because a detector already exists for the current account. (Service: GuardDuty, Status Code: 400)", ReasonAlreadyEnabled},
		{"Failed to put configuration recorder 'default' because the maximum number of configuration recorders: 1 is reached. (MaxNumberOfConfigurationRecordersExceededException)", ReasonAlreadyEnabled},
		{"Macie has already been enabled", ReasonAlreadyEnabled},
		{"Resource handler returned message: \"Launch template lt-1 cannot be used\" (HandlerErrorCode: NotFound)", ReasonResourceGone},
		{"The role with name x cannot be found. (Service: Iam, Error Code: NoSuchEntity)", ReasonResourceGone},
		{"Resource handler returned message: \"Invalid value\" (HandlerErrorCode: InvalidRequest)", ReasonTemplate},
		{"Resource handler returned message: \"x\" (HandlerErrorCode: ServiceLimitExceeded)", ReasonQuota},
		{"Resource handler returned message: \"x\" (HandlerErrorCode: AccessDenied)", ReasonDenied},
		{"Property validation failure: [The property {/Type} is required]", ReasonTemplate},
		{"You must enable organizations access to operate a service managed stack set", ReasonAccessOff},
		{"The AWS Access Key Id needs a subscription for the service (Service: AWSShield; Error Code: SubscriptionRequiredException)", ReasonNotSubscribed},
		{"Your request for accessing resources in this region is being validated, and you are pending verification", ReasonNotSubscribed},
		{"Organizational unit ou-ab12-34567890 not found in StackSet", ReasonTargetGone},
		{"", ReasonUnknown},
	}
	for _, test := range tests {
		if got := Classify(test.text); got != test.want {
			t.Errorf("%q is %s, want %s", test.text, got, test.want)
		}
	}
}

// A hint names what to change, and where that is not all, the command after it.
func TestEveryClassHasAHintThatCanBeFollowed(t *testing.T) {
	for class := range meanings {
		hint := Hint(class)
		if !strings.HasSuffix(hint, ".") {
			t.Errorf("%s: hint %q is no sentence", class, hint)
		}
		waits := meanings[class].passes
		if !waits && !strings.Contains(hint, "`") && !strings.Contains(hint, "policy") && !strings.Contains(hint, "ignoreDrift") && !strings.Contains(hint, "by hand") {
			t.Errorf("%s: hint %q names no command and no setting", class, hint)
		}
	}
	for _, s := range slices.Concat(signs, vague) {
		if Hint(s.class) == "" {
			t.Errorf("%s has no hint", s.class)
		}
	}
	for code, class := range handlerCodes {
		if Hint(class) == "" {
			t.Errorf("%s, of the code %s, has no hint", class, code)
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
