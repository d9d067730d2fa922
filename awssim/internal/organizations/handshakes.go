package organizations

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// invitationLasts is how long an invitation stays open (AWS user guide).
const invitationLasts = 15 * 24 * time.Hour

// handshake is an invitation to one account.
type handshake struct {
	from               *Organization
	id, account        string
	state              string
	requested, expires time.Time
	tags               []Tag
}

// HandshakeShape is the Handshake structure of the API.
type HandshakeShape struct {
	Id, Arn, State, Action                  string
	Parties                                 []HandshakeParty
	RequestedTimestamp, ExpirationTimestamp time.Time
	Resources                               []HandshakeResource
}

// HandshakeParty is one side of a handshake.
type HandshakeParty struct {
	Id   string `valid:"required,min=1,max=64"`
	Type string `valid:"required,enum=ACCOUNT|ORGANIZATION|EMAIL"`
}

// HandshakeResource is what a handshake is about.
type HandshakeResource struct{ Type, Value string }

type inviteInput struct {
	Target *HandshakeParty `valid:"required"`
	Notes  string          `valid:"max=1024"`
	Tags   []Tag
}

type handshakeOutput struct{ Handshake *HandshakeShape }

// inviteAccount invites by account id. Invitations by e-mail address would need a
// mailbox and are refused.
func (o *Organization) inviteAccount(c *core.Call, in *inviteInput) (*handshakeOutput, error) {
	switch {
	case in.Target.Type != "ACCOUNT":
		return nil, invalid("INVALID_PARTY_TYPE_TARGET", "The embedded AWS invites accounts by id only.")
	case !accountID.MatchString(in.Target.Id):
		return nil, invalid("INVALID_PATTERN_TARGET_ID", "You specified an invalid account id: %s.", in.Target.Id)
	case o.members[in.Target.Id] != nil:
		return nil, refuse("DuplicateAccountException", "The account is already in this organization.")
	case o.openInvitation(in.Target.Id) != nil:
		return nil, refuse("DuplicateHandshakeException", "A handshake for this account and action already exists.")
	}
	h := &handshake{
		from:      o,
		id:        "h-" + o.letters(32),
		account:   in.Target.Id,
		state:     "OPEN",
		requested: c.Now(),
		expires:   c.Now().Add(invitationLasts),
		tags:      in.Tags,
	}
	o.handshakes[h.id] = h
	o.world.After(invitationLasts, func() {
		if h.state == "OPEN" {
			h.state = "EXPIRED"
		}
	})
	return h.output(), nil
}

type handshakeInput struct {
	HandshakeId string `valid:"required"`
}

func (o *Organization) acceptHandshake(c *core.Call, in *handshakeInput) (*handshakeOutput, error) {
	h, err := o.invitation(c, in.HandshakeId)
	if err != nil {
		return nil, err
	}
	if o.containing(h.account).Exists() {
		e := refuse("HandshakeConstraintViolationException", "The account is a member of another organization, which it must leave first.")
		e.Fields = map[string]string{"Reason": "ALREADY_IN_AN_ORGANIZATION"}
		return nil, e
	}
	if err := h.from.Join(Account{ID: h.account, Name: "Account " + h.account, Invited: true}); err != nil {
		return nil, err
	}
	h.state = "ACCEPTED"
	setTags(h.from.members[h.account].tags, h.tags)
	return h.output(), nil
}

func (o *Organization) declineHandshake(c *core.Call, in *handshakeInput) (*handshakeOutput, error) {
	h, err := o.invitation(c, in.HandshakeId)
	if err != nil {
		return nil, err
	}
	h.state = "DECLINED"
	return h.output(), nil
}

func (o *Organization) cancelHandshake(_ *core.Call, in *handshakeInput) (*handshakeOutput, error) {
	h, err := o.open(in.HandshakeId)
	if err != nil {
		return nil, err
	}
	if h.from != o {
		return nil, errDenied()
	}
	h.state = "CANCELED"
	return h.output(), nil
}

