package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/review"
)

const roleInPolicy = "version: 1\nstackSets:\n  - {match: \"*\", memberRole: OrganizationAccountAccessRole, healing: revert}\n"

// previewOf is what preview says as JSON.
func previewOf(t *testing.T, stdout string) previewed {
	t.Helper()
	var p previewed
	if err := json.Unmarshal([]byte(stdout), &p); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	return p
}

// changeSets counts the change sets that are left in an account.
func (w *commandWorld) noChangeSets() {
	w.t.Helper()
	made, gone := w.calls("cloudformation:CreateChangeSet"), w.calls("cloudformation:DeleteChangeSet")
	if made == 0 || gone < made {
		w.t.Errorf("%d change sets were made and %d deleted", made, gone)
	}
	if n := w.calls("cloudformation:ExecuteChangeSet"); n != 0 {
		w.t.Errorf("%d change sets were executed", n)
	}
}

func TestMemoryRaisedInAnOutageAndADangerousUpdate(t *testing.T) {
	w := newCommandWorld(t, 6)
	w.file("setmend.yaml", roleInPolicy)
	w.stackSet(awssim.StackSetSpec{Name: "functions", Template: lambdaTemplate}, 6)
	w.change("functions", 2, "DriftTestFunction", "/MemorySize", 512)
	w.run(exitOK, "drift", "functions")

	// Another developer proposes 256: fine in five accounts, the outage again in one.
	smaller := w.file("256.yaml", strings.Replace(lambdaTemplate, "MemorySize: 128", "MemorySize: 256", 1))
	stdout, _ := w.run(exitAttention, "preview", "functions", "--template", smaller, "--detailed-exitcode")
	for _, want := range []string{
		"in 1 of 6 accounts (1 instances): modify DriftTestFunction (AWS::Lambda::Function): would OVERWRITE what was changed by hand: MemorySize 512 → 256 (template so far 128)",
		"in 5 of 6 accounts (5 instances): modify DriftTestFunction (AWS::Lambda::Function): MemorySize 128 → 256",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing from\n%s", want, stdout)
		}
	}
	w.noChangeSets()

	// The live state is made the wanted one: the template gets 512.
	larger := w.folder + "/512.yaml"
	stdout, _ = w.run(exitOK, "drift", "accept", "functions", "--resource", "DriftTestFunction", "--property", "/MemorySize", "--out", larger)
	if !strings.Contains(stdout, "-       MemorySize: 128\n+       MemorySize: 512") {
		t.Errorf("the patch:\n%s", stdout)
	}
	stdout, _ = w.run(exitChanges, "preview", "functions", "--template", larger, "--detailed-exitcode", "-o", "json")
	p := previewOf(t, stdout)
	for _, e := range p.Effects {
		if e.Severity >= review.Notice {
			t.Errorf("with 512, still dangerous: %+v", e)
		}
		if e.Accounts == 1 && !strings.Contains(e.Text, "only CloudFormation's record changes") {
			t.Errorf("the drifted account: %s", e.Text)
		}
	}
	w.noChangeSets()
}

const groupTemplate = `Resources:
  DriftTestSecurityGroup:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: "Security group for drift testing"
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: 80
          ToPort: 80
          CidrIp: 0.0.0.0/0
          Description: "Allow HTTP traffic for demo purposes"
      SecurityGroupEgress:
        - IpProtocol: -1
          CidrIp: 0.0.0.0/0
          Description: "Allow all outbound traffic"
`

