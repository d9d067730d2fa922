package awssim

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/cloudfront"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/iam"
	"github.com/setmend/setmend/awssim/internal/policy"
)

// prefixes are the IAM prefixes of services whose signing name differs.
var prefixes = map[string]string{"monitoring": "cloudwatch", "cloudcontrolapi": "cloudformation", "elasticloadbalancing": "elasticloadbalancing"}

// unrestricted are actions that need no permission.
var unrestricted = map[string]bool{"sts:GetCallerIdentity": true, "sts:GetSessionToken": true, "sts:GetAccessKeyInfo": true,
	"sts:AssumeRoleWithWebIdentity": true, "sts:AssumeRoleWithSAML": true}

// authorize holds a request against the policies of its caller's role, if policies
// are evaluated at all ([Options].EnforceIAM), and against those of its organization.
func (a *AWS) authorize(x *exchange) error {
	if !a.options.EnforceIAM || x.call.Caller.Role == "" {
		return nil
	}
	service := x.service.Name
	if prefix := prefixes[service]; prefix != "" {
		service = prefix
	}
	action := service + ":" + x.call.Action
	if action == "lambda:Invoke" {
		action = "lambda:InvokeFunction"
	}
	return a.permit(x.call, action, a.resourcesOf(x.call, x.request.Params()))
}

// permit refuses an action on resources that a caller may not do, in AWS's words.
func (a *AWS) permit(c *core.Call, action string, resources []string) error {
	who := c.Caller
	if unrestricted[action] || action == "sts:AssumeRole" && a.trusted(c, resources) {
		return nil
	}
	ask := iam.Ask{Account: who.Account, Role: who.Role, ARN: who.ARN, Action: action, Resources: resources, Keys: a.conditionKeys(c)}
	if len(resources) == 1 {
		ask.ResourcePolicy, ask.ResourceAccount = a.resourcePolicy(resources[0])
	}
	why := a.data.identities.Decide(ask)
	if why == "" {
		why = a.world.Access.Refusal(core.AccessRequest{Account: who.Account, OUs: a.unitsOf(who.Account), Region: c.Region, Action: action, Principal: who.ARN, Resource: only(resources)})
	}
	if why == "" {
		return nil
	}
	return a.notAuthorized(c, action, only(resources), why)
}

func only(resources []string) string {
	if len(resources) == 0 {
		return "*"
	}
	return resources[0]
}

// notAuthorized is the refusal in the service's own code.
func (a *AWS) notAuthorized(c *core.Call, action, resource, why string) *core.Error {
	code, status := "AccessDeniedException", http.StatusBadRequest
	if service := a.services[c.Service]; service != nil {
		switch service.Protocols[0] {
		case core.Query, core.RESTXML:
			code, status = "AccessDenied", http.StatusForbidden
		case core.EC2:
			code, status = "UnauthorizedOperation", http.StatusForbidden
		case core.RESTJSON:
			status = http.StatusForbidden
		}
	}
	if c.Service == "sns" {
		code = "AuthorizationError"
	}
	return core.Errorf(status, code, "User: %s is not authorized to perform: %s on resource: %s %s", c.Caller.ARN, action, resource, why)
}

// trusted reports whether the trust policy of a role of the caller's own account
// names the caller itself, which then needs no policy of its own.
func (a *AWS) trusted(c *core.Call, resources []string) bool {
	to, ok := core.ParseARN(only(resources))
	if !ok || to.Account != c.Caller.Account {
		return false
	}
	who := policy.Caller{ARN: c.Caller.ARN, Role: roleOfSession(c.Caller)}
	trusts, _ := a.data.identities.Trusts(to.Account, to.Resource[strings.LastIndexByte(to.Resource, '/')+1:], who, "sts:AssumeRole", a.conditionKeys(c))
	return trusts
}

func roleOfSession(p core.Principal) string {
	a, ok := core.ParseARN(p.ARN)
	if !ok || p.Role == "" {
		return ""
	}
	return fmt.Sprintf("arn:%s:iam::%s:role/%s", a.Partition, a.Account, p.Role)
}

