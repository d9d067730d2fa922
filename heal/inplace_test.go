package heal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// What people change by hand is put back in place although the resource, or one
// beside it, has properties that AWS cannot read back.
func TestDriftIsPutBackInPlaceBesideWhatAWSCannotReadBack(t *testing.T) {
	for _, test := range []struct {
		name, template string
		byHand         func(w *world, stack string)
	}{
		{"a function's memory was raised", `
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      MemorySize: 128
      ReservedConcurrentExecutions: 5
      Role: !GetAtt Role.Arn
      Code: {ZipFile: "def handler(event, context): return {'statusCode': 200}"}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]
`, func(w *world, stack string) { w.must(w.aws.SetProperty(stack, "Function", "/MemorySize", 512)) }},
		{"a rule for SSH was added", `
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0, Description: web}]
      SecurityGroupEgress: [{IpProtocol: "-1", CidrIp: 0.0.0.0/0, Description: all}]
`, func(w *world, stack string) {
			w.must(w.aws.SetProperty(stack, "Group", "/SecurityGroupIngress/-", map[string]any{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "203.0.113.7/32"}))
		}},
		{"the log bucket was deleted", `
Resources:
  LogBucket:
    Type: AWS::S3::Bucket
    Properties: {VersioningConfiguration: {Status: Enabled}}
  MainBucket:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {Status: Enabled}
      LoggingConfiguration: {DestinationBucketName: !Ref LogBucket}
`, func(w *world, stack string) { w.must(w.aws.DeleteResource(stack, "LogBucket")) }},
		{"a parameter's value, beside its description", `
Resources:
  Level:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: info, Description: how much is logged}
`, func(w *world, stack string) { w.must(w.aws.SetProperty(stack, "Level", "/Value", "debug")) }},
		{"a key's rotation, beside its waiting period", `
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties: {EnableKeyRotation: true, PendingWindowInDays: 7}
`, func(w *world, stack string) { w.must(w.aws.SetProperty(stack, "Key", "/EnableKeyRotation", false)) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			scenario(t, func(w *world) {
				w.setPolicy(inPlace)
				accounts := w.accounts(6)
				w.stackSet("tool", accounts, func(s *awssim.StackSetSpec) { s.Template = test.template })
				stack, _ := w.aws.StackOf("tool", accounts[0], home)
				test.byHand(w, stack)
				r := w.heal(heal.Options{})
				w.untouched()
				if diff := cmp.Diff([]plan.Remedy{plan.RemedyRevert}, remedies(r, "tool", accounts[0])); diff != "" {
					t.Errorf("remedies (-want +got):\n%s\n%s", diff, cell(t, r, "tool", accounts[0]).Reason)
				}
				if r.After.Healthy != 6 || r.Run.Result != report.Healed {
					t.Errorf("%s, %+v", r.Run.Result, r.After)
				}
				if got := w.read().StackSets["tool"].Instances[target(accounts[0])]; got.Drift != fleet.DriftInSync {
					t.Errorf("AWS says %s", got.Drift)
				}
			})
		})
	}
}
