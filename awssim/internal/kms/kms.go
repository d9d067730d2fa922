// Package kms is the part of AWS Key Management Service that encrypted snapshots
// need which go to another account: keys, aliases and grants. Nothing is
// encrypted; who may use a key is kept.
package kms

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// KMS is the service in every account and region.
type KMS struct {
	world *core.World
	keys  map[string]*key // by ARN
}

type key struct {
	id, arn, account, region, description string
	managed                               bool // AWS's own key of a service
	created                               time.Time
	grants                                []grant
	aliases                               []string
}

type grant struct {
	id, grantee, name string
	operations        []string
	created           time.Time
}

// New makes the service.
func New(w *core.World) *KMS { return &KMS{world: w, keys: map[string]*key{}} }

// Service is the API.
func (k *KMS) Service() core.Service {
	return core.Service{
		Name:         "kms",
		Protocols:    []core.Protocol{core.JSON11},
		TargetPrefix: "TrentService",
		Actions: map[string]core.Action{
			"CreateKey":   core.Write(core.Do(k.createKey)),
			"DescribeKey": core.Do(k.describeKey),
			"CreateAlias": core.Write(core.Do(k.createAlias)),
			"CreateGrant": core.Write(core.Do(k.createGrant)),
			"ListGrants":  core.Do(k.listGrants),
			"RevokeGrant": core.Write(core.Do(k.revokeGrant)),
		},
	}
}

// Resolve is the ARN of the key that an account in a region names: by id, ARN or
// alias. "" is AWS's own key for a service, which is made when it is first used.
// ok is false if there is no such key.
func (k *KMS) Resolve(account, region, service, name string) (arn string, ok bool) {
	if name == "" {
		name = "alias/aws/" + service
	}
	for _, key := range k.keys {
		if key.arn == name || key.account == account && key.region == region && (key.id == name || slices.Contains(key.aliases, aliasOf(name))) {
			return key.arn, true
		}
	}
	if name != "alias/aws/"+service {
		return "", false
	}
	own := k.make(account, region, "Default key that protects my "+service+" data")
	own.managed, own.aliases = true, []string{name}
	return own.arn, true
}

// aliasOf is the alias within its ARN.
func aliasOf(name string) string {
	if _, alias, ok := strings.Cut(name, ":alias/"); ok {
		return "alias/" + alias
	}
	return name
}

// Shared reports whether the key can be shared: AWS's own keys cannot.
func (k *KMS) Shared(arn string) bool { return k.keys[arn] != nil && !k.keys[arn].managed }

// May reports whether an account may use a key for an operation: it is its own, or
// there is a grant to one of its principals.
func (k *KMS) May(account, arn, operation string) bool {
	key := k.keys[arn]
	if key == nil {
		return false
	}
	return key.account == account || slices.ContainsFunc(key.grants, func(g grant) bool {
		return strings.Contains(g.grantee, ":"+account+":") && slices.Contains(g.operations, operation)
	})
}

func (k *KMS) make(account, region, description string) *key {
	id := k.world.UUID()
	made := &key{
		id: id, arn: fmt.Sprintf("arn:%s:kms:%s:%s:key/%s", k.world.Options.Partition, region, account, id), account: account, region: region,
		description: description, created: k.world.Now(),
	}
	k.keys[made.arn] = made
	return made
}

type createKeyInput struct {
	Description string `valid:"max=8192"`
}

type keyMetadata struct {
	KeyId, Arn, AWSAccountId, Description, KeyState, KeyManager, KeyUsage string

	CreationDate time.Time
	Enabled      bool
}

type keyOutput struct{ KeyMetadata keyMetadata }

func (k *KMS) createKey(c *core.Call, in *createKeyInput) (*keyOutput, error) {
	return k.make(c.Caller.Account, c.Region, in.Description).view(), nil
}

func (key *key) view() *keyOutput {
	manager := "CUSTOMER"
	if key.managed {
		manager = "AWS"
	}
	return &keyOutput{keyMetadata{
		KeyId: key.id, Arn: key.arn, AWSAccountId: key.account, Description: key.description, KeyState: "Enabled", KeyManager: manager,
		KeyUsage: "ENCRYPT_DECRYPT", CreationDate: key.created, Enabled: true,
	}}
}

type keyInput struct {
	KeyId string `valid:"required"`
}

