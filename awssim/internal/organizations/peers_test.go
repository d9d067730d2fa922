package organizations_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/setmend/setmend/awssim"
	internal "github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

// An account that is in no organization can make one of its own, with accounts,
// policies and stack sets that the first knows nothing of.
func TestAWorldHoldsSeveralOrganizations(t *testing.T) {
	a := world(t, 2, internal.Options{})
	const boss = "300000000001"
	c := client(a, boss)
	_, err := c.DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
	sdktest.WantCode(t, err, "AWSOrganizationsNotInUseException")
	made, err := c.CreateOrganization(t.Context(), &organizations.CreateOrganizationInput{})
	must(t, err)
	if *made.Organization.MasterAccountId != boss {
		t.Errorf("managed by %s", *made.Organization.MasterAccountId)
	}
	_, err = c.CreateOrganization(t.Context(), &organizations.CreateOrganizationInput{})
	sdktest.WantCode(t, err, "AlreadyInOrganizationException")

	root := rootOf(t, c)
	ou, err := c.CreateOrganizationalUnit(t.Context(), &organizations.CreateOrganizationalUnitInput{ParentId: &root, Name: aws.String("team")})
	must(t, err)
	asked, err := c.CreateAccount(t.Context(), &organizations.CreateAccountInput{Email: aws.String("team@example.com"), AccountName: aws.String("team")})
	must(t, err)
	a.Advance(5 * time.Minute)
	status, err := c.DescribeCreateAccountStatus(t.Context(), &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: asked.CreateAccountStatus.Id})
	must(t, err)
	account := *status.CreateAccountStatus.AccountId
	_, err = c.MoveAccount(t.Context(), &organizations.MoveAccountInput{AccountId: &account, SourceParentId: &root, DestinationParentId: ou.OrganizationalUnit.Id})
	must(t, err)
	for who, want := range map[string]int{boss: 2, sdktest.Management: 3} {
		if ids, _, _ := listAll(t, client(a, who)); len(ids) != want {
			t.Errorf("%s lists %v", who, ids)
		}
	}
	attach(t, c, policy(t, c, scp, "none", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`), root)
	if refusal(a, account, "eu-west-1", "sqs:CreateQueue", "dev") == "" || refusal(a, member(0), "eu-west-1", "sqs:CreateQueue", "dev") != "" {
		t.Error("a policy is not that of its own organization alone")
	}

	sets := cloudformation.NewFromConfig(sdktest.Config(a, boss, "eu-west-1"))
	_, err = sets.ActivateOrganizationsAccess(t.Context(), &cloudformation.ActivateOrganizationsAccessInput{})
	must(t, err)
	_, err = sets.CreateStackSet(t.Context(), &cloudformation.CreateStackSetInput{
		StackSetName: aws.String("net"), PermissionModel: cfn.PermissionModelsServiceManaged, AutoDeployment: &cfn.AutoDeployment{Enabled: aws.Bool(false)},
		TemplateBody: aws.String("Resources: {T: {Type: AWS::SNS::Topic}}"),
	})
	must(t, err)
	_, err = sets.CreateStackInstances(t.Context(), &cloudformation.CreateStackInstancesInput{
		StackSetName: aws.String("net"), Regions: []string{"eu-west-1"}, DeploymentTargets: &cfn.DeploymentTargets{OrganizationalUnitIds: []string{root}},
	})
	must(t, err)
	a.Advance(10 * time.Minute)
	out, err := sets.ListStackInstances(t.Context(), &cloudformation.ListStackInstancesInput{StackSetName: aws.String("net")})
	must(t, err)
	if len(out.Summaries) != 1 || *out.Summaries[0].Account != account || out.Summaries[0].Status != cfn.StackInstanceStatusCurrent {
		t.Errorf("deployed as %+v", out.Summaries)
	}

	// Who is in one organization joins no other before leaving.
	invited, err := management(a).InviteAccountToOrganization(t.Context(), &organizations.InviteAccountToOrganizationInput{
		Target: &types.HandshakeParty{Id: &account, Type: types.HandshakePartyTypeAccount}})
	must(t, err)
	_, err = client(a, account).AcceptHandshake(t.Context(), &organizations.AcceptHandshakeInput{HandshakeId: invited.Handshake.Id})
	sdktest.WantCode(t, err, "HandshakeConstraintViolationException")
	_, err = client(a, account).LeaveOrganization(t.Context(), &organizations.LeaveOrganizationInput{})
	must(t, err)
	_, err = client(a, account).AcceptHandshake(t.Context(), &organizations.AcceptHandshakeInput{HandshakeId: invited.Handshake.Id})
	must(t, err)
	if ids, _, _ := listAll(t, management(a)); len(ids) != 4 {
		t.Errorf("after it changed sides the first lists %v", ids)
	}

	again, err := awssim.New(awssim.Options{Account: sdktest.Management, Unthrottled: true})
	must(t, err)
	must(t, again.Load(a.Snapshot()))
	if got, err := client(again, boss).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{}); err != nil || *got.Organization.Id != *made.Organization.Id {
		t.Errorf("loaded from a snapshot: %v", err)
	}
}
