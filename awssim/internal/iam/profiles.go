package iam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

type profileInput struct {
	InstanceProfileName, RoleName, Path, PathPrefix string
	Tags                                            []tag
	pageInput
}

// InstanceProfile is the structure of that name in the API.
type InstanceProfile struct {
	Path, InstanceProfileName, InstanceProfileId, Arn string
	CreateDate                                        time.Time
	Roles                                             []Role
}

func (i *IAM) profileShape(account string, p *profile) *InstanceProfile {
	out := &InstanceProfile{Path: p.path, InstanceProfileName: p.name, InstanceProfileId: "AIPA" + strings.ToUpper(fmt.Sprintf("%017x", hash(p.arn))), Arn: p.arn, CreateDate: p.live.Made, Roles: []Role{}}
	for _, name := range p.roles {
		if r := i.roleOf(account, name); r != nil {
			out.Roles = append(out.Roles, *r.shape())
		}
	}
	return out
}

type profileOutput struct{ InstanceProfile *InstanceProfile }

func (i *IAM) createProfile(c *core.Call, in *profileInput) (*profileOutput, error) {
	p := property.With(map[string]any{"InstanceProfileName": in.InstanceProfileName, "Roles": []any{}}, "Path", in.Path)
	made, _, err := i.profiles.Make(c.Caller.Account, home, p)
	if err != nil {
		return nil, taken(err, "Instance Profile %s already exists.", in.InstanceProfileName)
	}
	return &profileOutput{i.profileShape(c.Caller.Account, made)}, nil
}

func (i *IAM) profile(c *core.Call, name string) (*profile, error) {
	if p := everywhere(i, i.profiles, c.Caller.Account)[name]; p != nil {
		return p, nil
	}
	return nil, missing("Instance Profile %s cannot be found.", name)
}

func (i *IAM) getProfile(c *core.Call, in *profileInput) (*profileOutput, error) {
	p, err := i.profile(c, in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	return &profileOutput{i.profileShape(c.Caller.Account, p)}, nil
}

type profilesOutput struct {
	InstanceProfiles []InstanceProfile
	pageOutput
}

func (i *IAM) listProfiles(c *core.Call, in *profileInput) (*profilesOutput, error) {
	all := everywhere(i, i.profiles, c.Caller.Account)
	maps.DeleteFunc(all, func(_ string, p *profile) bool {
		return !strings.HasPrefix(p.path, in.PathPrefix) || in.RoleName != "" && !slices.Contains(p.roles, in.RoleName)
	})
	out := &profilesOutput{InstanceProfiles: []InstanceProfile{}}
	var names []string
	names, out.pageOutput = in.cut(sortedKeys(all))
	for _, name := range names {
		out.InstanceProfiles = append(out.InstanceProfiles, *i.profileShape(c.Caller.Account, all[name]))
	}
	return out, nil
}

func (i *IAM) listProfilesForRole(c *core.Call, in *profileInput) (*profilesOutput, error) {
	if _, err := i.role(c, in.RoleName); err != nil {
		return nil, err
	}
	return i.listProfiles(c, in)
}

func (i *IAM) addToProfile(c *core.Call, in *profileInput) (*struct{}, error) {
	p, err := i.profile(c, in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if _, err := i.role(c, in.RoleName); err != nil {
		return nil, err
	}
	if len(p.roles) > 0 {
		return nil, core.Errorf(409, "LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	}
	_, err = i.profiles.Change(p.live, property.With(p.live.Properties, "Roles", []any{in.RoleName}))
	return &struct{}{}, err
}

func (i *IAM) removeFromProfile(c *core.Call, in *profileInput) (*struct{}, error) {
	p, err := i.profile(c, in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(p.roles, in.RoleName) {
		return nil, missing("The role with name %s cannot be found.", in.RoleName)
	}
	_, err = i.profiles.Change(p.live, property.With(p.live.Properties, "Roles", nil))
	return &struct{}{}, err
}

func (i *IAM) deleteProfile(c *core.Call, in *profileInput) (*struct{}, error) {
	p, err := i.profile(c, in.InstanceProfileName)
	switch {
	case err != nil:
		return nil, err
	case len(p.roles) > 0:
		return nil, conflict("Cannot delete entity, must remove roles from instance profile first.")
	}
	return &struct{}{}, i.profiles.Delete(p.live)
}
