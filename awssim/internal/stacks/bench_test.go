package stacks

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// fleetTemplate is about what organizations roll out by stack sets: a few
// resources, one with an explicit name, an export.
const fleetTemplate = `
Parameters: {Level: {Type: String, Default: standard}, Owner: {Type: String}}
Conditions: {Strict: !Equals [!Ref Level, strict]}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "audit-${AWS::Region}"
      AssumeRolePolicyDocument: {Version: 2012-10-17, Statement: [{Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::${Owner}:root"}, Action: sts:AssumeRole}]}
      Tags: [{Key: level, Value: !Ref Level}]
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Level}}
  Rule: {Type: AWS::Events::Rule, Properties: {State: ENABLED, Targets: [{Arn: !Ref Topic, Id: t}]}}
  Logs: {Type: AWS::Logs::LogGroup, Condition: Strict}
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt Role.Arn}}
Outputs: {Topic: {Value: !Ref Topic, Export: {Name: audit-topic}}}
`

func fleetSpec(i int) core.StackSpec {
	return core.StackSpec{
		Account: fmt.Sprintf("%012d", 100000000000+i/10), Region: fmt.Sprintf("eu-west-%d", i%10), Name: fmt.Sprintf("StackSet-audit-%08d", i),
		Template: fleetTemplate, Parameters: map[string]string{"Owner": "111122223333"}, Capabilities: []string{"CAPABILITY_NAMED_IAM"}, Role: "stacksets-exec-0123",
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// An organization with 100,000 instances is to fit into 600 MB; stacks may take half.
func TestAStackTakesLessThanThreeKilobytes(t *testing.T) {
	const n = 20_000
	l := newLab(t)
	before := heap()
	for i := range n {
		if _, err := l.engine.Seed(fleetSpec(i)); err != nil {
			t.Fatal(err)
		}
	}
	each := (heap() - before) / n
	t.Logf("%d bytes a stack", each)
	if each > 3<<10 {
		t.Errorf("%d bytes a stack", each)
	}
	runtime.KeepAlive(l)
}

func BenchmarkCreate(b *testing.B) {
	w := core.NewWorld(core.Options{Seed: 1, Clock: stopped{}})
	e := New(w, Options{})
	w.Lock()
	defer w.Unlock()
	for i := 0; b.Loop(); i++ {
		e.Create(fleetSpec(i), func(r core.StackResult) {
			if !r.OK {
				b.Fatal(r.Reason)
			}
		})
		if i%1000 == 999 {
			w.Advance(time.Minute)
		}
	}
	w.Advance(time.Hour)
}

func BenchmarkDetectDrift(b *testing.B) {
	w := core.NewWorld(core.Options{Seed: 1, Clock: stopped{}})
	e := New(w, Options{})
	w.Lock()
	defer w.Unlock()
	var ids []string
	for i := range 1000 {
		id, err := e.Seed(fleetSpec(i))
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	for i := 0; b.Loop(); i++ {
		e.DetectDrift(ids[i%len(ids)], func(core.StackDrift) {})
		if i%1000 == 999 {
			w.Advance(time.Minute)
		}
	}
}
