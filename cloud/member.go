package cloud

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/setmend/setmend/fleet"
)

// renewBefore is how long before their end a session's credentials are replaced,
// so that none runs out between signing and arrival.
const renewBefore = 5 * time.Minute

// memberKey is a role in a member account. One session serves all regions.
type memberKey struct {
	account   fleet.AccountID
	role      string
	partition string
}

// member is a session in a member account. Whoever holds turn, a channel for one,
// may use the rest: opening a session can take a while, and a mutex would keep a
// caller whose context has ended, and virtual time from passing in a test.
type member struct {
	turn    chan struct{}
	keys    Keys
	expires time.Time
	clients map[fleet.Region]*cloudformation.Client
}

// reach is CloudFormation in a stack's account and region, through the stack's role.
type reach struct {
	*AWS
	cfn   *cloudformation.Client
	stack fleet.MemberStack
}

// on makes a request of an action on the stack.
func (m reach) on(x action) request {
	return x.on("stack %s in %s", nameOfStack(m.stack.StackID), m.stack.Target).at(m.stack.Target)
}

// id is the stack, as API inputs name it.
func (m reach) id() *string { return aws.String(m.stack.StackID) }

// member opens CloudFormation where the stack is.
func (a *AWS) member(ctx context.Context, stack fleet.MemberStack) (reach, error) {
	if !stack.Account.Valid() || stack.Region == "" || stack.Role == "" || stack.StackID == "" {
		return reach{}, refuse(assumeRole.name, "account "+string(stack.Account), "a stack's account, region, id and role are needed to reach it")
	}
	key := memberKey{stack.Account, stack.Role, partitionOf(stack.StackID)}
	a.mu.Lock()
	m := a.members[key]
	if m == nil {
		m = &member{turn: make(chan struct{}, 1)}
		a.members[key] = m
	}
	a.mu.Unlock()

	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return reach{}, assumeRole.on("role %s in account %s", key.role, key.account).notSent(ctx.Err())
	}
	if a.clock.Now().Add(renewBefore).After(m.expires) {
		if err := a.openSession(ctx, key, m); err != nil {
			return reach{}, err
		}
	}
	client := m.clients[stack.Region]
	if client == nil {
		client = a.memberClient(stack.Region, m.keys)
		m.clients[stack.Region] = client
	}
	return reach{a, client, stack}, nil
}

// openSession assumes the role. The caller has m's turn.
func (a *AWS) openSession(ctx context.Context, key memberKey, m *member) error {
	r := assumeRole.on("role %s in account %s", key.role, key.account)
	out, err := call(ctx, a, r, a.sts.AssumeRole, &sts.AssumeRoleInput{
		RoleArn:         aws.String("arn:" + key.partition + ":iam::" + string(key.account) + ":role/" + strings.TrimPrefix(key.role, "/")),
		RoleSessionName: aws.String(sessionName(a.config.MemberSession)),
		ExternalId:      optional(a.config.MemberExternalID),
	})
	if err != nil {
		return err
	}
	if out.Credentials == nil {
		return unreadable(assumeRole, r.object)
	}
	m.keys = Keys{
		AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken: aws.ToString(out.Credentials.SessionToken),
	}
	m.expires = timeOf(out.Credentials.Expiration)
	m.clients = map[fleet.Region]*cloudformation.Client{}
	return nil
}

// closeSessions forgets the account's sessions, after AWS refused one of them, so
// that the next call opens a new one.
func (a *AWS) closeSessions(account fleet.AccountID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.members, func(key memberKey, _ *member) bool { return key.account == account })
}

func (a *AWS) memberClient(region fleet.Region, keys Keys) *cloudformation.Client {
	return cloudformation.NewFromConfig(a.sdk, func(o *cloudformation.Options) {
		o.Region = string(region)
		o.Credentials = fixed(keys)
		o.APIOptions = append(o.APIOptions, a.count)
	})
}

// partitionOf is the partition in an ARN: aws, aws-cn, aws-us-gov, …
func partitionOf(arn string) string {
	parts := strings.SplitN(arn, ":", 3)
	if len(parts) == 3 && parts[0] == "arn" && parts[1] != "" {
		return parts[1]
	}
	return "aws"
}

// nameOfStack is the name in "arn:…:stack/NAME/UUID".
func nameOfStack(arn string) string {
	_, name, found := strings.Cut(arn, ":stack/")
	if !found {
		return arn
	}
	name, _, _ = strings.Cut(name, "/")
	return name
}

// sessionName makes a role session name, always recognisable in CloudTrail: AWS
// takes 2 to 64 of these characters.
func sessionName(s string) string {
	if !strings.HasPrefix(s, "setmend") {
		s = "setmend-" + s
	}
	s = strings.Map(func(r rune) rune {
		if r < 128 && (isAlphanumeric(r) || strings.ContainsRune("_+=,.@-", r)) {
			return r
		}
		return '-'
	}, s)
	return s[:min(len(s), 64)]
}

func isAlphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}
