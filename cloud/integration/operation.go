package integration

import (
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// An operation is one API action as Step Functions has it.
type operation struct {
	*model.Operation
	action cloud.Action
}

// String is the end of the resource, for messages.
func (o *operation) String() string { return o.Service.Name + ":" + lowerFirst(o.Name) }

var operationNames sync.Map // *model.Service → map[string]*operation

// operationsOf maps the actions of a service by the names in resources; nil if
// there is no such service.
func operationsOf(service string) map[string]*operation {
	s := model.Load(service)
	if s == nil {
		return nil
	}
	if known, ok := operationNames.Load(s); ok {
		return known.(map[string]*operation)
	}
	names := make(map[string]*operation, len(s.Operations))
	for _, o := range s.Operations {
		if !o.Streams {
			names[lowerFirst(o.Name)] = &operation{o, pace(o)}
		}
	}
	known, _ := operationNames.LoadOrStore(s, names)
	return known.(map[string]*operation)
}

// mustOperation is an operation that the facts are known to have.
func mustOperation(service, name string) *operation {
	o := operationsOf(service)[name]
	if o == nil {
		panic("the facts do not have " + service + ":" + name)
	}
	return o
}

// How often an action is sent of which AWS documents no rate, per second: well
// below what any of the services here bears.
const (
	readRate  = 10
	writeRate = 5
)

// pace is an action with its rate: package cloud's, where it sends the action
// itself, so that both draw on the same.
func pace(o *model.Operation) cloud.Action {
	prefix := permissionPrefix(o.Service)
	for _, own := range cloud.Actions() {
		if own.Service == prefix && own.Name == o.Name {
			return own
		}
	}
	reads := isRead(o)
	x := cloud.Action{Service: prefix, Name: o.Name, Write: !reads, Repeatable: reads || isRepeatable(o), Rate: readRate, Burst: readRate}
	switch {
	case prefix == "lambda" && o.Name == "Invoke":
		x.Rate, x.Burst = 0, 0 // as many at once as the account's concurrency allows
	case prefix == "s3":
		x.Rate, x.Burst = 0, 0 // by prefix, far above
	case x.Write:
		x.Rate, x.Burst = writeRate, writeRate
	}
	return x
}

// readVerbs begin the names of actions that change nothing.
var readVerbs = []string{"Get", "List", "Describe", "BatchGet", "BatchDescribe", "Head", "Search", "Lookup", "Query", "Scan", "Select",
	"Discover", "Check", "Validate", "Preview", "Estimate", "Simulate", "Detect", "Filter", "View", "Decode", "Count", "Verify", "Test"}

// changing are actions whose names only seem to be a read's.
var changing = []string{"GetFederationToken", "GetSessionToken", "TestEventPattern"}

func isRead(o *model.Operation) bool {
	if o.ReadOnly {
		return true
	}
	return startsWord(o.Name, readVerbs) && !slices.Contains(changing, o.Name) || o.Service.SDKID == "STS"
}

// setVerbs begin the names of actions that say how something is to be: sent twice,
// it is so all the same. A second Put may count twice, as of metrics and events.
var setVerbs = []string{"Delete", "Remove", "Deregister", "Enable", "Disable", "Tag", "Untag", "AddTags", "Set", "Cancel", "Stop", "Terminate",
	"Detach", "Revoke", "Disassociate", "Register", "Modify", "BatchDelete"}

// settling are actions of other names that are the same.
var settling = []string{"s3:PutObject", "ec2:StartInstances", "cloudwatch:PutMetricAlarm", "events:PutRule", "events:PutTargets"}

func isRepeatable(o *model.Operation) bool {
	if o.Idempotent || startsWord(o.Name, setVerbs) || slices.Contains(settling, permissionPrefix(o.Service)+":"+o.Name) {
		return true
	}
	return token(o) != nil
}

// token is the parameter by which AWS recognises a request that comes again.
func token(o *model.Operation) *model.Member {
	if o.Input != nil {
		for _, m := range o.Input.Members {
			if m.Token {
				return m
			}
		}
	}
	return nil
}

func startsWord(name string, verbs []string) bool {
	return slices.ContainsFunc(verbs, func(verb string) bool {
		rest, ok := strings.CutPrefix(name, verb)
		return ok && (rest == "" || rest[0] < 'a' || rest[0] > 'z')
	})
}

// permissionPrefixes are services whose IAM prefix is not their name in
// signatures. AWS's Service Authorization Reference has them.
var permissionPrefixes = map[string]string{
	"monitoring": "cloudwatch", "email": "ses", "AWSMobileHubService": "mobilehub", "tagging": "tag",
	"awsmobilehubservice": "mobilehub", "rds-data": "rds-data", "sms-voice": "sms-voice",
}

func permissionPrefix(s *model.Service) string {
	signer := s.Signer()
	if prefix, ok := permissionPrefixes[signer]; ok {
		return prefix
	}
	return signer
}
