package asl

import (
	"regexp"
	"strings"
	"sync"
)

// A resource is what the Resource of a Task, an item reader or a result writer
// names. asl knows its form only: what is behind it is the business of [Tasks].
type resource struct {
	text     string // without .waitForTaskToken
	callback bool   // ends in .waitForTaskToken
	service  string // of an integration: SERVICE:ACTION, with .sync or .sync:2
	kind     resourceKind
}

type resourceKind int

const (
	namedResource resourceKind = iota // a function's name or ARN
	serviceResource
	activityResource
)

const callbackSuffix = ".waitForTaskToken"

// Services of integrations with a part in the language.
const (
	lambdaInvoke    = "lambda:invoke"
	s3GetObject     = "s3:getObject"
	s3ListObjectsV2 = "s3:listObjectsV2"
	s3PutObject     = "s3:putObject"
)

// statesARN is the ARN of an activity or of an integration, in any partition, with
// or without region and account.
var statesARN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:aws[a-z-]*:states:[a-z0-9-]*:(?:[0-9]{12})?:(.+)$`)
})

// serviceForm is SERVICE:ACTION of an optimized integration, or
// aws-sdk:SERVICE:ACTION, where ACTION may have a pattern.
var serviceForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(aws-sdk:[a-z0-9]+|[a-z0-9-]+):[a-zA-Z][a-zA-Z0-9]*(\.sync|\.sync:2)?$`)
})

// parseResource reads a resource. fault says what is wrong with its form, "" if
// nothing is.
func parseResource(text string) (r resource, fault string) {
	r.text, r.callback = strings.CutSuffix(text, callbackSuffix)
	found := statesARN().FindStringSubmatch(r.text)
	switch {
	case found == nil:
	case strings.HasPrefix(found[1], "activity:"):
		r.kind = activityResource
	default:
		r.kind, r.service = serviceResource, found[1]
		isForm := serviceForm().MatchString(r.service) && strings.HasPrefix(r.service, "aws-sdk:") == (strings.Count(r.service, ":") == 2+strings.Count(r.service, ".sync:2"))
		if !isForm && !hasSubstitution(text) {
			fault = "an integration is SERVICE:ACTION or aws-sdk:SERVICE:ACTION, with .sync, .sync:2 or .waitForTaskToken where the service has it"
		}
	}
	if r.callback && r.kind != serviceResource && !hasSubstitution(text) {
		fault = ".waitForTaskToken belongs to service integrations such as arn:aws:states:::lambda:invoke"
	}
	return r, fault
}

// hasSubstitution reports whether a text has a part that is not known yet.
func hasSubstitution(text string) bool { return strings.Contains(text, "${") }
