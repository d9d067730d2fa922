package organizations_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	internal "github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

// policy creates a policy and returns its id.
func policy(t *testing.T, c *organizations.Client, kind types.PolicyType, name, content string) *string {
	t.Helper()
	out, err := c.CreatePolicy(t.Context(), &organizations.CreatePolicyInput{
		Name: &name, Description: aws.String(""), Type: kind, Content: &content,
	})
	must(t, err)
	return out.Policy.PolicySummary.Id
}

func attach(t *testing.T, c *organizations.Client, id *string, target string) {
	t.Helper()
	_, err := c.AttachPolicy(t.Context(), &organizations.AttachPolicyInput{PolicyId: id, TargetId: &target})
	must(t, err)
}

// refusal is how policies refuse an action of a member's role.
func refusal(a *awssim.AWS, account, region, action, role string) string {
	a.Lock()
	defer a.Unlock()
	return a.Access().Refusal(core.AccessRequest{
		Account: account, Region: region, Action: action, Principal: "arn:aws:sts::" + account + ":assumed-role/" + role + "/session",
		Resource: "arn:aws:sns:" + region + ":" + account + ":topic",
	})
}

const (
	explicit = "with an explicit deny in a service control policy"
	scp      = types.PolicyTypeServiceControlPolicy
)

