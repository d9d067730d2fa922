package iam

import (
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

type userInput struct {
	UserName, Path, PathPrefix, AccessKeyId string
	Tags                                    []tag
	pageInput
}

// User is the structure of that name in the API.
type User struct {
	Path, UserName, UserId, Arn string
	CreateDate                  time.Time
	Tags                        []tag
}

func (u *user) shape() *User {
	return &User{u.path, u.name, u.id, u.arn, u.live.Made, tagsOf(u.tags)}
}

type userOutput struct{ User *User }

func (i *IAM) createUser(c *core.Call, in *userInput) (*userOutput, error) {
	p := property.With(map[string]any{"UserName": in.UserName}, "Path", in.Path)
	u, _, err := i.users.Make(c.Caller.Account, home, property.With(p, "Tags", property.TagList(tagMap(in.Tags))))
	if err != nil {
		return nil, taken(err, "User with name %s already exists.", in.UserName)
	}
	return &userOutput{u.shape()}, nil
}

func (i *IAM) user(c *core.Call, name string) (*user, error) {
	if u := everywhere(i, i.users, c.Caller.Account)[name]; u != nil {
		return u, nil
	}
	return nil, missing("The user with name %s cannot be found.", name)
}

func (i *IAM) getUser(c *core.Call, in *userInput) (*userOutput, error) {
	u, err := i.user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	return &userOutput{u.shape()}, nil
}

type usersOutput struct {
	Users []User
	pageOutput
}

func (i *IAM) listUsers(c *core.Call, in *userInput) (*usersOutput, error) {
	all := everywhere(i, i.users, c.Caller.Account)
	out := &usersOutput{Users: []User{}}
	var names []string
	names, out.pageOutput = in.cut(sortedKeys(all))
	for _, name := range names {
		out.Users = append(out.Users, *all[name].shape())
	}
	return out, nil
}

func (i *IAM) deleteUser(c *core.Call, in *userInput) (*struct{}, error) {
	u, err := i.user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	for _, k := range i.keys {
		if k.account == c.Caller.Account && k.user == u.name {
			return nil, conflict("Cannot delete entity, must delete access keys first.")
		}
	}
	return &struct{}{}, i.users.Delete(u.live)
}

type keyShape struct {
	UserName, AccessKeyId, Status, SecretAccessKey string
	CreateDate                                     time.Time
}

type keyOutput struct{ AccessKey *keyShape }

// mostKeys is how many access keys a user has at most.
const mostKeys = 2

func (i *IAM) createKey(c *core.Call, in *userInput) (*keyOutput, error) {
	u, err := i.user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	if len(i.keysOf(c.Caller.Account, u.name)) >= mostKeys {
		return nil, core.Errorf(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: %d", mostKeys)
	}
	secret := strings.ReplaceAll(c.UUID()+c.UUID(), "-", "")
	k := &accessKey{"AKIA" + strings.ToUpper(secret[48:64]), u.name, c.Caller.Account, "Active", c.Now()}
	i.keys[k.id] = k
	return &keyOutput{&keyShape{k.user, k.id, k.status, secret[:40], k.made}}, nil
}

func (i *IAM) keysOf(account, name string) []*accessKey {
	var out []*accessKey
	for _, id := range sortedKeys(i.keys) {
		if k := i.keys[id]; k.account == account && k.user == name {
			out = append(out, k)
		}
	}
	return out
}

type keysOutput struct {
	AccessKeyMetadata []keyShape
	pageOutput
}

func (i *IAM) listKeys(c *core.Call, in *userInput) (*keysOutput, error) {
	u, err := i.user(c, in.UserName)
	if err != nil {
		return nil, err
	}
	out := &keysOutput{AccessKeyMetadata: []keyShape{}}
	for _, k := range i.keysOf(c.Caller.Account, u.name) {
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, keyShape{UserName: k.user, AccessKeyId: k.id, Status: k.status, CreateDate: k.made})
	}
	return out, nil
}

func (i *IAM) deleteKey(c *core.Call, in *userInput) (*struct{}, error) {
	k := i.keys[in.AccessKeyId]
	if k == nil || k.account != c.Caller.Account {
		return nil, missing("The Access Key with id %s cannot be found.", in.AccessKeyId)
	}
	delete(i.keys, k.id)
	return &struct{}{}, nil
}
