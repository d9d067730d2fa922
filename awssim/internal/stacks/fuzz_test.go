package stacks

import (
	"testing"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// FuzzDeploy: whatever template comes in, a stack is made of it or it is refused,
// everything about the stack can be shown, and it can be deleted again.
func FuzzDeploy(f *testing.F) {
	for _, seed := range []string{
		queue, fleetTemplate,
		`{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "${AWS::AccountId}-x"}, "Tags": [{"Key": ["x"]}, 1, null]}}}}`,
		"Resources: {R: {Type: AWS::ECS::Service, Properties: {Cluster: [1, {a: b}], ServiceName: {x: y}}}, S: {Type: AWS::Route53::RecordSet, Properties: {Name: !GetAtt R.ServiceArn}}}",
		"Resources: {V: {Type: AWS::EC2::VPC, DeletionPolicy: Retain, Properties: {CidrBlock: !Select [0, !Cidr [10.0.0.0/8, 2, 8]]}}, C: {Type: Custom::X, Properties: {Y: !GetAtt V.CidrBlockAssociations}}}",
		"Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}\nResources: {T: {Type: AWS::SNS::Topic, Properties: {X: '{{resolve:ssm:/a:1}}'}}}",
	} {
		f.Add(seed, "/DelaySeconds")
	}
	f.Fuzz(func(t *testing.T, text, pointer string) {
		w := core.NewWorld(core.Options{Seed: 1, Clock: stopped{}})
		w.Lock()
		defer w.Unlock()
		e := New(w, Options{Parameters: oneParameter{}})
		var made core.StackResult
		e.Create(spec("app", text), func(r core.StackResult) { made = r })
		w.Advance(time.Hour)
		if !made.OK {
			if made.Reason == "" {
				t.Fatal("refused without a reason")
			}
			return
		}
		s := e.stacks[made.StackID]
		show(e, s)
		for _, r := range s.current.template.Resources {
			_ = e.SetProperty(s.id, r.LogicalID, pointer, map[string]any{"a": []any{1}})
		}
		set := &changeSet{name: "heal", kind: "UPDATE", revert: true, deployment: s.current}
		e.newChangeSet(s, set)
		w.Advance(time.Minute)
		shower := changeShower{engine: e, set: set, values: true}
		for i := range set.changes {
			shower.show(&set.changes[i])
		}
		show(e, s)
		e.Delete(s.id, core.StackSpec{}, func(core.StackResult) {})
		w.Advance(time.Hour)
		if s.status != deleteComplete || len(e.exports) != 0 {
			t.Fatalf("%s, %d exports", s.status, len(e.exports))
		}
	})
}

// show computes all that can be shown of a stack.
func show(e *Engine, s *stack) {
	e.shape(s)
	e.states(s)
	for _, ev := range e.events(s) {
		e.propertiesAt(s, ev)
	}
	e.Resources(s.account, s.region, "")
	d := e.detect(s, actor{}, nil)
	s.keepDrift(&d, nil)
	for _, one := range e.lastDrift(s) {
		e.driftShape(s, one)
	}
}

// oneParameter is a Parameter Store with the same value everywhere.
type oneParameter struct{}

func (oneParameter) Value(_, _, name string) (string, string, bool) {
	return "value of " + name, "String", name == "/a"
}
