package organizations

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// AccountShape is the Account structure of the API. Status is the older field
// that AWS means to drop for State.
type AccountShape struct {
	Id, Arn, Email, Name string
	State, Status        string
	Paths                []string
	JoinedMethod         string
	JoinedTimestamp      time.Time
}

type listAccountsInput struct {
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listAccountsOutput struct {
	Accounts  []AccountShape
	NextToken string
}

func (o *Organization) listAccounts(_ *core.Call, in *listAccountsInput) (*listAccountsOutput, error) {
	return o.accountsPage(o.accountsBelow(o.root), in.MaxResults, in.NextToken)
}

// listAccountsForParent is one level only.
func (o *Organization) listAccountsForParent(_ *core.Call, in *parentInput) (*listAccountsOutput, error) {
	p, err := o.parent(in.ParentId)
	if err != nil {
		return nil, err
	}
	return o.accountsPage(o.accountsDirectly(p), in.MaxResults, in.NextToken)
}

func (o *Organization) accountsPage(members []*member, max *int32, token string) (*listAccountsOutput, error) {
	members, next, err := page(o, members, func(m *member) string { return m.ID }, max, token)
	if err != nil {
		return nil, err
	}
	out := &listAccountsOutput{Accounts: []AccountShape{}, NextToken: next}
	for _, m := range members {
		out.Accounts = append(out.Accounts, o.accountShape(m))
	}
	return out, nil
}

type accountInput struct {
	AccountId string `valid:"required,pattern=^[0-9]{12}$"`
}

type accountOutput struct{ Account *AccountShape }

func (o *Organization) describeAccount(_ *core.Call, in *accountInput) (*accountOutput, error) {
	m, err := o.member(in.AccountId)
	if err != nil {
		return nil, err
	}
	shape := o.accountShape(m)
	return &accountOutput{Account: &shape}, nil
}

type moveAccountInput struct {
	AccountId           string `valid:"required,pattern=^[0-9]{12}$"`
	SourceParentId      string `valid:"required"`
	DestinationParentId string `valid:"required"`
}

func (o *Organization) moveAccount(_ *core.Call, in *moveAccountInput) (*Empty, error) {
	m, err := o.member(in.AccountId)
	if err != nil {
		return nil, err
	}
	if m.unit.id != in.SourceParentId {
		return nil, refuse("SourceParentNotFoundException", "You provided a source parent that doesn't exist.")
	}
	if err := o.Move(in.AccountId, in.DestinationParentId); err != nil {
		return nil, err
	}
	return &Empty{}, nil
}

func (o *Organization) closeAccount(_ *core.Call, in *accountInput) (*Empty, error) {
	return &Empty{}, o.Close(in.AccountId)
}

func (o *Organization) removeAccount(_ *core.Call, in *accountInput) (*Empty, error) {
	return &Empty{}, o.Leave(in.AccountId)
}

func (o *Organization) leaveOrganization(c *core.Call, _ *Empty) (*Empty, error) {
	return &Empty{}, o.Leave(c.Caller.Account)
}

func (o *Organization) accountShape(m *member) AccountShape {
	return AccountShape{
		Id:              m.ID,
		Arn:             o.arn("account", o.id, m.ID),
		Email:           m.Email,
		Name:            m.Name,
		State:           m.State,
		Status:          status(m.State),
		Paths:           []string{fmt.Sprintf("%s/%s/%s/", o.id, strings.Join(m.unit.path, "/"), m.ID)},
		JoinedMethod:    joinedMethod(m),
		JoinedTimestamp: m.Joined,
	}
}

// status is what the Status field says of a State. It has no value of its own for
// closed accounts: those show SUSPENDED (API reference, Account).
func status(state string) string {
	switch state {
	case Closed, PendingActivation:
		return Suspended
	}
	return state
}

func joinedMethod(m *member) string {
	if m.Invited {
		return "INVITED"
	}
	return "CREATED"
}

// creation is a CreateAccount request.
type creation struct{ CreateAccountStatus }

// CreateAccountStatus is the structure of that name in the API.
type CreateAccountStatus struct {
	Id, AccountName, AccountId, State, FailureReason string
	RequestedTimestamp, CompletedTimestamp           time.Time
}

type createAccountInput struct {
	AccountName            string `valid:"required,min=1,max=50"`
	Email                  string `valid:"required,min=6,max=64"`
	RoleName               string `valid:"max=64"`
	IamUserAccessToBilling string `valid:"enum=ALLOW|DENY"`
	Tags                   []Tag
}

type createAccountOutput struct{ CreateAccountStatus *CreateAccountStatus }

// createAccount starts making an account: AWS answers at once and takes a while.
func (o *Organization) createAccount(c *core.Call, in *createAccountInput) (*createAccountOutput, error) {
	r := &creation{CreateAccountStatus{
		Id:                 "car-" + o.letters(32),
		AccountName:        in.AccountName,
		State:              "IN_PROGRESS",
		RequestedTimestamp: c.Now(),
	}}
	o.requests[r.Id] = r
	o.world.After(o.world.Between(20*time.Second, time.Minute), func() { o.create(r, in) })
	return &createAccountOutput{CreateAccountStatus: copyOf(r)}, nil
}

func (o *Organization) create(r *creation, in *createAccountInput) {
	r.CompletedTimestamp = o.world.Now()
	r.State = "FAILED"
	if o.emailTaken(in.Email) {
		r.FailureReason = "EMAIL_ALREADY_EXISTS"
		return
	}
	id := o.newAccountID()
	if err := o.Join(Account{ID: id, Name: in.AccountName, Email: in.Email}); err != nil {
		r.FailureReason = "ACCOUNT_LIMIT_EXCEEDED"
		return
	}
	setTags(o.members[id].tags, in.Tags)
	r.State, r.AccountId = "SUCCEEDED", id
}

// emailTaken reports whether an account of any organization has an e-mail address.
func (o *Organization) emailTaken(email string) bool {
	for _, each := range o.peers.all {
		for _, m := range each.members {
			if strings.EqualFold(m.Email, email) {
				return true
			}
		}
	}
	return false
}

func (o *Organization) newAccountID() string {
	for {
		id := fmt.Sprintf("%012d", 100_000_000_000+o.world.Random().Int64N(900_000_000_000))
		if _, gone := o.Accounts().Departed(id); !gone && !o.containing(id).Exists() {
			return id
		}
	}
}

type createStatusInput struct {
	CreateAccountRequestId string `valid:"required"`
}

func (o *Organization) describeCreateAccountStatus(_ *core.Call, in *createStatusInput) (*createAccountOutput, error) {
	r := o.requests[in.CreateAccountRequestId]
	if r == nil {
		return nil, refuse("CreateAccountStatusNotFoundException", "You specified a create account request that doesn't exist.")
	}
	return &createAccountOutput{CreateAccountStatus: copyOf(r)}, nil
}

type listCreateStatusInput struct {
	States     []string
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listCreateStatusOutput struct {
	CreateAccountStatuses []CreateAccountStatus
	NextToken             string
}

func (o *Organization) listCreateAccountStatus(_ *core.Call, in *listCreateStatusInput) (*listCreateStatusOutput, error) {
	all := slices.SortedFunc(maps.Values(o.requests), func(a, b *creation) int { return cmp.Compare(a.Id, b.Id) })
	if len(in.States) > 0 {
		all = slices.DeleteFunc(all, func(r *creation) bool { return !slices.Contains(in.States, r.State) })
	}
	all, next, err := page(o, all, func(r *creation) string { return r.Id }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listCreateStatusOutput{CreateAccountStatuses: []CreateAccountStatus{}, NextToken: next}
	for _, r := range all {
		out.CreateAccountStatuses = append(out.CreateAccountStatuses, r.CreateAccountStatus)
	}
	return out, nil
}

func copyOf(r *creation) *CreateAccountStatus {
	s := r.CreateAccountStatus
	return &s
}