// find is a key that the caller may see: of its own account, or by its ARN with a
// grant.
func (k *KMS) find(c *core.Call, name string) (*key, error) {
	if arn, ok := k.Resolve(c.Caller.Account, c.Region, "", name); ok {
		key := k.keys[arn]
		if key.account == c.Caller.Account || k.May(c.Caller.Account, arn, "DescribeKey") || k.May(c.Caller.Account, arn, "CreateGrant") {
			return key, nil
		}
		return nil, core.Errorf(http.StatusBadRequest, "AccessDeniedException", "User: %s is not authorized to use the key %s", c.Caller.ARN, arn)
	}
	return nil, core.Errorf(http.StatusBadRequest, "NotFoundException", "Key '%s' does not exist", name)
}

func (k *KMS) describeKey(c *core.Call, in *keyInput) (*keyOutput, error) {
	key, err := k.find(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	return key.view(), nil
}

type createAliasInput struct {
	AliasName   string `valid:"required,min=1,max=256,pattern=alias/[a-zA-Z0-9/_-]+"`
	TargetKeyId string `valid:"required"`
}

func (k *KMS) createAlias(c *core.Call, in *createAliasInput) (*struct{}, error) {
	if strings.HasPrefix(in.AliasName, "alias/aws/") {
		return nil, core.Errorf(http.StatusBadRequest, "NotAuthorizedException", "The alias %s is reserved for AWS", in.AliasName)
	}
	if _, ok := k.Resolve(c.Caller.Account, c.Region, "", in.AliasName); ok {
		return nil, core.Errorf(http.StatusBadRequest, "AlreadyExistsException", "An alias with the name %s already exists", in.AliasName)
	}
	key, err := k.find(c, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	key.aliases = append(key.aliases, in.AliasName)
	return &struct{}{}, nil
}

type createGrantInput struct {
	KeyId            string `valid:"required"`
	GranteePrincipal string `valid:"required,min=1,max=256"`
	Name             string
	Operations       []string `valid:"required"`
}

type grantOutput struct{ GrantId, GrantToken string }

// createGrant answers the same grant for the same request with the same name, as
// KMS does.
func (k *KMS) createGrant(c *core.Call, in *createGrantInput) (*grantOutput, error) {
	key, err := k.find(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	if key.managed {
		return nil, core.Errorf(http.StatusBadRequest, "AccessDeniedException", "Grants on the AWS managed key %s are AWS's to make", key.arn)
	}
	if parts := strings.Split(in.GranteePrincipal, ":"); len(parts) < 6 || parts[0] != "arn" {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidArnException", "The grantee principal %s is not an ARN", in.GranteePrincipal)
	}
	for _, g := range key.grants {
		if in.Name != "" && g.name == in.Name && g.grantee == in.GranteePrincipal && slices.Equal(g.operations, in.Operations) {
			return &grantOutput{g.id, g.id}, nil
		}
	}
	g := grant{id: strings.ReplaceAll(k.world.UUID()+k.world.UUID(), "-", ""), grantee: in.GranteePrincipal, name: in.Name, operations: in.Operations, created: c.Now()}
	key.grants = append(key.grants, g)
	return &grantOutput{g.id, g.id}, nil
}

type grantView struct {
	KeyId, GrantId, Name, GranteePrincipal string

	Operations   []string
	CreationDate time.Time
}

type listGrantsOutput struct {
	Grants    []grantView
	Truncated bool
}

func (k *KMS) listGrants(c *core.Call, in *keyInput) (*listGrantsOutput, error) {
	key, err := k.find(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &listGrantsOutput{Grants: []grantView{}}
	for _, g := range key.grants {
		out.Grants = append(out.Grants, grantView{key.arn, g.id, g.name, g.grantee, g.operations, g.created})
	}
	slices.SortFunc(out.Grants, func(a, b grantView) int { return cmp.Compare(a.GrantId, b.GrantId) })
	return out, nil
}

type revokeGrantInput struct {
	KeyId   string `valid:"required"`
	GrantId string `valid:"required"`
}

func (k *KMS) revokeGrant(c *core.Call, in *revokeGrantInput) (*struct{}, error) {
	key, err := k.find(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	before := len(key.grants)
	key.grants = slices.DeleteFunc(key.grants, func(g grant) bool { return g.id == in.GrantId })
	if len(key.grants) == before {
		return nil, core.Errorf(http.StatusBadRequest, "NotFoundException", "Grant ID %s not found", in.GrantId)
	}
	return &struct{}{}, nil
}
