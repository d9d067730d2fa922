package organizations_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	internal "github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

// world is an AWS with an organization of n member accounts in the root.
func world(t testing.TB, n int, options internal.Options) *awssim.AWS {
	t.Helper()
	a, err := awssim.New(awssim.Options{Seed: 1, Account: sdktest.Management, Unthrottled: true, Organizations: options})
	if err != nil {
		t.Fatalf("making an AWS: %v", err)
	}
	a.Lock()
	defer a.Unlock()
	must(t, a.Organization().Create(sdktest.Management, "Management"))
	for i := range n {
		must(t, a.Organization().AddAccount(awssim.Account{ID: member(i), Name: fmt.Sprintf("team-%d", i)}))
	}
	return a
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func member(i int) string { return fmt.Sprintf("2000000%05d", i) }

func client(a *awssim.AWS, account string) *organizations.Client {
	return organizations.NewFromConfig(sdktest.Config(a, account, "us-east-1"))
}

func management(a *awssim.AWS) *organizations.Client { return client(a, sdktest.Management) }

func listAll(t testing.TB, c *organizations.Client) (ids []string, pages, empty int) {
	t.Helper()
	p := organizations.NewListAccountsPaginator(c, &organizations.ListAccountsInput{})
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		must(t, err)
		pages++
		if len(out.Accounts) == 0 {
			empty++
		}
		for _, x := range out.Accounts {
			ids = append(ids, *x.Id)
		}
	}
	return ids, pages, empty
}

