package cloud

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/setmend/setmend/fleet"
)

// pathOf reads an account's place from its paths, "o-…/r-…/ou-…/ou-…/account/":
// the ids from the root down.
func pathOf(paths []string) []fleet.OUID {
	for _, path := range paths {
		var ous []fleet.OUID
		for part := range strings.SplitSeq(path, "/") {
			if strings.HasPrefix(part, "r-") || strings.HasPrefix(part, "ou-") {
				ous = append(ous, fleet.OUID(part))
			}
		}
		if len(ous) > 0 {
			return ous
		}
	}
	return nil
}

// placeAccounts finds the places of accounts that AWS told no path for: one
// question for each account, or for each OU if those are fewer.
func (a *AWS) placeAccounts(ctx context.Context, o *fleet.Organization) error {
	if len(unplaced(o)) > len(o.OUs) {
		if err := a.askForChildren(ctx, o); err != nil {
			return err
		}
	}
	return a.askForParents(ctx, o)
}

func unplaced(o *fleet.Organization) []fleet.AccountID {
	var lost []fleet.AccountID
	for _, id := range fleet.SortedKeys(o.Accounts) {
		if len(o.Accounts[id].OUs) == 0 {
			lost = append(lost, id)
		}
	}
	return lost
}

// askForParents walks up from each account that has no place yet. As long as the
// tree that was read holds the parent, that is one step.
func (a *AWS) askForParents(ctx context.Context, o *fleet.Organization) error {
	for _, id := range unplaced(o) {
		parent, err := a.parentOf(ctx, string(id))
		if err != nil {
			return err
		}
		if place(o, id, parent) {
			continue
		}
		account := o.Accounts[id]
		if account.OUs, err = a.walkUp(ctx, id); err != nil {
			return err
		}
		o.Accounts[id] = account
	}
	return nil
}

func (a *AWS) askForChildren(ctx context.Context, o *fleet.Organization) error {
	for _, parent := range fleet.SortedKeys(o.OUs) {
		err := pages(func(token *string) (*string, error) {
			out, err := call(ctx, a, listAccountsForParent.on("%s", parent), a.org.ListAccountsForParent,
				&organizations.ListAccountsForParentInput{
					ParentId: aws.String(string(parent)), NextToken: token, MaxResults: aws.Int32(organizationPage),
				})
			if err != nil {
				return nil, err
			}
			for _, account := range out.Accounts {
				place(o, fleet.AccountID(aws.ToString(account.Id)), parent)
			}
			return out.NextToken, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// place puts an account below parent, by the tree that was read, and reports
// whether that tree reaches from there up to the root.
func place(o *fleet.Organization, id fleet.AccountID, parent fleet.OUID) bool {
	account, known := o.Accounts[id]
	if !known || len(account.OUs) > 0 {
		return known
	}
	var ous []fleet.OUID
	for ou := parent; ou != "" && len(ous) <= deepestOU; ou = o.OUs[ou].Parent {
		ous = append(ous, ou)
	}
	slices.Reverse(ous)
	if len(ous) == 0 || ous[0] != o.Root {
		return false
	}
	account.OUs = ous
	o.Accounts[id] = account
	return true
}

// walkUp finds one account's place by asking for parents up to the root. The
// answers about OUs are remembered: accounts move often, OUs cannot.
func (a *AWS) walkUp(ctx context.Context, id fleet.AccountID) ([]fleet.OUID, error) {
	var ous []fleet.OUID
	for child := string(id); len(ous) <= deepestOU; {
		parent, err := a.parentOf(ctx, child)
		if err != nil {
			return nil, err
		}
		ous = append(ous, parent)
		if strings.HasPrefix(string(parent), "r-") {
			slices.Reverse(ous)
			return ous, nil
		}
		child = string(parent)
	}
	return nil, unreadable(listParents, "account "+string(id))
}

// parentOf asks for the OU or root that an account or OU is directly in. AWS has
// no way to move an OU, so those answers hold for good.
func (a *AWS) parentOf(ctx context.Context, child string) (fleet.OUID, error) {
	a.mu.Lock()
	parent, known := a.parents[child]
	a.mu.Unlock()
	if known {
		return parent, nil
	}
	out, err := call(ctx, a, listParents.on("%s", child), a.org.ListParents,
		&organizations.ListParentsInput{ChildId: aws.String(child)})
	if err != nil {
		return "", err
	}
	if len(out.Parents) == 0 {
		return "", unreadable(listParents, child)
	}
	parent = fleet.OUID(aws.ToString(out.Parents[0].Id))
	if strings.HasPrefix(child, "ou-") {
		a.mu.Lock()
		a.parents[child] = parent
		a.mu.Unlock()
	}
	return parent, nil
}
