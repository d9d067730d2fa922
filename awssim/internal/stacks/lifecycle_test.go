package stacks

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/core"
)

func TestACreatedStackHasItsResources(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	if !strings.HasPrefix(id, "arn:aws:cloudformation:eu-west-1:111122223333:stack/app/") || l.status(id) != "CREATE_COMPLETE" {
		t.Errorf("%s is %s", id, l.status(id))
	}
	if got := l.ids("AWS::SQS::Queue"); len(got) != 1 || !strings.HasPrefix(got[0], "https://sqs.eu-west-1.amazonaws.com/111122223333/app-Queue-") {
		t.Errorf("queues: %v", got)
	}
}

func TestCreationTakesTwentyToSixtySeconds(t *testing.T) {
	l := newLab(t)
	var after time.Duration
	began := l.world.Now()
	l.engine.Create(spec("app", queue), func(core.StackResult) { after = l.world.Now().Sub(began) })
	l.world.Advance(time.Hour)
	if after < 20*time.Second || after > 60*time.Second {
		t.Errorf("it took %s", after)
	}
}

func TestAFailedCreationLeavesNoStack(t *testing.T) {
	l := newLab(t)
	l.world.Access.AddSCP(core.SCP{Target: account, Action: "sqs:*"})
	r := l.create(spec("app", queue))
	if r.OK || r.StackID != "" {
		t.Errorf("%+v", r)
	}
	if !strings.HasPrefix(r.Reason, "ResourceLogicalId:Queue, ResourceType:AWS::SQS::Queue, ResourceStatusReason:User: arn:aws:sts::111122223333:assumed-role/stacksets-exec-0123/") ||
		!strings.Contains(r.Reason, "is not authorized to perform: sqs:CreateQueue on resource: ") ||
		!strings.HasSuffix(r.Reason, "with an explicit deny in a service control policy.") {
		t.Error(r.Reason)
	}
	if got := l.engine.Resources(account, region, ""); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
	l.world.Access.RemoveSCP(account, "sqs:*")
	l.mustCreate("app", queue) // the name is free
}

func TestRefusedRequestsSayWhy(t *testing.T) {
	l := newLab(t)
	l.mustCreate("taken", queue)
	needs := "Parameters: {P: {Type: String}}\n" + queue
	role := "Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: r}}}"
	tests := []struct {
		spec core.StackSpec
		want string
	}{
		{spec("taken", queue), "Stack [taken] already exists"},
		{spec("a", "Resources: {}"), "Template format error: At least one Resources member must be defined."},
		{spec("a", needs), "Parameters: [P] must have values"},
		{core.StackSpec{Account: account, Region: region, Name: "a", Template: role}, "Requires capabilities : [CAPABILITY_NAMED_IAM]"},
		{spec("a", "Resources: {T: {Type: AWS::SNS::Topic, Properties: {X: !GetAtt U.Nothing}}, U: {Type: AWS::SNS::Topic}}"),
			"Template error: resource U does not support attribute type Nothing in Fn::GetAtt"},
		{spec("a", "Resources: {T: {Type: AWS::SNS::Topic, Properties: {X: !ImportValue nobody}}}"), "No export named nobody found."},
		{spec("a", "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /x}}\n"+queue),
			"Unable to fetch parameters [/x] from parameter store for this account."},
	}
	for _, test := range tests {
		if r := l.create(test.spec); r.OK || r.Reason != test.want {
			t.Errorf("got %q, want %q", r.Reason, test.want)
		}
	}
}

func TestExplicitNamesCollide(t *testing.T) {
	role := "Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: admin, AssumeRolePolicyDocument: {}}}}"
	bucket := "Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: mine}}}"
	detector := "Resources: {D: {Type: AWS::GuardDuty::Detector, Properties: {Enable: true}}}"
	topic := "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}}"
	tests := []struct {
		name, text, account, region string
		want                        string // "" for no collision
	}{
		{"the same place", topic, account, region, "t already exists in stack arn:"},
		{"a regional name elsewhere", topic, account, "us-east-1", ""},
		{"a role in another region", role, account, "us-east-1", "admin already exists"},
		{"a role in another account", role, "999999999999", region, ""},
		{"a bucket anywhere", bucket, "999999999999", "us-east-1", "mine already exists"},
		{"a singleton", detector, account, region, "The request is rejected because a detector already exists for the current account."},
		{"a singleton elsewhere", detector, account, "us-east-1", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t)
			l.mustCreate("first", test.text)
			second := spec("second", test.text)
			second.Account, second.Region = test.account, test.region
			r := l.create(second)
			if r.OK != (test.want == "") || !strings.Contains(r.Reason, test.want) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestNamesThatTheServiceRefusesFailTheCreation(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub '${AWS::StackName}-the-role-of-the-audit-team', AssumeRolePolicyDocument: {}}}}",
			"Value 'StackSet-audit-6c1f6f6e-0000-4000-a000-000000000000-the-role-of-the-audit-team' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: Mine}}}", "Bucket name should not contain uppercase characters"},
	}
	for _, test := range tests {
		l := newLab(t)
		r := l.create(spec("StackSet-audit-6c1f6f6e-0000-4000-a000-000000000000", test.text))
		if r.OK || !strings.Contains(r.Reason, test.want) {
			t.Errorf("%+v", r)
		}
	}
}