func TestListAccountsPagesByTwenty(t *testing.T) {
	a := world(t, 44, internal.Options{})
	ids, pages, empty := listAll(t, management(a))
	if len(ids) != 45 || pages != 3 || empty != 0 {
		t.Errorf("got %d accounts on %d pages, %d empty; want 45 on 3, none empty", len(ids), pages, empty)
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 45 {
		t.Errorf("accounts are repeated or lost: %v", ids)
	}
}

func TestEmptyPagesGoOnAndLoseNothing(t *testing.T) {
	a := world(t, 44, internal.Options{EmptyPages: 1})
	ids, pages, empty := listAll(t, management(a))
	if len(ids) != 45 || pages != 6 || empty != 3 {
		t.Errorf("got %d accounts on %d pages, %d empty; want 45 on 6, 3 empty", len(ids), pages, empty)
	}
}

func TestMaxResultsBeyondTwentyIsRefused(t *testing.T) {
	a := world(t, 1, internal.Options{})
	_, err := management(a).ListAccounts(t.Context(), &organizations.ListAccountsInput{MaxResults: aws.Int32(21)})
	sdktest.WantCode(t, err, "InvalidInputException")
}

func TestAForeignPaginationTokenIsRefused(t *testing.T) {
	a := world(t, 1, internal.Options{})
	_, err := management(a).ListAccounts(t.Context(), &organizations.ListAccountsInput{NextToken: aws.String("???")})
	var invalid *types.InvalidInputException
	if !errors.As(err, &invalid) || invalid.Reason != types.InvalidInputExceptionReasonInvalidPaginationToken {
		t.Errorf("error is %v, want InvalidInputException with reason INVALID_NEXT_TOKEN", err)
	}
}

func TestAccountsCarryStateStatusAndPath(t *testing.T) {
	a := world(t, 2, internal.Options{})
	a.Lock()
	o := a.Organization()
	ou, err := o.AddOU("", "workloads")
	must(t, err)
	prod, err := o.AddOU(ou, "prod")
	must(t, err)
	must(t, o.Move(member(0), prod))
	must(t, o.SetState(member(0), internal.Closed))
	path := fmt.Sprintf("%s/%s/%s/%s/%s/", o.ID(), o.Root(), ou, prod, member(0))
	a.Unlock()
	out, err := management(a).DescribeAccount(t.Context(), &organizations.DescribeAccountInput{AccountId: aws.String(member(0))})
	must(t, err)
	if out.Account.State != types.AccountStateClosed || out.Account.Status != types.AccountStatusSuspended {
		t.Errorf("a closed account has State %s and Status %s, want CLOSED and SUSPENDED", out.Account.State, out.Account.Status)
	}
	if diff := cmp.Diff([]string{path}, out.Account.Paths); diff != "" {
		t.Errorf("Paths differ (-want +got):\n%s", diff)
	}
}

func TestClosingTakesMinutesAndTheAccountIsListedNinetyDays(t *testing.T) {
	a := world(t, 1, internal.Options{})
	c := management(a)
	_, err := c.CloseAccount(t.Context(), &organizations.CloseAccountInput{AccountId: aws.String(member(0))})
	must(t, err)
	state := func() types.AccountState {
		out, err := c.DescribeAccount(t.Context(), &organizations.DescribeAccountInput{AccountId: aws.String(member(0))})
		must(t, err)
		return out.Account.State
	}
	if got := state(); got != types.AccountStatePendingClosure {
		t.Errorf("right after CloseAccount the state is %s", got)
	}
	a.Advance(5 * time.Minute)
	if got := state(); got != types.AccountStateClosed {
		t.Errorf("five minutes later the state is %s", got)
	}
	a.Advance(90 * 24 * time.Hour)
	_, err = c.DescribeAccount(t.Context(), &organizations.DescribeAccountInput{AccountId: aws.String(member(0))})
	sdktest.WantCode(t, err, "AccountNotFoundException")
}

func TestCreateAccountEndsInAJoin(t *testing.T) {
	a := world(t, 0, internal.Options{})
	c := management(a)
	made, err := c.CreateAccount(t.Context(), &organizations.CreateAccountInput{AccountName: aws.String("new"), Email: aws.String("new@example.com")})
	must(t, err)
	if made.CreateAccountStatus.State != types.CreateAccountStateInProgress {
		t.Errorf("state is %s at once", made.CreateAccountStatus.State)
	}
	a.Advance(time.Minute)
	out, err := c.DescribeCreateAccountStatus(t.Context(), &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: made.CreateAccountStatus.Id})
	must(t, err)
	if out.CreateAccountStatus.State != types.CreateAccountStateSucceeded {
		t.Fatalf("state is %s after a minute", out.CreateAccountStatus.State)
	}
	if ids, _, _ := listAll(t, c); !slices.Contains(ids, *out.CreateAccountStatus.AccountId) {
		t.Errorf("the account %s is not listed", *out.CreateAccountStatus.AccountId)
	}
	again, err := c.CreateAccount(t.Context(), &organizations.CreateAccountInput{AccountName: aws.String("new"), Email: aws.String("new@example.com")})
	must(t, err)
	a.Advance(time.Minute)
	out, err = c.DescribeCreateAccountStatus(t.Context(), &organizations.DescribeCreateAccountStatusInput{CreateAccountRequestId: again.CreateAccountStatus.Id})
	must(t, err)
	if out.CreateAccountStatus.FailureReason != types.CreateAccountFailureReasonEmailAlreadyExists {
		t.Errorf("the second account with the e-mail address fails for %q", out.CreateAccountStatus.FailureReason)
	}
}

func TestOnlyManagementAndDelegatesRead(t *testing.T) {
	a := world(t, 2, internal.Options{})
	_, err := client(a, member(0)).ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	sdktest.WantCode(t, err, "AccessDeniedException")
	_, err = client(a, "999999999999").ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	sdktest.WantCode(t, err, "AWSOrganizationsNotInUseException")
	_, err = management(a).RegisterDelegatedAdministrator(t.Context(), &organizations.RegisterDelegatedAdministratorInput{
		AccountId: aws.String(member(0)), ServicePrincipal: aws.String("member.org.stacksets.cloudformation.amazonaws.com")})
	must(t, err)
	_, err = client(a, member(0)).ListAccounts(t.Context(), &organizations.ListAccountsInput{})
	must(t, err)
	_, err = client(a, member(0)).CloseAccount(t.Context(), &organizations.CloseAccountInput{AccountId: aws.String(member(1))})
	sdktest.WantCode(t, err, "AccessDeniedException")
	_, err = client(a, member(1)).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
	must(t, err)
}

