package iam

import (
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

type providerInput struct {
	Url                          string
	ClientIDList, ThumbprintList []string
	OpenIDConnectProviderArn     string
	Tags                         []tag
}

type providerOutput struct {
	OpenIDConnectProviderArn string
	Tags                     []tag
}

func (i *IAM) createProvider(c *core.Call, in *providerInput) (*providerOutput, error) {
	if !strings.HasPrefix(in.Url, "https://") {
		return nil, core.Errorf(400, "InvalidInput", "Invalid Open ID Connect Provider URL")
	}
	p := map[string]any{"Url": strings.TrimPrefix(in.Url, "https://"), "ThumbprintList": property.List(in.ThumbprintList)}
	made, _, err := i.providers.Make(c.Caller.Account, home, property.With(p, "ClientIdList", property.List(in.ClientIDList)))
	if err != nil {
		return nil, taken(err, "Provider with url %s already exists.", in.Url)
	}
	return &providerOutput{OpenIDConnectProviderArn: made.arn}, nil
}

type providerShape struct {
	Url                          string
	ClientIDList, ThumbprintList []string
	CreateDate                   time.Time
}

func (i *IAM) provider(c *core.Call, arn string) (*provider, error) {
	if p := everywhere(i, i.providers, c.Caller.Account)[arn]; p != nil {
		return p, nil
	}
	return nil, missing("OpenIDConnect Provider not found for arn %s", arn)
}

func (i *IAM) getProvider(c *core.Call, in *providerInput) (*providerShape, error) {
	p, err := i.provider(c, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &providerShape{p.url, p.clients, p.thumbprints, p.live.Made}, nil
}

type providerItem struct{ Arn string }

type providersOutput struct{ OpenIDConnectProviderList []providerItem }

func (i *IAM) listProviders(c *core.Call, _ *struct{}) (*providersOutput, error) {
	out := &providersOutput{OpenIDConnectProviderList: []providerItem{}}
	for _, arn := range sortedKeys(everywhere(i, i.providers, c.Caller.Account)) {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, providerItem{arn})
	}
	return out, nil
}

func (i *IAM) deleteProvider(c *core.Call, in *providerInput) (*struct{}, error) {
	p, err := i.provider(c, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, i.providers.Delete(p.live)
}

type aliasInput struct {
	AccountAlias string `valid:"required,min=3,max=63,pattern=[a-z0-9]([a-z0-9]|-(?:[a-z0-9]))*"`
}

func (i *IAM) createAlias(c *core.Call, in *aliasInput) (*struct{}, error) {
	for account, alias := range i.aliases {
		if alias == in.AccountAlias && account != c.Caller.Account {
			return nil, core.Errorf(409, "EntityAlreadyExists", "The account alias %s already exists.", alias)
		}
	}
	i.aliases[c.Caller.Account] = in.AccountAlias
	return &struct{}{}, nil
}

type aliasesOutput struct {
	AccountAliases []string
	IsTruncated    bool
}

func (i *IAM) listAliases(c *core.Call, _ *struct{}) (*aliasesOutput, error) {
	out := &aliasesOutput{AccountAliases: []string{}}
	if alias := i.aliases[c.Caller.Account]; alias != "" {
		out.AccountAliases = append(out.AccountAliases, alias)
	}
	return out, nil
}

func (i *IAM) deleteAlias(c *core.Call, in *aliasInput) (*struct{}, error) {
	if i.aliases[c.Caller.Account] != in.AccountAlias {
		return nil, missing("The account alias %s cannot be found.", in.AccountAlias)
	}
	delete(i.aliases, c.Caller.Account)
	return &struct{}{}, nil
}