// mayAssume reports whether a role's trust policy lets a caller in; roles that are no
// resource let everyone in.
func (a *AWS) mayAssume(c *core.Call, account, role string, keys map[string]string) bool {
	if !a.options.EnforceIAM {
		return true
	}
	all := a.conditionKeys(c)
	for name, value := range keys {
		all[name] = value
	}
	who := policy.Caller{Account: c.Caller.Account, ARN: c.Caller.ARN, Role: roleOfSession(c.Caller)}
	trusts, known := a.data.identities.Trusts(account, role, who, "sts:AssumeRole", all)
	return trusts || !known
}

// conditionKeys are the global condition keys of a request that are known here.
func (a *AWS) conditionKeys(c *core.Call) map[string]string {
	keys := map[string]string{
		"aws:principalaccount": c.Caller.Account, "aws:requestedregion": c.Region, "aws:securetransport": "true", "aws:principalisawsservice": "false",
		"aws:viaawsservice": "false", "aws:currenttime": c.Now().UTC().Format(time.RFC3339), "aws:epochtime": fmt.Sprint(c.Now().Unix()), "aws:principalarn": c.Caller.ARN,
	}
	if role := roleOfSession(c.Caller); role != "" {
		keys["aws:principalarn"] = role
	}
	if org := a.organization.Of(c.Caller.Account); org != nil && org.Exists() {
		keys["aws:principalorgid"] = org.ID()
	}
	return keys
}

func (a *AWS) unitsOf(account string) []string {
	if org := a.organization.Of(account); org != nil && org.Exists() {
		if m, ok := org.Account(account); ok {
			return m.OUs
		}
	}
	return nil
}

// resourcePolicy is the policy of a resource, "" if it has none, and its account.
func (a *AWS) resourcePolicy(arn string) (document, account string) {
	r, ok := core.ParseARN(arn)
	if !ok {
		return "", ""
	}
	switch r.Service {
	case "lambda":
		document = a.data.functions.Policy(arn)
	case "sqs":
		document = a.data.queues.Policy(arn)
	case "sns":
		document = a.data.topics.Policy(arn)
	case "s3":
		bucket, _, _ := strings.Cut(r.Resource, "/")
		document = a.data.objects.Policy(bucket)
		return document, a.data.objects.Owner(bucket)
	}
	return document, r.Account
}

// resourceForms say which resource an action is about, by service: the member that
// names it, and the ARN that follows. A member that is an ARN is the resource itself.
var resourceForms = map[string][]struct{ member, form string }{
	"ssm":            {{"Name", "parameter/"}, {"Names", "parameter/"}, {"Path", "parameter/"}, {"ResourceId", "parameter/"}},
	"sns":            {{"TopicArn", ""}, {"TargetArn", ""}, {"ResourceArn", ""}, {"Name", ""}},
	"lambda":         {{"FunctionName", "function:"}, {"Resource", ""}},
	"states":         {{"stateMachineArn", ""}, {"executionArn", ""}, {"resourceArn", ""}, {"name", "stateMachine:"}},
	"cloudformation": {{"StackSetName", "stackset/"}, {"StackName", "stack/"}, {"StackId", "stack/"}, {"ChangeSetName", "changeSet/"}},
	"events":         {{"EventBusName", "event-bus/"}, {"Rule", "rule/"}, {"Name", "rule/"}, {"ResourceARN", ""}},
	"logs":           {{"logGroupName", "log-group:"}, {"logGroupIdentifier", "log-group:"}, {"resourceArn", ""}},
	"monitoring":     {{"AlarmName", "alarm:"}, {"AlarmNames", "alarm:"}, {"ResourceARN", ""}},
	"iam":            {{"PolicyArn", ""}, {"RoleName", "role/"}, {"UserName", "user/"}, {"InstanceProfileName", "instance-profile/"}, {"OpenIDConnectProviderArn", ""}},
	"sts":            {{"RoleArn", ""}},
	"scheduler":      {{"Name", "schedule/default/"}},
	"kms":            {{"KeyId", "key/"}},
}

// resourcesOf lists the ARNs that a request is about, none where its action is on no
// particular resource.
func (a *AWS) resourcesOf(c *core.Call, params map[string]string) []string {
	if url := params["QueueUrl"]; c.Service == "sqs" && url != "" {
		parts := strings.Split(url, "/")
		if len(parts) > 2 {
			return []string{a.arnOf(c, "sqs", parts[len(parts)-1], parts[len(parts)-2])}
		}
	}
	var out []string
	for _, f := range resourceForms[c.Service] {
		value := params[f.member]
		if value == "" || strings.HasPrefix(c.Action, "List") && c.Service == "iam" && f.member == "PathPrefix" {
			continue
		}
		for each := range strings.SplitSeq(value, ",") {
			out = append(out, a.resourceARN(c, f.form, each))
		}
		break
	}
	return out
}