func TestStackSetsHasAtMostFiveDelegates(t *testing.T) {
	a := world(t, 6, internal.Options{})
	principal := aws.String("member.org.stacksets.cloudformation.amazonaws.com")
	for i := range 6 {
		_, err := management(a).RegisterDelegatedAdministrator(t.Context(), &organizations.RegisterDelegatedAdministratorInput{AccountId: aws.String(member(i)), ServicePrincipal: principal})
		if i < 5 {
			must(t, err)
			continue
		}
		sdktest.WantCode(t, err, "ConstraintViolationException")
	}
	out, err := management(a).ListDelegatedAdministrators(t.Context(), &organizations.ListDelegatedAdministratorsInput{ServicePrincipal: principal})
	must(t, err)
	if len(out.DelegatedAdministrators) != 5 {
		t.Errorf("%d delegates are listed", len(out.DelegatedAdministrators))
	}
}

func TestMovingAnAccountNamesBothParents(t *testing.T) {
	a := world(t, 1, internal.Options{})
	c := management(a)
	roots, err := c.ListRoots(t.Context(), &organizations.ListRootsInput{})
	must(t, err)
	root := roots.Roots[0].Id
	made, err := c.CreateOrganizationalUnit(t.Context(), &organizations.CreateOrganizationalUnitInput{ParentId: root, Name: aws.String("sandbox")})
	must(t, err)
	ou := made.OrganizationalUnit.Id
	move := func(from, to *string) error {
		_, err := c.MoveAccount(t.Context(), &organizations.MoveAccountInput{AccountId: aws.String(member(0)), SourceParentId: from, DestinationParentId: to})
		return err
	}
	sdktest.WantCode(t, move(ou, root), "SourceParentNotFoundException")
	sdktest.WantCode(t, move(root, aws.String("ou-zzzz-zzzzzzzz")), "DestinationParentNotFoundException")
	sdktest.WantCode(t, move(root, root), "DuplicateAccountException")
	must(t, move(root, ou))
	parents, err := c.ListParents(t.Context(), &organizations.ListParentsInput{ChildId: aws.String(member(0))})
	must(t, err)
	if diff := cmp.Diff(*ou, *parents.Parents[0].Id); diff != "" {
		t.Errorf("parent differs (-want +got):\n%s", diff)
	}
	_, err = c.DeleteOrganizationalUnit(t.Context(), &organizations.DeleteOrganizationalUnitInput{OrganizationalUnitId: ou})
	sdktest.WantCode(t, err, "OrganizationalUnitNotEmptyException")
}

func TestUnitsNestFiveDeepAndNamesAreUniqueInAParent(t *testing.T) {
	a := world(t, 0, internal.Options{})
	a.Lock()
	defer a.Unlock()
	o, parent := a.Organization(), ""
	for range 5 {
		id, err := o.AddOU(parent, "unit")
		must(t, err)
		parent = id
	}
	if _, err := o.AddOU(parent, "unit"); err == nil || err.(*core.Error).Fields["Reason"] != "OU_DEPTH_LIMIT_EXCEEDED" {
		t.Errorf("a sixth level is answered with %v", err)
	}
	if _, err := o.AddOU("", "unit"); err == nil || err.(*core.Error).Code != "DuplicateOrganizationalUnitException" {
		t.Errorf("a second OU of the name is answered with %v", err)
	}
}

func TestListenersHearOfJoiningMovingSuspendingAndLeaving(t *testing.T) {
	a := world(t, 0, internal.Options{})
	a.Lock()
	defer a.Unlock()
	o := a.Organization()
	ou, err := o.AddOU("", "teams")
	must(t, err)
	var heard []core.OrgChange
	o.OnChange(func(c core.OrgChange) { heard = append(heard, c) })
	must(t, o.Join(awssim.Account{ID: member(0)}))
	must(t, o.Move(member(0), ou))
	must(t, o.Suspend(member(0)))
	must(t, o.Leave(member(0)))
	root, team := []string{o.Root()}, []string{o.Root(), ou}
	want := []core.OrgChange{
		{Account: member(0), To: root, State: "ACTIVE"},
		{Account: member(0), From: root, To: team, State: "ACTIVE"},
		{Account: member(0), From: team, To: team, State: "SUSPENDED"},
		{Account: member(0), From: team, State: "SUSPENDED"},
	}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("changes differ (-want +got):\n%s", diff)
	}
	if _, ok := o.Account(member(0)); ok {
		t.Error("an account that left is still found")
	}
}