func TestANameIsFreeOnceItsResourceIsGone(t *testing.T) {
	l := newLab(t)
	topic := "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}}"
	id := l.mustCreate("first", topic)
	l.delete(id)
	id = l.mustCreate("second", topic)
	l.must(l.engine.DeleteResource(id, "T"))
	l.mustCreate("third", topic)
}

func TestAnExportInUseBlocksDeletionAndChange(t *testing.T) {
	l := newLab(t)
	exporter := func(name string) string {
		return "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: " + name + "}}}\nOutputs: {O: {Value: !Ref T, Export: {Name: shared}}}"
	}
	a := l.mustCreate("a", exporter("one"))
	b := l.mustCreate("b", "Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !ImportValue shared}}}")
	if r := l.create(spec("c", exporter("three"))); r.Reason != "Export with name shared is already exported by stack a." {
		t.Error(r.Reason)
	}
	if r := l.delete(a); r.OK || r.Reason != "Export shared cannot be deleted as it is in use by b" || l.status(a) != "CREATE_COMPLETE" {
		t.Errorf("%+v, %s", r, l.status(a))
	}
	l.delete(b)
	if r := l.delete(a); !r.OK {
		t.Errorf("after the importer is gone: %+v", r)
	}

	a = l.mustCreate("a", exporter("one"))
	l.mustCreate("b", "Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !ImportValue shared}}}")
	if r := l.update(a, exporter("two")); r.Reason != "Export shared cannot be updated as it is in use by b." || l.status(a) != "UPDATE_ROLLBACK_COMPLETE" {
		t.Errorf("%+v, %s", r, l.status(a))
	}
}

func TestAnUpdateWithoutEffectChangesNothing(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	r := l.update(id, "Description: other words\n"+queue)
	if !r.OK || !r.NoChange || l.status(id) != "CREATE_COMPLETE" {
		t.Errorf("%+v, %s", r, l.status(id))
	}
}

func TestAnUpdateKeepsOrReplacesAsTheTypeSays(t *testing.T) {
	l := newLab(t)
	text := func(name, delay string) string {
		return "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: " + name + ", DelaySeconds: " + delay + "}}\n" +
			"  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Q}}\n  V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/" + delay + "}}"
	}
	id := l.mustCreate("app", text("one", "16"))
	vpc := l.ids("AWS::EC2::VPC")
	if r := l.update(id, text("one", "17")); !r.OK {
		t.Fatal(r.Reason)
	}
	if diff := cmp.Diff([]string{"https://sqs.eu-west-1.amazonaws.com/111122223333/one"}, l.ids("AWS::SQS::Queue")); diff != "" {
		t.Error(diff)
	}
	if now := l.ids("AWS::EC2::VPC"); len(now) != 1 || now[0] == vpc[0] {
		t.Errorf("a new CIDR block replaces the VPC: %v, %v", vpc, now)
	}
	l.update(id, text("two", "17"))
	topics := l.engine.Resources(account, region, "AWS::SNS::Topic")
	if topics[0].Model["DisplayName"] != "https://sqs.eu-west-1.amazonaws.com/111122223333/two" {
		t.Errorf("the topic still refers to %v", topics[0].Model["DisplayName"])
	}
}

func TestACustomNamedResourceCannotBeReplaced(t *testing.T) {
	l := newLab(t)
	text := func(path string) string {
		return "Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: admin, AssumeRolePolicyDocument: {}, Path: " + path + "}}}"
	}
	id := l.mustCreate("app", text("/a/"))
	r := l.update(id, text("/b/"))
	if !strings.Contains(r.Reason, "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename admin and update the stack again.") {
		t.Error(r.Reason)
	}
}

func TestAFailedUpdateLeavesThePreviousState(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.world.Access.AddSCP(core.SCP{Target: account, Action: "sqs:SetQueueAttributes"})
	r := l.update(id, strings.Replace(queue, "DelaySeconds: 5", "DelaySeconds: 6", 1))
	if r.OK || l.status(id) != "UPDATE_ROLLBACK_COMPLETE" {
		t.Errorf("%+v, %s", r, l.status(id))
	}
	if got := l.engine.Resources(account, region, "AWS::SQS::Queue")[0].Model["DelaySeconds"]; textOf(got) != "5" {
		t.Errorf("DelaySeconds is %v", got)
	}
}

