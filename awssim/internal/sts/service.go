package sts

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Accounts is what STS asks of Organizations.
type Accounts interface {
	Account(id string) (core.OrgAccount, bool)
	// Departed tells the last state of an account that was a member once.
	Departed(id string) (state string, ok bool)
}

// STS issues and recognises credentials.
type STS struct {
	world    *core.World
	accounts Accounts
	trusts   func(c *core.Call, account, role string, keys map[string]string) bool
}

// SetTrust has f say whether a role's trust policy lets a caller assume it.
func (s *STS) SetTrust(f func(c *core.Call, account, role string, keys map[string]string) bool) {
	s.trusts = f
}

// New makes the service.
func New(w *core.World, accounts Accounts) *STS { return &STS{world: w, accounts: accounts} }

// Service is the API.
func (s *STS) Service() core.Service {
	return core.Service{
		Name:      "sts",
		Protocols: []core.Protocol{core.Query},
		Version:   "2011-06-15",
		Namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
		Actions: map[string]core.Action{
			"AssumeRole":                 core.Do(s.assumeRole),
			"AssumeRoleWithSAML":         core.Do(s.assumeRoleWithSAML),
			"AssumeRoleWithWebIdentity":  core.Do(s.assumeRoleWithWebIdentity),
			"DecodeAuthorizationMessage": core.Do(s.decodeMessage),
			"GetAccessKeyInfo":           core.Do(s.getAccessKeyInfo),
			"GetCallerIdentity":          core.Do(s.getCallerIdentity),
			"GetFederationToken":         core.Do(s.getFederationToken),
			"GetSessionToken":            core.Do(s.getSessionToken),
		},
	}
}

// Unsigned reports whether an action is called without credentials: the two that
// trade another provider's token for some.
func Unsigned(action string) bool {
	return action == "AssumeRoleWithSAML" || action == "AssumeRoleWithWebIdentity"
}

// Credentials are temporary credentials.
type Credentials struct {
	AccessKeyId, SecretAccessKey, SessionToken string
	Expiration                                 time.Time
}

// sessionPolicies are what narrows a session. They are held against their lengths
// and have no effect: permissions are not evaluated.
type sessionPolicies struct {
	Policy     string `valid:"min=1,max=2048"`
	PolicyArns []struct {
		Arn string `wire:"arn" valid:"min=20,max=2048"`
	} `valid:"max=10"`
}

type assumeRoleInput struct {
	RoleArn         string `valid:"required,min=20,max=2048"`
	RoleSessionName string `valid:"required,min=2,max=64,pattern=[a-zA-Z0-9_+=,.@-]*"`
	DurationSeconds *int32 `valid:"min=900,max=43200"`
	ExternalId      string `valid:"min=2,max=1224,pattern=[a-zA-Z0-9_+=,.@:/-]*"`
	SourceIdentity  string `valid:"min=2,max=64,pattern=[a-zA-Z0-9_+=,.@-]*"`
	sessionPolicies
}

type assumedRoleUser struct{ AssumedRoleId, Arn string }

type assumeRoleOutput struct {
	Credentials     *Credentials
	AssumedRoleUser *assumedRoleUser
	SourceIdentity  string
}