func TestAccountsBelowAUnitIncludeItsChildren(t *testing.T) {
	a := world(t, 3, internal.Options{})
	a.Lock()
	defer a.Unlock()
	o := a.Organization()
	outer, err := o.AddOU("", "outer")
	must(t, err)
	inner, err := o.AddOU(outer, "inner")
	must(t, err)
	must(t, o.Move(member(2), outer))
	must(t, o.Move(member(0), inner))
	if diff := cmp.Diff([]string{member(0), member(2)}, o.AccountsIn(outer)); diff != "" {
		t.Errorf("accounts differ (-want +got):\n%s", diff)
	}
	must(t, o.Move(member(0), o.Root()))
	if diff := cmp.Diff([]string{member(2)}, o.AccountsIn(outer)); diff != "" {
		t.Errorf("after a move accounts differ (-want +got):\n%s", diff)
	}
}

func TestAttachedPoliciesDenyUntilDetached(t *testing.T) {
	a := world(t, 1, internal.Options{})
	c := management(a)
	create := func(name string) *string {
		out, err := c.CreatePolicy(t.Context(), &organizations.CreatePolicyInput{
			Name: aws.String(name), Description: aws.String("no config"), Type: types.PolicyTypeServiceControlPolicy,
			Content: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":["config:*"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}}`),
		})
		must(t, err)
		return out.Policy.PolicySummary.Id
	}
	denied := func(region string) bool {
		a.Lock()
		defer a.Unlock()
		return a.Access().Denied(member(0), nil, region, "config:PutConfigRule")
	}
	first, second := create("first"), create("second")
	for _, id := range []*string{first, second} {
		_, err := c.AttachPolicy(t.Context(), &organizations.AttachPolicyInput{PolicyId: id, TargetId: aws.String(member(0))})
		must(t, err)
	}
	if !denied("eu-west-1") || denied("eu-central-1") {
		t.Errorf("denied in eu-west-1: %t, in eu-central-1: %t", denied("eu-west-1"), denied("eu-central-1"))
	}
	_, err := c.DeletePolicy(t.Context(), &organizations.DeletePolicyInput{PolicyId: first})
	sdktest.WantCode(t, err, "PolicyInUseException")
	detach := func(id *string) {
		_, err := c.DetachPolicy(t.Context(), &organizations.DetachPolicyInput{PolicyId: id, TargetId: aws.String(member(0))})
		must(t, err)
	}
	detach(first)
	if !denied("eu-west-1") {
		t.Error("detaching one of two equal policies lifts the other")
	}
	detach(second)
	if denied("eu-west-1") {
		t.Error("still denied after both were detached")
	}
}

func TestAnInvitedAccountJoinsByAccepting(t *testing.T) {
	a := world(t, 0, internal.Options{})
	guest := "300000000001"
	out, err := management(a).InviteAccountToOrganization(t.Context(), &organizations.InviteAccountToOrganizationInput{
		Target: &types.HandshakeParty{Id: aws.String(guest), Type: types.HandshakePartyTypeAccount}})
	must(t, err)
	_, err = client(a, "300000000002").AcceptHandshake(t.Context(), &organizations.AcceptHandshakeInput{HandshakeId: out.Handshake.Id})
	sdktest.WantCode(t, err, "AccessDeniedException")
	_, err = client(a, guest).AcceptHandshake(t.Context(), &organizations.AcceptHandshakeInput{HandshakeId: out.Handshake.Id})
	must(t, err)
	seen, err := management(a).DescribeAccount(t.Context(), &organizations.DescribeAccountInput{AccountId: aws.String(guest)})
	must(t, err)
	if seen.Account.JoinedMethod != types.AccountJoinedMethodInvited {
		t.Errorf("it joined by %s", seen.Account.JoinedMethod)
	}
	_, err = client(a, guest).AcceptHandshake(t.Context(), &organizations.AcceptHandshakeInput{HandshakeId: out.Handshake.Id})
	sdktest.WantCode(t, err, "InvalidHandshakeTransitionException")
}