func TestServiceControlPoliciesAreEvaluatedWhole(t *testing.T) {
	for _, c := range []struct {
		name, content                string
		region, action, role, refuse string
	}{
		{"an action", `{"Effect":"Deny","Action":"sns:Create*","Resource":"*"}`, "eu-west-1", "sns:CreateTopic", "dev", explicit},
		{"in any case", `{"Effect":"Deny","Action":"SNS:createtopic","Resource":"*"}`, "eu-west-1", "sns:CreateTopic", "dev", explicit},
		{"another action", `{"Effect":"Deny","Action":"sns:Create*","Resource":"*"}`, "eu-west-1", "sns:DeleteTopic", "dev", ""},
		{"NotAction denies the rest", `{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*"}`, "eu-west-1", "sns:CreateTopic", "dev", explicit},
		{"NotAction spares what it names", `{"Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*"}`, "eu-west-1", "iam:CreateRole", "dev", ""},
		{"regions that are not listed", `{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","us-east-1"]}}}`, "eu-north-1", "sns:CreateTopic", "dev", explicit},
		{"regions that are listed", `{"Effect":"Deny","NotAction":"iam:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","us-east-1"]}}}`, "eu-west-1", "sns:CreateTopic", "dev", ""},
		{"a global service is called in us-east-1", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}`, "eu-west-1", "iam:CreateRole", "dev", ""},
		{"all but a role", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalARN":["arn:aws:iam::*:role/stacksets-exec-*"]}}}`, "eu-west-1", "sns:CreateTopic", "dev", explicit},
		{"that role", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalARN":["arn:aws:iam::*:role/stacksets-exec-*"]}}}`, "eu-west-1", "sns:CreateTopic", "stacksets-exec-1", ""},
		{"two conditions, one of which fails", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"},"Bool":{"aws:SecureTransport":"false"}}}`, "eu-west-1", "sns:CreateTopic", "dev", ""},
		{"a key that is absent", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:RequestTag/team":"true"}}}`, "eu-west-1", "sns:CreateTopic", "dev", explicit},
		{"IfExists of an absent key", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:RequestTag/team":"a"}}}`, "eu-west-1", "sns:CreateTopic", "dev", explicit},
		{"another resource", `{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::*"}`, "eu-west-1", "sns:CreateTopic", "dev", ""},
		{"an empty condition value", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalOrgID":"o-*"}}}`, "eu-west-1", "sns:CreateTopic", "dev", explicit},
	} {
		a := world(t, 1, internal.Options{})
		attach(t, management(a), policy(t, management(a), scp, "p", `{"Version":"2012-10-17","Statement":[`+c.content+`]}`), member(0))
		if got := refusal(a, member(0), c.region, c.action, c.role); got != c.refuse {
			t.Errorf("%s: %q, want %q", c.name, got, c.refuse)
		}
		if got := refusal(a, sdktest.Management, c.region, c.action, c.role); got != "" {
			t.Errorf("%s: the management account is refused %q", c.name, got)
		}
	}
}

// Without FullAWSAccess only what every level allows is allowed.
func TestAllowListsNeedEveryLevel(t *testing.T) {
	a := world(t, 1, internal.Options{})
	c := management(a)
	root := rootOf(t, c)
	allow := policy(t, c, scp, "sns only", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sns:*","Resource":"*"}]}`)
	attach(t, c, allow, root)
	if got := refusal(a, member(0), "eu-west-1", "sqs:CreateQueue", "dev"); got != "" {
		t.Errorf("beside FullAWSAccess: %q", got)
	}
	_, err := c.DetachPolicy(t.Context(), &organizations.DetachPolicyInput{PolicyId: aws.String("p-FullAWSAccess"), TargetId: &root})
	must(t, err)
	if got := refusal(a, member(0), "eu-west-1", "sqs:CreateQueue", "dev"); got != "because no service control policy allows the sqs:CreateQueue action" {
		t.Errorf("what the root does not allow: %q", got)
	}
	if got := refusal(a, member(0), "eu-west-1", "sns:CreateTopic", "dev"); got != "" {
		t.Errorf("what every level allows: %q", got)
	}
}

// FullAWSAccess is attached to every root, OU and account, and the last policy of a
// target stays.
func TestTheLastServiceControlPolicyStays(t *testing.T) {
	a := world(t, 1, internal.Options{})
	c := management(a)
	ou, err := c.CreateOrganizationalUnit(t.Context(), &organizations.CreateOrganizationalUnitInput{ParentId: aws.String(rootOf(t, c)), Name: aws.String("new")})
	must(t, err)
	for _, target := range []string{rootOf(t, c), *ou.OrganizationalUnit.Id, member(0), sdktest.Management} {
		out, err := c.ListPoliciesForTarget(t.Context(), &organizations.ListPoliciesForTargetInput{TargetId: &target, Filter: scp})
		must(t, err)
		if len(out.Policies) != 1 || *out.Policies[0].Name != "FullAWSAccess" || !out.Policies[0].AwsManaged {
			t.Errorf("%s has %+v", target, out.Policies)
		}
		_, err = c.DetachPolicy(t.Context(), &organizations.DetachPolicyInput{PolicyId: aws.String("p-FullAWSAccess"), TargetId: &target})
		sdktest.WantCode(t, err, "ConstraintViolationException")
	}
}

func TestPolicyTypesAreEnabledAndDisabled(t *testing.T) {
	a := world(t, 1, internal.Options{})
	c := management(a)
	root := rootOf(t, c)
	for _, kind := range types.PolicyType("").Values() {
		_, err := c.EnablePolicyType(t.Context(), &organizations.EnablePolicyTypeInput{RootId: &root, PolicyType: kind})
		if kind == scp {
			sdktest.WantCode(t, err, "PolicyTypeAlreadyEnabledException")
		} else {
			must(t, err)
		}
		_, err = c.DisablePolicyType(t.Context(), &organizations.DisablePolicyTypeInput{RootId: &root, PolicyType: kind})
		must(t, err)
		_, err = c.DisablePolicyType(t.Context(), &organizations.DisablePolicyTypeInput{RootId: &root, PolicyType: kind})
		sdktest.WantCode(t, err, "PolicyTypeNotEnabledException")
	}
	id := policy(t, c, scp, "p", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sns:*","Resource":"*"}}`)
	_, err := c.AttachPolicy(t.Context(), &organizations.AttachPolicyInput{PolicyId: id, TargetId: aws.String(member(0))})
	sdktest.WantCode(t, err, "PolicyTypeNotEnabledException")
	_, err = c.EnablePolicyType(t.Context(), &organizations.EnablePolicyTypeInput{RootId: &root, PolicyType: scp})
	must(t, err)
	out, err := c.ListTargetsForPolicy(t.Context(), &organizations.ListTargetsForPolicyInput{PolicyId: aws.String("p-FullAWSAccess")})
	must(t, err)
	if len(out.Targets) != 3 { // the root and two accounts
		t.Errorf("enabled again, FullAWSAccess is attached to %d targets", len(out.Targets))
	}
}

func TestMalformedPoliciesAreRefused(t *testing.T) {
	a := world(t, 0, internal.Options{})
	for _, c := range []struct {
		kind    types.PolicyType
		content string
	}{
		{scp, `{}`}, {scp, `[`}, {scp, `{"Statement":7}`},
		{scp, `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Extra":1}]}`},
		{scp, `{"Statement":[{"Effect":"Refuse","Action":"*","Resource":"*"}]}`},
		{scp, `{"Statement":[{"Effect":"Deny","Resource":"*"}]}`},
		{scp, `{"Statement":[{"Effect":"Deny","Action":"*","NotAction":"iam:*","Resource":"*"}]}`},
		{scp, `{"Statement":[{"Effect":"Deny","Action":"everything","Resource":"*"}]}`},
		{scp, `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Principal":"*"}]}`},
		{scp, `{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringMatches":{"a":"b"}}}]}`},
		{types.PolicyTypeResourceControlPolicy, `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}`},
		{types.PolicyTypeTagPolicy, `"tags"`},
	} {
		_, err := management(a).CreatePolicy(t.Context(), &organizations.CreatePolicyInput{
			Name: aws.String("p"), Description: aws.String("d"), Type: c.kind, Content: aws.String(c.content)})
		sdktest.WantCode(t, err, "MalformedPolicyDocumentException")
	}
}

// The example of AWS's user guide on inheritance, in short: what is appended further
// down is added, and what a parent keeps for itself stays.
func TestEffectivePoliciesMergeFromTheRootDown(t *testing.T) {
	a := world(t, 1, internal.Options{})
	c := management(a)
	root := rootOf(t, c)
	_, err := c.EnablePolicyType(t.Context(), &organizations.EnablePolicyTypeInput{RootId: &root, PolicyType: types.PolicyTypeTagPolicy})
	must(t, err)
	_, err = c.DescribeEffectivePolicy(t.Context(), &organizations.DescribeEffectivePolicyInput{PolicyType: "TAG_POLICY", TargetId: aws.String(member(0))})
	sdktest.WantCode(t, err, "EffectivePolicyNotFoundException")
	attach(t, c, policy(t, c, types.PolicyTypeTagPolicy, "top", `{"tags":{
		"costcenter":{"tag_key":{"@@assign":"CostCenter","@@operators_allowed_for_child_policies":["@@none"]},"tag_value":{"@@assign":["100","200"]}},
		"project":{"tag_key":{"@@assign":"Project"}}}}`), root)
	attach(t, c, policy(t, c, types.PolicyTypeTagPolicy, "own", `{"tags":{
		"costcenter":{"tag_key":{"@@assign":"cost"},"tag_value":{"@@append":["300"],"@@remove":["100"]}},
		"project":{"tag_key":{"@@assign":"PROJECT"}}}}`), member(0))
	out, err := c.DescribeEffectivePolicy(t.Context(), &organizations.DescribeEffectivePolicyInput{PolicyType: "TAG_POLICY", TargetId: aws.String(member(0))})
	must(t, err)
	want := `{"tags":{"costcenter":{"tag_key":"CostCenter","tag_value":["200","300"]},"project":{"tag_key":"PROJECT"}}}`
	if got := *out.EffectivePolicy.PolicyContent; got != want {
		t.Errorf("effective is %s, want %s", got, want)
	}
	own, err := client(a, member(0)).DescribeEffectivePolicy(t.Context(), &organizations.DescribeEffectivePolicyInput{PolicyType: "TAG_POLICY"})
	must(t, err)
	if *own.EffectivePolicy.TargetId != member(0) {
		t.Errorf("a member asked for its own and read that of %s", *own.EffectivePolicy.TargetId)
	}
}

func TestTheResourcePolicyOpensActionsToMembers(t *testing.T) {
	a := world(t, 2, internal.Options{})
	c, guest := management(a), client(a, member(0))
	_, err := c.DescribeResourcePolicy(t.Context(), &organizations.DescribeResourcePolicyInput{})
	sdktest.WantCode(t, err, "ResourcePolicyNotFoundException")
	_, err = guest.ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	sdktest.WantCode(t, err, "AccessDeniedException")
	put := func(action string) error {
		_, err := c.PutResourcePolicy(t.Context(), &organizations.PutResourcePolicyInput{Content: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + member(0) + `:root"},"Action":["` + action + `"],"Resource":"*"}]}`)})
		return err
	}
	sdktest.WantCode(t, put("organizations:CloseAccount"), "InvalidInputException")
	must(t, put("organizations:List*"))
	_, err = guest.ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	must(t, err)
	_, err = client(a, member(1)).ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	sdktest.WantCode(t, err, "AccessDeniedException")
	_, err = guest.CreateOrganizationalUnit(t.Context(), &organizations.CreateOrganizationalUnitInput{ParentId: aws.String(rootOf(t, c)), Name: aws.String("x")})
	sdktest.WantCode(t, err, "AccessDeniedException")
	_, err = c.DeleteResourcePolicy(t.Context(), &organizations.DeleteResourcePolicyInput{})
	must(t, err)
	_, err = guest.ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	sdktest.WantCode(t, err, "AccessDeniedException")
}

func TestHandshakesAreListedForTheOrganization(t *testing.T) {
	a := world(t, 0, internal.Options{})
	c := management(a)
	for _, guest := range []string{"300000000001", "300000000002"} {
		_, err := c.InviteAccountToOrganization(t.Context(), &organizations.InviteAccountToOrganizationInput{
			Target: &types.HandshakeParty{Id: &guest, Type: types.HandshakePartyTypeAccount}})
		must(t, err)
	}
	for filter, want := range map[types.ActionType]int{"": 2, types.ActionTypeInviteAccountToOrganization: 2, types.ActionTypeEnableAllFeatures: 0} {
		in := &organizations.ListHandshakesForOrganizationInput{}
		if filter != "" {
			in.Filter = &types.HandshakeFilter{ActionType: filter}
		}
		out, err := c.ListHandshakesForOrganization(t.Context(), in)
		must(t, err)
		if len(out.Handshakes) != want {
			t.Errorf("with the filter %q there are %d, want %d", filter, len(out.Handshakes), want)
		}
	}
}

// rootOf is the id of the organization's root.
func rootOf(t *testing.T, c *organizations.Client) string {
	t.Helper()
	out, err := c.ListRoots(t.Context(), &organizations.ListRootsInput{})
	must(t, err)
	return *out.Roots[0].Id
}