func TestUpdatingAResourceThatIsGoneLeavesTheStackStuck(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.must(l.engine.DeleteResource(id, "Queue"))
	r := l.update(id, strings.Replace(queue, "DelaySeconds: 5", "DelaySeconds: 6", 1))
	if r.OK || l.status(id) != "UPDATE_ROLLBACK_FAILED" || !strings.Contains(r.Reason, "was not found") {
		t.Errorf("%+v, %s", r, l.status(id))
	}
	r = l.update(id, queue)
	if want := "Stack:" + id + " is in UPDATE_ROLLBACK_FAILED state and can not be updated."; r.Reason != want {
		t.Errorf("got %s", r.Reason)
	}
}

func TestRetainedResourcesOutliveTheirStackAndKeepTheirName(t *testing.T) {
	l := newLab(t)
	text := "Resources: {B: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {BucketName: mine}}, T: {Type: AWS::SNS::Topic}}"
	id := l.mustCreate("app", text)
	if r := l.delete(id); !r.OK || r.StackID != "" {
		t.Fatalf("%+v", r)
	}
	if diff := cmp.Diff([]string{"mine"}, l.ids("")); diff != "" {
		t.Error(diff)
	}
	if r := l.create(spec("again", text)); !strings.Contains(r.Reason, "mine already exists") {
		t.Errorf("%+v", r)
	}
}

func TestADeniedDeletionKeepsOnlyWhatCouldNotBeDeleted(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", "Resources: {Q: {Type: AWS::SQS::Queue}, T: {Type: AWS::SNS::Topic}}")
	l.must(l.engine.Obstruct(id, "Q", "the queue is in use"))
	if r := l.delete(id); r.Reason != "ResourceLogicalId:Q, ResourceType:AWS::SQS::Queue, ResourceStatusReason:the queue is in use." || l.status(id) != "DELETE_FAILED" {
		t.Errorf("%+v, %s", r, l.status(id))
	}
	if len(l.ids("AWS::SNS::Topic")) != 0 || len(l.ids("AWS::SQS::Queue")) != 1 {
		t.Error("wrong resources are left")
	}
	l.must(l.engine.Obstruct(id, "Q", ""))
	if r := l.delete(id); !r.OK || l.status(id) != "" {
		t.Errorf("%+v", r)
	}
}

func TestTerminationProtectionRefusesDeletion(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.engine.stacks[id].protected = true
	if r := l.delete(id); r.Reason != "Stack [app] cannot be deleted while TerminationProtection is enabled" {
		t.Errorf("%+v", r)
	}
}

func TestASeededStackIsAsIfCreated(t *testing.T) {
	l := newLab(t)
	id, err := l.engine.Seed(spec("app", queue))
	if err != nil || l.status(id) != "CREATE_COMPLETE" || len(l.ids("AWS::SQS::Queue")) != 1 {
		t.Errorf("%v, %s", err, l.status(id))
	}
	if _, err := l.engine.Seed(spec("app", queue)); err == nil {
		t.Error("seeded twice")
	}
}

func TestAForgottenAccountHasNothingLeft(t *testing.T) {
	l := newLab(t)
	text := "Resources: {B: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, Properties: {BucketName: mine}}}"
	l.delete(l.mustCreate("gone", text))
	var outcome []core.StackResult
	l.engine.Create(spec("running", queue), func(r core.StackResult) { outcome = append(outcome, r) })
	l.engine.Forget(account)
	l.world.Advance(time.Hour)
	if len(l.engine.Resources(account, region, "")) != 0 || len(l.engine.claims) != 0 {
		t.Error("something is left")
	}
	if len(outcome) != 1 || outcome[0].OK {
		t.Errorf("the running creation reported %v", outcome)
	}
}

func TestStacksAreLimitedPerRegion(t *testing.T) {
	l := newLabWith(t, Options{StacksPerRegion: 1})
	id := l.mustCreate("first", queue)
	if r := l.create(spec("second", queue)); r.OK || r.Reason != "Limit for stack has been exceeded" {
		t.Errorf("%+v", r)
	}
	elsewhere := spec("second", queue)
	elsewhere.Region = "us-east-1"
	if r := l.create(elsewhere); !r.OK {
		t.Errorf("another region: %s", r.Reason)
	}
	l.delete(id)
	if r := l.create(spec("second", queue)); !r.OK {
		t.Errorf("a deleted stack counts: %s", r.Reason)
	}
}