func TestTrustedAccessAndTagsAreRemembered(t *testing.T) {
	a := world(t, 1, internal.Options{})
	c := management(a)
	_, err := c.EnableAWSServiceAccess(t.Context(), &organizations.EnableAWSServiceAccessInput{ServicePrincipal: aws.String("config.amazonaws.com")})
	must(t, err)
	trusted, err := c.ListAWSServiceAccessForOrganization(t.Context(), &organizations.ListAWSServiceAccessForOrganizationInput{})
	must(t, err)
	if len(trusted.EnabledServicePrincipals) != 1 || *trusted.EnabledServicePrincipals[0].ServicePrincipal != "config.amazonaws.com" {
		t.Errorf("trusted are %v", trusted.EnabledServicePrincipals)
	}
	tags := []types.Tag{{Key: aws.String("team"), Value: aws.String("")}, {Key: aws.String("tier"), Value: aws.String("gold")}}
	_, err = c.TagResource(t.Context(), &organizations.TagResourceInput{ResourceId: aws.String(member(0)), Tags: tags})
	must(t, err)
	out, err := c.ListTagsForResource(t.Context(), &organizations.ListTagsForResourceInput{ResourceId: aws.String(member(0))})
	must(t, err)
	if diff := cmp.Diff(tags, out.Tags, cmp.Comparer(func(x, y types.Tag) bool { return *x.Key == *y.Key && *x.Value == *y.Value })); diff != "" {
		t.Errorf("tags differ (-want +got):\n%s", diff)
	}
}

func TestIdsComeFromTheSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := world(t, 3, internal.Options{}), world(t, 3, internal.Options{})
		x, err := management(first).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
		must(t, err)
		y, err := management(second).DescribeOrganization(t.Context(), &organizations.DescribeOrganizationInput{})
		must(t, err)
		if *x.Organization.Id != *y.Organization.Id {
			t.Errorf("the same seed makes %s and %s", *x.Organization.Id, *y.Organization.Id)
		}
	})
}

func TestEveryWayOfWalkingTheTreeFindsTheSame(t *testing.T) {
	a := world(t, 47, internal.Options{})
	c := management(a)
	a.Lock()
	o := a.Organization()
	root := o.Root()
	teams, err := o.AddOU("", "teams")
	must(t, err)
	for i := range 25 {
		must(t, o.Move(member(i), teams))
	}
	a.Unlock()
	var direct, children []string
	for _, parent := range []string{root, teams} {
		accounts := organizations.NewListAccountsForParentPaginator(c, &organizations.ListAccountsForParentInput{ParentId: &parent})
		for accounts.HasMorePages() {
			out, err := accounts.NextPage(t.Context())
			must(t, err)
			for _, x := range out.Accounts {
				direct = append(direct, *x.Id)
			}
		}
		kids := organizations.NewListChildrenPaginator(c, &organizations.ListChildrenInput{ParentId: &parent, ChildType: types.ChildTypeAccount})
		for kids.HasMorePages() {
			out, err := kids.NextPage(t.Context())
			must(t, err)
			for _, x := range out.Children {
				children = append(children, *x.Id)
			}
		}
	}
	all, _, _ := listAll(t, c)
	slices.Sort(direct)
	slices.Sort(children)
	if diff := cmp.Diff(all, direct); diff != "" {
		t.Errorf("ListAccountsForParent differs from ListAccounts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(all, children); diff != "" {
		t.Errorf("ListChildren differs from ListAccounts (-want +got):\n%s", diff)
	}
	units, err := c.ListOrganizationalUnitsForParent(t.Context(), &organizations.ListOrganizationalUnitsForParentInput{ParentId: &root})
	must(t, err)
	if len(units.OrganizationalUnits) != 1 || *units.OrganizationalUnits[0].Id != teams {
		t.Errorf("the root's OUs are %v", units.OrganizationalUnits)
	}
}

func BenchmarkListAccountsOfTenThousand(b *testing.B) {
	c := management(world(b, 9_999, internal.Options{}))
	for b.Loop() {
		if _, err := c.ListAccounts(b.Context(), &organizations.ListAccountsInput{}); err != nil {
			b.Fatal(err)
		}
	}
}