func TestTheSSHRuleLeftInASecurityGroup(t *testing.T) {
	w := newCommandWorld(t, 3)
	w.file("setmend.yaml", roleInPolicy)
	w.stackSet(awssim.StackSetSpec{Name: "groups", Template: groupTemplate}, 3)
	w.change("groups", 1, "DriftTestSecurityGroup", "/SecurityGroupIngress", []any{
		map[string]any{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0", "Description": "Allow HTTP traffic for demo purposes"},
		map[string]any{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "15.248.7.53/32"},
	})
	stdout, _ := w.run(exitChanges, "drift", "groups", "--group-by", "property", "--detailed-exitcode")
	if !strings.Contains(stdout, "15.248.7.53/32") {
		t.Errorf("the rule is not shown:\n%s", stdout)
	}
	out := w.folder + "/plan.json"
	stdout, _ = w.run(exitOK, "drift", "revert", "groups", "--out", out)
	if !strings.Contains(stdout, w.account(1)) || strings.Contains(stdout, w.account(0)) {
		t.Errorf("the plan:\n%s", stdout)
	}
	w.run(exitOK, "apply", out, "--yes")
	stdout, _ = w.run(exitOK, "drift", "groups", "--max-age", "1s", "--detailed-exitcode")
	if strings.Contains(stdout, "15.248.7.53") {
		t.Error(stdout)
	}
	if n := w.calls("cloudformation:DeleteStackInstances"); n != 0 {
		t.Errorf("%d stacks were deleted for a rule", n)
	}
}

const bucketsTemplate = `Resources:
  LogBucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              SSEAlgorithm: AES256
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
      VersioningConfiguration:
        Status: Enabled
  MainBucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              SSEAlgorithm: AES256
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
      VersioningConfiguration:
        Status: Enabled
      LoggingConfiguration:
        DestinationBucketName: !Ref LogBucket
`

func TestTheLogBucketDeletedByAccident(t *testing.T) {
	w := newCommandWorld(t, 3)
	w.file("setmend.yaml", roleInPolicy)
	w.stackSet(awssim.StackSetSpec{Name: "buckets", Template: bucketsTemplate}, 3)
	id, _ := w.aws.StackOf("buckets", w.account(0), worldRegion)
	w.must(w.aws.DeleteResource(id, "LogBucket"))
	stdout, _ := w.run(exitChanges, "drift", "buckets", "--detailed-exitcode")
	if !strings.Contains(stdout, "LogBucket (AWS::S3::Bucket) is gone") {
		t.Errorf("the bucket is not missed:\n%s", stdout)
	}
	out := w.folder + "/plan.json"
	w.run(exitOK, "drift", "revert", "buckets", "--out", out)
	w.run(exitOK, "apply", out, "--yes")
	w.run(exitOK, "drift", "buckets", "--max-age", "1s", "--detailed-exitcode")
	if n := w.calls("cloudformation:DeleteStackInstances"); n != 0 {
		t.Errorf("%d stacks were deleted: the main bucket's content would be gone", n)
	}
}

func TestAPreviewSaysThatAReplacementIsOne(t *testing.T) {
	w := newCommandWorld(t, 2)
	w.file("setmend.yaml", roleInPolicy)
	w.stackSet(awssim.StackSetSpec{Name: "queues", Template: "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: a}}, Gone: {Type: AWS::SNS::Topic}}\n"}, 2)
	next := w.file("next.yaml", "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: b}}, New: {Type: AWS::SNS::Topic}}\n")
	stdout, _ := w.run(exitAttention, "preview", "queues", "--template", next, "--detailed-exitcode")
	for _, want := range []string{"in 2 of 2 accounts (2 instances): REPLACE Q (AWS::SQS::Queue): QueueName a → b", "REMOVE Gone (AWS::SNS::Topic)", "add New (AWS::SNS::Topic)"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing from\n%s", want, stdout)
		}
	}
	w.noChangeSets()
}

func TestEveryKindOfInstanceIsSampledOnce(t *testing.T) {
	w := newCommandWorld(t, 8)
	w.file("setmend.yaml", roleInPolicy)
	w.stackSet(awssim.StackSetSpec{Name: "topics", Template: topicTemplate}, 5)
	for i := 5; i < 8; i++ {
		w.must(w.aws.SeedInstance("topics", w.account(i), worldRegion, awssim.InstanceSeed{Overrides: map[string]string{"Name": "own"}}))
	}
	stdout, _ := w.run(exitOK, "preview", "topics", "--parameter", "Name=new", "-o", "json")
	p := previewOf(t, stdout)
	if len(p.Variants) != 2 || p.Unchanged != 3 || len(p.Effects) != 1 || p.Effects[0].Accounts != 5 {
		t.Errorf("an overridden parameter does not follow the set: %s", stdout)
	}
	if n := w.calls("cloudformation:CreateChangeSet"); n != 2 {
		t.Errorf("%d change sets for two kinds of instances", n)
	}
}