func (o *Organization) describeHandshake(c *core.Call, in *handshakeInput) (*handshakeOutput, error) {
	h, err := o.handshake(in.HandshakeId)
	if err != nil {
		return nil, err
	}
	if c.Caller.Account != h.account && c.Caller.Account != h.from.management {
		return nil, errDenied()
	}
	return h.output(), nil
}

// HandshakeFilter is the structure of that name of the API.
type HandshakeFilter struct {
	ActionType        string `valid:"enum=INVITE|ENABLE_ALL_FEATURES|APPROVE_ALL_FEATURES|ADD_ORGANIZATIONS_SERVICE_LINKED_ROLE|TRANSFER_RESPONSIBILITY"`
	ParentHandshakeId string `valid:"max=34,pattern=h-[0-9a-z]{8,32}"`
}

type listHandshakesInput struct {
	Filter     *HandshakeFilter
	MaxResults *int32 `valid:"min=1,max=20"`
	NextToken  string
}

type listHandshakesOutput struct {
	Handshakes []HandshakeShape
	NextToken  string
}

// listHandshakesForAccount lists what the caller's account is invited by.
func (o *Organization) listHandshakesForAccount(c *core.Call, in *listHandshakesInput) (*listHandshakesOutput, error) {
	var mine []*handshake
	for _, each := range o.peers.all {
		for _, id := range sortedKeys(each.handshakes) {
			if h := each.handshakes[id]; h.account == c.Caller.Account {
				mine = append(mine, h)
			}
		}
	}
	return o.handshakesPage(in, mine)
}

// listHandshakesForOrganization lists what the organization has sent.
func (o *Organization) listHandshakesForOrganization(_ *core.Call, in *listHandshakesInput) (*listHandshakesOutput, error) {
	var sent []*handshake
	for _, id := range sortedKeys(o.handshakes) {
		sent = append(sent, o.handshakes[id])
	}
	return o.handshakesPage(in, sent)
}

// handshakesPage filters handshakes. Every one is an invitation without a parent.
func (o *Organization) handshakesPage(in *listHandshakesInput, list []*handshake) (*listHandshakesOutput, error) {
	if f := in.Filter; f != nil && (f.ParentHandshakeId != "" || f.ActionType != "" && f.ActionType != "INVITE") {
		list = nil
	}
	list, next, err := page(o, list, func(h *handshake) string { return h.id }, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listHandshakesOutput{Handshakes: []HandshakeShape{}, NextToken: next}
	for _, h := range list {
		out.Handshakes = append(out.Handshakes, *h.shape())
	}
	return out, nil
}

// invitation finds an open invitation to the caller.
func (o *Organization) invitation(c *core.Call, id string) (*handshake, error) {
	h, err := o.open(id)
	if err != nil {
		return nil, err
	}
	if h.account != c.Caller.Account {
		return nil, errDenied()
	}
	return h, nil
}

func (o *Organization) open(id string) (*handshake, error) {
	h, err := o.handshake(id)
	if err != nil {
		return nil, err
	}
	if h.state != "OPEN" {
		return nil, refuse("InvalidHandshakeTransitionException", "You can't perform the operation on a handshake in state %s.", h.state)
	}
	return h, nil
}

func (o *Organization) openInvitation(account string) *handshake {
	for _, h := range o.handshakes {
		if h.account == account && h.state == "OPEN" {
			return h
		}
	}
	return nil
}

func (h *handshake) output() *handshakeOutput { return &handshakeOutput{Handshake: h.shape()} }

func (h *handshake) shape() *HandshakeShape {
	return &HandshakeShape{
		Id:                  h.id,
		Arn:                 h.from.arn("handshake", h.from.id, "invite", h.id),
		State:               h.state,
		Action:              "INVITE",
		Parties:             []HandshakeParty{{Id: h.from.id, Type: "ORGANIZATION"}, {Id: h.account, Type: "ACCOUNT"}},
		RequestedTimestamp:  h.requested,
		ExpirationTimestamp: h.expires,
		Resources:           []HandshakeResource{{Type: "ACCOUNT", Value: h.account}},
	}
}

func errNoHandshake() *core.Error {
	return refuse("HandshakeNotFoundException", "You specified a handshake that doesn't exist.")
}
