package cloud

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	org "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/setmend/setmend/fleet"
)

// deepestOU is how many OUs AWS nests below the root: those have none below them.
const deepestOU = 5

// Caller tells whom the credentials in use belong to.
func (a *AWS) Caller(ctx context.Context) (fleet.Caller, error) {
	out, err := call(ctx, a, getCallerIdentity.on("the caller"), a.sts.GetCallerIdentity, &sts.GetCallerIdentityInput{})
	if err != nil {
		return fleet.Caller{}, err
	}
	return fleet.Caller{Account: fleet.AccountID(aws.ToString(out.Account)), ARN: aws.ToString(out.Arn)}, nil
}

// Organization reads every OU and account, and whether StackSets is trusted.
// It makes one call for each OU above the deepest level and one for each 20
// accounts, as long as AWS tells the accounts' paths.
func (a *AWS) Organization(ctx context.Context) (fleet.Organization, error) {
	whole, err := call(ctx, a, describeOrganization.on("the organization"),
		a.org.DescribeOrganization, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return fleet.Organization{}, err
	}
	if whole.Organization == nil {
		return fleet.Organization{}, unreadable(describeOrganization, "the organization")
	}
	o := fleet.Organization{
		ID:         aws.ToString(whole.Organization.Id),
		Management: fleet.AccountID(aws.ToString(whole.Organization.MasterAccountId)),
		OUs:        map[fleet.OUID]fleet.OU{},
	}
	if err := a.readTree(ctx, &o); err != nil {
		return fleet.Organization{}, err
	}
	if err := a.readAccounts(ctx, &o); err != nil {
		return fleet.Organization{}, err
	}
	access, err := a.OrganizationsAccess(ctx)
	o.TrustedAccess = access == string(cfn.OrganizationStatusEnabled)
	return o, err
}

// OrganizationsAccess tells whether StackSets may act across the organization:
// ENABLED, DISABLED or DISABLED_PERMANENTLY.
func (a *AWS) OrganizationsAccess(ctx context.Context) (string, error) {
	out, err := call(ctx, a, describeOrganizationsAccess.on("the organization"), a.cfn.DescribeOrganizationsAccess,
		&cloudformation.DescribeOrganizationsAccessInput{CallAs: a.callAs})
	if err != nil {
		return "", err
	}
	return string(out.Status), nil
}

// readTree reads the root and every OU, level by level.
func (a *AWS) readTree(ctx context.Context, o *fleet.Organization) error {
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, listRoots.on("the organization"), a.org.ListRoots,
			&organizations.ListRootsInput{NextToken: token, MaxResults: aws.Int32(organizationPage)})
		if err != nil {
			return nil, err
		}
		for _, root := range out.Roots {
			o.Root = fleet.OUID(aws.ToString(root.Id))
			o.OUs[o.Root] = fleet.OU{ID: o.Root, Name: aws.ToString(root.Name)}
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	if o.Root == "" {
		return unreadable(listRoots, "the organization")
	}
	level := []fleet.OUID{o.Root}
	for depth := 0; depth < deepestOU && len(level) > 0; depth++ {
		if level, err = a.readLevel(ctx, o, level); err != nil {
			return err
		}
	}
	return nil
}

// readLevel adds the OUs directly below the given ones, and returns them.
func (a *AWS) readLevel(ctx context.Context, o *fleet.Organization, level []fleet.OUID) ([]fleet.OUID, error) {
	var below []fleet.OUID
	for _, parent := range level {
		err := pages(func(token *string) (*string, error) {
			out, err := call(ctx, a, listOUsForParent.on("%s", parent), a.org.ListOrganizationalUnitsForParent,
				&organizations.ListOrganizationalUnitsForParentInput{
					ParentId: aws.String(string(parent)), NextToken: token, MaxResults: aws.Int32(organizationPage),
				})
			if err != nil {
				return nil, err
			}
			for _, unit := range out.OrganizationalUnits {
				id := fleet.OUID(aws.ToString(unit.Id))
				o.OUs[id] = fleet.OU{ID: id, Name: aws.ToString(unit.Name), Parent: parent}
				below = append(below, id)
			}
			return out.NextToken, nil
		})
		if err != nil {
			return nil, err
		}
	}
	return below, nil
}

// readAccounts adds every account with its place. An account's path can name an
// OU that the tree did not have, made since: that is looked up.
func (a *AWS) readAccounts(ctx context.Context, o *fleet.Organization) error {
	o.Accounts = map[fleet.AccountID]fleet.Account{}
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, listAccounts.on("the organization"), a.org.ListAccounts,
			&organizations.ListAccountsInput{NextToken: token, MaxResults: aws.Int32(organizationPage)})
		if err != nil {
			return nil, err
		}
		for _, from := range out.Accounts {
			account := accountOf(from)
			if !account.ID.Valid() {
				return nil, unreadable(listAccounts, "the organization")
			}
			o.Accounts[account.ID] = account
		}
		return out.NextToken, nil
	})
	if err != nil {
		return err
	}
	if err := a.placeAccounts(ctx, o); err != nil {
		return err
	}
	return a.fillTree(ctx, o)
}

// fillTree looks up OUs that accounts are in and the tree lacks.
func (a *AWS) fillTree(ctx context.Context, o *fleet.Organization) error {
	for _, id := range fleet.SortedKeys(o.Accounts) {
		var parent fleet.OUID
		for _, ou := range o.Accounts[id].OUs {
			if _, known := o.OUs[ou]; !known {
				out, err := call(ctx, a, describeOrganizationalUnit.on("%s", ou), a.org.DescribeOrganizationalUnit,
					&organizations.DescribeOrganizationalUnitInput{OrganizationalUnitId: aws.String(string(ou))})
				if err != nil {
					return err
				}
				if out.OrganizationalUnit == nil {
					return unreadable(describeOrganizationalUnit, string(ou))
				}
				o.OUs[ou] = fleet.OU{ID: ou, Name: aws.ToString(out.OrganizationalUnit.Name), Parent: parent}
			}
			parent = ou
		}
	}
	return nil
}

// DescribeAccount asks for one account; NotFound means that it is no member.
func (a *AWS) DescribeAccount(ctx context.Context, id fleet.AccountID) (fleet.Account, error) {
	out, err := call(ctx, a, describeAccount.on("account %s", id), a.org.DescribeAccount,
		&organizations.DescribeAccountInput{AccountId: aws.String(string(id))})
	if err != nil {
		return fleet.Account{}, err
	}
	if out.Account == nil {
		return fleet.Account{}, unreadable(describeAccount, "account "+string(id))
	}
	account := accountOf(*out.Account)
	if len(account.OUs) == 0 {
		account.OUs, err = a.walkUp(ctx, id)
	}
	return account, err
}

// accountOf reads State, and Status where an older AWS gives no State. A value
// that AWS adds later stays what it is, and so is not taken for ACTIVE.
func accountOf(from org.Account) fleet.Account {
	state := fleet.AccountState(from.State)
	if state == fleet.AccountUnknown {
		state = fleet.AccountState(from.Status)
	}
	return fleet.Account{
		ID: fleet.AccountID(aws.ToString(from.Id)), Name: aws.ToString(from.Name),
		State: state, OUs: pathOf(from.Paths), Joined: timeOf(from.JoinedTimestamp),
	}
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// unreadable is the error for an answer without what it must have. Nothing can
// be concluded from it.
func unreadable(a action, object string) error {
	return &fleet.Error{
		Kind: fleet.UnknownOutcome, Call: a.name, Object: object,
		Message: "AWS's answer lacks what it should tell", Err: errors.New("incomplete answer"),
	}
}