func TestWithoutAMemberRoleThePreviewComparesTemplatesAndSaysSo(t *testing.T) {
	w := newCommandWorld(t, 3)
	w.stackSet(awssim.StackSetSpec{Name: "functions", Template: lambdaTemplate}, 3)
	w.change("functions", 2, "DriftTestFunction", "/MemorySize", 512)
	w.run(exitOK, "drift", "functions")
	smaller := w.file("256.yaml", strings.Replace(lambdaTemplate, "MemorySize: 128", "MemorySize: 256", 1))
	stdout, _ := w.run(exitAttention, "preview", "functions", "--template", smaller, "--detailed-exitcode")
	for _, want := range []string{"No change set was made", "in 1 of 3 accounts (1 instances): modify DriftTestFunction (AWS::Lambda::Function): would OVERWRITE what was changed by hand: MemorySize 512 → 256", "in 2 of 3 accounts"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing from\n%s", want, stdout)
		}
	}
	if n := w.calls("sts:AssumeRole") + w.calls("cloudformation:CreateChangeSet"); n != 0 {
		t.Errorf("%d calls in member accounts", n)
	}
}

func TestWhatAPreviewCannotShowIsSaid(t *testing.T) {
	w := newCommandWorld(t, 1)
	w.stackSet(awssim.StackSetSpec{Name: "topics", Template: topicTemplate}, 1)
	w.run(exitUsage, "preview", "topics")
	w.run(exitNotFound, "preview", "topics", "--template", w.folder+"/missing.yaml")
	w.run(exitNotFound, "preview", "nothing", "--parameter", "Name=x")
	w.run(exitConfig, "preview", "topics", "--template", w.file("bad.yaml", "]["))
	_, stderr := w.run(exitUsage, "preview", "topics", "--parameter", "Nam=x")
	if !strings.Contains(stderr, "did you mean Name?") {
		t.Error(stderr)
	}
}

// dying is a member that makes its change set, and whose process dies then.
type dying struct{ *cloud.AWS }

var errDied = errors.New("the process died")

func (d dying) Preview(ctx context.Context, stack fleet.MemberStack, token string, _ fleet.Update) (fleet.ChangePreview, error) {
	if _, err := d.AWS.Revert(ctx, stack, token); err != nil {
		return fleet.ChangePreview{}, err
	}
	return fleet.ChangePreview{}, errDied
}

func (dying) AbandonRevert(context.Context, fleet.MemberStack, string) error { return errDied }

func TestChangeSetsThatACrashHasLeftAreDeletedByTheNextPreview(t *testing.T) {
	w := newCommandWorld(t, 1)
	w.file("setmend.yaml", roleInPolicy)
	w.stackSet(awssim.StackSetSpec{Name: "functions", Template: lambdaTemplate}, 1)
	w.change("functions", 0, "DriftTestFunction", "/MemorySize", 512)
	aws, err := cloud.New(t.Context(), cloud.Config{Transport: w.aws.Transport(), Region: worldRegion, Clock: clock.Scaled(worldSpeed, simStart)})
	w.must(err)
	j, err := openJournalFile(w.folder + "/journal.db")
	w.must(err)
	id, _ := w.aws.StackOf("functions", w.account(0), worldRegion)
	variants := []review.Variant{{Sample: fleet.Instance{StackID: id, Target: fleet.Target{Account: fleet.AccountID(w.account(0)), Region: worldRegion}}}}
	err = review.Preview(t.Context(), dying{aws}, j, "first", review.Proposal{}, fleet.StackSet{}, "OrganizationAccountAccessRole", variants, nil)
	if !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	w.must(j.Close())
	if made, gone := w.calls("cloudformation:CreateChangeSet"), w.calls("cloudformation:DeleteChangeSet"); made != 1 || gone != 0 {
		t.Fatalf("%d made, %d deleted before", made, gone)
	}
	smaller := w.file("256.yaml", strings.Replace(lambdaTemplate, "MemorySize: 128", "MemorySize: 256", 1))
	_, stderr := w.run(exitOK, "preview", "functions", "--template", smaller)
	if !strings.Contains(stderr, "deleted the change sets that 1 interrupted previews had left") {
		t.Errorf("stderr: %s", stderr)
	}
	w.noChangeSets()
	if _, stderr = w.run(exitOK, "preview", "functions", "--template", smaller); strings.Contains(stderr, "interrupted") {
		t.Errorf("it is cleaned up twice: %s", stderr)
	}
}
