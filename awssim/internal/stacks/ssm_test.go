package stacks

import (
	"strings"
	"testing"
)

// shelf is a Parameter Store that tests write to.
type shelf map[string]string

func (s shelf) Value(_, _, name string) (string, string, bool) {
	name, _, _ = strings.Cut(name, ":") // all versions are alike
	v, ok := s[name]
	return v, "String", ok
}

const withSSM = `
Parameters: {Image: {Type: "AWS::SSM::Parameter::Value<String>", Default: /image}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Image, KmsMasterKeyId: "{{resolve:ssm:/key:1}}"}}
`

func (l *lab) topic() map[string]any {
	l.Helper()
	all := l.engine.Resources(account, region, "AWS::SNS::Topic")
	if len(all) != 1 {
		l.Fatalf("%d topics", len(all))
	}
	return all[0].Properties
}

func TestSSMParametersAreResolvedOnDeployment(t *testing.T) {
	store := shelf{"/image": "ami-1", "/key": "k1"}
	l := newLabWith(t, Options{Parameters: store})
	id := l.mustCreate("app", withSSM)
	if p := l.topic(); p["DisplayName"] != "ami-1" || p["KmsMasterKeyId"] != "k1" {
		t.Errorf("%v", p)
	}
	if got := l.engine.shownParameters(l.engine.stacks[id]); *got[0].ParameterValue != "/image" || *got[0].ResolvedValue != "ami-1" {
		t.Errorf("%s, resolved %s", *got[0].ParameterValue, *got[0].ResolvedValue)
	}
}

func TestAValueThatChangesLaterIsNeitherLiveNorDrift(t *testing.T) {
	store := shelf{"/image": "ami-1", "/key": "k1"}
	l := newLabWith(t, Options{Parameters: store})
	id := l.mustCreate("app", withSSM)
	store["/image"], store["/key"] = "ami-2", "k2"
	if p := l.topic(); p["DisplayName"] != "ami-1" || p["KmsMasterKeyId"] != "k1" {
		t.Errorf("%v", p)
	}
	if d := l.drift(id); d.Status != "IN_SYNC" {
		t.Errorf("%+v", d)
	}
}

func TestAnUpdateTakesTheNewValueOfAnSSMParameter(t *testing.T) {
	store := shelf{"/image": "ami-1", "/key": "k1"}
	l := newLabWith(t, Options{Parameters: store})
	id := l.mustCreate("app", withSSM)
	store["/image"] = "ami-2"
	if r := l.update(id, withSSM); !r.OK || r.NoChange {
		t.Errorf("%+v", r)
	}
	if p := l.topic(); p["DisplayName"] != "ami-2" {
		t.Errorf("%v", p)
	}
}

func TestAMissingParameterIsNamed(t *testing.T) {
	l := newLabWith(t, Options{Parameters: shelf{"/image": "ami-1"}})
	if r := l.create(spec("app", withSSM)); r.OK || !strings.Contains(r.Reason, "/key") {
		t.Errorf("%+v", r)
	}
	if _, ok := l.engine.names[stackName{place{account, region}, "app"}]; ok {
		t.Error("a stack is left of the refused request")
	}
}