func (a *AWS) resourceARN(c *core.Call, form, value string) string {
	if strings.HasPrefix(value, "arn:") {
		return value
	}
	name, _, _ := strings.Cut(value, ":")
	switch {
	case form == "parameter/":
		return a.arnOf(c, "ssm", form+strings.TrimPrefix(name, "/"), c.Caller.Account)
	case form == "stackset/":
		return a.arnOf(c, "cloudformation", form+name+":*", c.Caller.Account)
	case form == "stack/" || form == "changeSet/":
		return a.arnOf(c, "cloudformation", form+name+"/*", c.Caller.Account)
	case c.Service == "iam":
		return fmt.Sprintf("arn:%s:iam::%s:%s%s", a.world.Options.Partition, c.Caller.Account, form, value)
	case c.Service == "monitoring":
		return a.arnOf(c, "cloudwatch", form+name, c.Caller.Account)
	}
	return a.arnOf(c, c.Service, form+value, c.Caller.Account)
}

func (a *AWS) arnOf(c *core.Call, service, resource, account string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", a.world.Options.Partition, service, c.Region, account, resource)
}

// objectActions are the IAM actions of S3's operations on objects, by method.
var objectActions = map[string]string{"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject", "DELETE": "s3:DeleteObject"}

// authorizeRaw holds a request to a service that reads its requests itself against
// policies.
func (a *AWS) authorizeRaw(x *exchange) *core.Error {
	if !a.options.EnforceIAM || x.call.Caller.Role == "" {
		return nil
	}
	if x.service.Name == "cloudfront" {
		refused, _ := a.permit(x.call, "cloudfront:"+cloudfront.Operation(x.http), nil).(*core.Error)
		return refused
	}
	bucket, key, operation := a.data.objects.Target(x.http)
	arn := fmt.Sprintf("arn:%s:s3:::%s", a.world.Options.Partition, bucket)
	action := "s3:" + operation
	switch {
	case bucket == "":
		action, arn = "s3:ListAllMyBuckets", "*"
	case key != "":
		action, arn = objectActions[x.http.Method], arn+"/"+key
	case strings.HasPrefix(operation, "ListObject"), operation == "HeadBucket":
		action = "s3:ListBucket"
	case operation == "DeleteObjects":
		action, arn = "s3:DeleteObject", arn+"/*"
	}
	refused, _ := a.permit(x.call, action, []string{arn}).(*core.Error)
	return refused
}

// deliverActions are what a service needs to be allowed to deliver to another.
var deliverActions = map[string]string{"lambda": "lambda:InvokeFunction", "states": "states:StartExecution", "sqs": "sqs:SendMessage", "sns": "sns:Publish", "events": "events:PutEvents"}

// mayDeliver refuses what a service may not hand to another: by the role it acts as,
// or by the policy of the target.
func (a *AWS) mayDeliver(to core.ARN, d core.Delivery) error {
	action := deliverActions[to.Service]
	if !a.options.EnforceIAM || action == "" {
		return nil
	}
	if role, ok := core.ParseARN(d.Role); ok {
		name := d.Role[strings.LastIndexByte(d.Role, '/')+1:]
		call := &core.Call{World: a.world, Service: to.Service, Caller: a.world.RolePrincipal(role.Account, name, "delivery"), Region: d.Region}
		return a.permit(call, action, []string{d.Target})
	}
	document, account := a.resourcePolicy(d.Target)
	keys := map[string]string{"aws:sourcearn": d.SourceARN, "aws:sourceaccount": d.Account, "aws:securetransport": "true", "aws:requestedregion": d.Region}
	if to.Service == "events" || a.data.identities.Admits(document, d.Source, action, d.Target, keys) {
		return nil
	}
	if to.Service == "sns" && account == d.Account && document == "" {
		return nil // the default policy of a topic lets its owner's services publish
	}
	return core.Errorf(http.StatusForbidden, "AccessDeniedException", "User: %s is not authorized to perform: %s on resource: %s because no resource-based policy allows the %s action", d.Source, action, d.Target, action)
}