// roleARN takes the account and the role's name, without its path.
var roleARN = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^arn:[a-z-]+:iam::([0-9]{12}):role/(?:[!-~]*/)?([\w+=,.@-]{1,64})$`)
})

// chained is the longest session that a role may ask for another role: role
// chaining is limited to an hour.
const chained = time.Hour

func (s *STS) assumeRole(c *core.Call, in *assumeRoleInput) (*assumeRoleOutput, error) {
	lasts := seconds(in.DurationSeconds, time.Hour)
	if c.Caller.Role != "" && lasts > chained {
		return nil, core.Invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	refusal := fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", c.Caller.ARN, in.RoleArn)
	if parts := roleARN().FindStringSubmatch(in.RoleArn); s.trusts != nil && parts != nil && !s.trusts(c, parts[1], parts[2], map[string]string{"sts:externalid": in.ExternalId}) {
		return nil, core.Errorf(http.StatusForbidden, "AccessDenied", "%s", refusal)
	}
	out, err := s.assume(c, in.RoleArn, in.RoleSessionName, lasts, refusal)
	if err != nil {
		return nil, err
	}
	out.SourceIdentity = in.SourceIdentity
	return out, nil
}

// assume opens a session of a role. It fails with the refusal where the role is
// missing, or its account closed or suspended.
func (s *STS) assume(c *core.Call, arn, session string, lasts time.Duration, refusal string) (*assumeRoleOutput, error) {
	parts := roleARN().FindStringSubmatch(arn)
	if parts == nil {
		return nil, core.Invalid("%s is invalid", arn)
	}
	account, role := parts[1], parts[2]
	if !s.assumable(account, role) {
		return nil, core.Errorf(http.StatusForbidden, "AccessDenied", "%s", refusal)
	}
	expires, shown := c.World.Lasting(lasts)
	return &assumeRoleOutput{
		Credentials: s.issue(account, c.SessionToken(account, role, session, expires), shown),
		AssumedRoleUser: &assumedRoleUser{
			AssumedRoleId: uniqueID("AROA", account+role) + ":" + session,
			Arn:           c.RolePrincipal(account, role, session).ARN,
		},
	}, nil
}

// assumable reports whether a role can be assumed: it is there, and the account
// is neither closed nor suspended.
func (s *STS) assumable(account, role string) bool {
	state := "ACTIVE"
	if a, ok := s.accounts.Account(account); ok {
		state = a.State
	} else if last, ok := s.accounts.Departed(account); ok {
		state = last
	}
	return state != "CLOSED" && state != "SUSPENDED" && s.world.Access.HasRole(account, role)
}

type getCallerIdentityOutput struct{ UserId, Account, Arn string }

func (s *STS) getCallerIdentity(c *core.Call, _ *struct{}) (*getCallerIdentityOutput, error) {
	id := uniqueID("AIDA", c.Caller.Account)
	if _, name, ok := strings.Cut(c.Caller.ARN, ":federated-user/"); ok {
		id = c.Caller.Account + ":" + name
	}
	if c.Caller.Role != "" {
		name := c.Caller.ARN[strings.LastIndexByte(c.Caller.ARN, '/')+1:]
		id = uniqueID("AROA", c.Caller.Account+c.Caller.Role) + ":" + name
	}
	return &getCallerIdentityOutput{UserId: id, Account: c.Caller.Account, Arn: c.Caller.ARN}, nil
}

type getSessionTokenInput struct {
	DurationSeconds *int32 `valid:"min=900,max=129600"`
}

type getSessionTokenOutput struct{ Credentials *Credentials }

func (s *STS) getSessionToken(c *core.Call, in *getSessionTokenInput) (*getSessionTokenOutput, error) {
	if c.Caller.Role != "" {
		return nil, core.Errorf(http.StatusForbidden, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	}
	_, shown := c.World.Lasting(seconds(in.DurationSeconds, 12*time.Hour))
	return &getSessionTokenOutput{Credentials: s.issue(c.Caller.Account, userToken, shown)}, nil
}

// userToken goes with the temporary credentials of a user, whose key is an
// account id all the same; the embedded AWS takes them even after their expiry.
const userToken = "IQoJuser"

func (s *STS) issue(key, token string, expires time.Time) *Credentials {
	return &Credentials{
		AccessKeyId:     key,
		SecretAccessKey: strings.ReplaceAll(s.world.UUID(), "-", ""),
		SessionToken:    token,
		Expiration:      expires,
	}
}

func seconds(n *int32, otherwise time.Duration) time.Duration {
	if n == nil {
		return otherwise
	}
	return time.Duration(*n) * time.Second
}

// uniqueID is an IAM unique id: always the same for the same user or role.
func uniqueID(prefix, of string) string {
	h := fnv.New64a()
	h.Write([]byte(of))
	id := strings.ToUpper(strconv.FormatUint(h.Sum64(), 36))
	return prefix + strings.Repeat("A", 17-min(len(id), 17)) + id
}
