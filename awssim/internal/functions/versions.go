package functions

import (
	"strconv"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// publish makes a version of what the function is now, or returns the last one if
// nothing has changed since, as Lambda does.
func (f *Functions) publish(fn *function, description string) *version {
	s := f.of(fn.arn)
	next := 1
	if n := len(s.versions); n > 0 {
		last := s.versions[n-1]
		if last.revision == s.revision {
			return last
		}
		next = last.number + 1
	}
	v := &version{number: next, description: description, configuration: fn.configuration, revision: s.revision}
	s.versions = append(s.versions, v)
	return v
}

type publishInput struct {
	FunctionName                        string `valid:"required,min=1,max=140"`
	CodeSha256, Description, RevisionId string
}

func (f *Functions) publishVersion(c *core.Call, in *publishInput) (*configurationShape, error) {
	fn, err := f.changeable(c, in.FunctionName, in.RevisionId)
	if err != nil {
		return nil, err
	}
	if in.CodeSha256 != "" && in.CodeSha256 != fn.sha {
		return nil, invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", in.CodeSha256, fn.sha)
	}
	return f.shape(fn, strconv.Itoa(f.publish(fn, in.Description).number)), nil
}

type listVersionsInput struct {
	FunctionName string `valid:"required,min=1,max=170"`
	Marker       string
	MaxItems     *int32 `valid:"min=1,max=10000"`
}

type listVersionsOutput struct {
	Versions   []configurationShape
	NextMarker string
}

func (f *Functions) listVersions(c *core.Call, in *listVersionsInput) (*listVersionsOutput, error) {
	fn, _, err := f.function(c, in.FunctionName, "")
	if err != nil {
		return nil, err
	}
	all := []string{latest}
	for _, v := range f.of(fn.arn).versions {
		all = append(all, strconv.Itoa(v.number))
	}
	from := 0
	if in.Marker != "" {
		if from, err = strconv.Atoi(in.Marker); err != nil || from < 0 || from > len(all) {
			return nil, invalid("Invalid Marker")
		}
	}
	out := &listVersionsOutput{Versions: []configurationShape{}}
	for i, qualifier := range all[from:] {
		if i == size(in.MaxItems) {
			out.NextMarker = strconv.Itoa(from + i)
			break
		}
		out.Versions = append(out.Versions, *f.shape(fn, qualifier))
	}
	return out, nil
}

// alias is an alias as its live resource has it.
type alias struct {
	live                                 core.Live
	name, function, version, description string
}

func takeAlias(l core.Live, _ *alias) *alias {
	p := l.Properties
	return &alias{l, property.Text(p["Name"]), property.Text(p["FunctionName"]), property.Text(p["FunctionVersion"]), property.Text(p["Description"])}
}

type aliasShape struct{ AliasArn, Name, FunctionVersion, Description, RevisionId string }

func (f *Functions) aliasShape(fn *function, a *alias) *aliasShape {
	return &aliasShape{fn.arn + ":" + a.name, a.name, a.version, a.description, f.of(fn.arn).revision}
}

func (f *Functions) aliasOf(fn *function, name string) *alias {
	for _, a := range f.aliases.At(fn.account, fn.region) {
		if a.name == name && refer(fn.account, fn.region, a.function).name == fn.name {
			return a
		}
	}
	return nil
}

type aliasInput struct {
	FunctionName    string `valid:"required,min=1,max=140"`
	Name            string `valid:"required,min=1,max=128,pattern=(?:[0-9]*[a-zA-Z-_][a-zA-Z0-9-_]*)"`
	FunctionVersion string `valid:"min=1,max=1024,pattern=(\\$LATEST|[0-9]+)"`
	Description     *string
	RevisionId      string
}

func (f *Functions) createAlias(c *core.Call, in *aliasInput) (*aliasShape, error) {
	fn, _, err := f.function(c, in.FunctionName, "")
	switch {
	case err != nil:
		return nil, err
	case in.FunctionVersion == "":
		return nil, invalid("1 validation error detected: Value null at 'functionVersion' failed to satisfy constraint: Member must not be null")
	case f.aliasOf(fn, in.Name) != nil:
		return nil, refuse(409, "ResourceConflictException", "Alias already exists: %s:%s", fn.arn, in.Name)
	case f.version(fn, in.FunctionVersion) == nil:
		return nil, notFound("Function not found: " + fn.arn + ":" + in.FunctionVersion)
	}
	p := map[string]any{"FunctionName": fn.name, "Name": in.Name, "FunctionVersion": in.FunctionVersion}
	if in.Description != nil {
		p = property.With(p, "Description", *in.Description)
	}
	a, _, err := f.aliases.Make(fn.account, fn.region, p)
	if err != nil {
		return nil, err
	}
	return f.aliasShape(fn, a), nil
}

func (f *Functions) alias(c *core.Call, in *aliasInput) (*function, *alias, error) {
	fn, _, err := f.function(c, in.FunctionName, "")
	if err != nil {
		return nil, nil, err
	}
	a := f.aliasOf(fn, in.Name)
	if a == nil {
		return nil, nil, notFound("Cannot find alias arn: " + fn.arn + ":" + in.Name)
	}
	return fn, a, nil
}

func (f *Functions) getAlias(c *core.Call, in *aliasInput) (*aliasShape, error) {
	fn, a, err := f.alias(c, in)
	if err != nil {
		return nil, err
	}
	return f.aliasShape(fn, a), nil
}

func (f *Functions) updateAlias(c *core.Call, in *aliasInput) (*aliasShape, error) {
	fn, a, err := f.alias(c, in)
	if err != nil {
		return nil, err
	}
	p := a.live.Properties
	if in.FunctionVersion != "" {
		if f.version(fn, in.FunctionVersion) == nil {
			return nil, notFound("Function not found: " + fn.arn + ":" + in.FunctionVersion)
		}
		p = property.With(p, "FunctionVersion", in.FunctionVersion)
	}
	if in.Description != nil {
		p = property.With(p, "Description", *in.Description)
	}
	if a, err = f.aliases.Change(a.live, p); err != nil {
		return nil, err
	}
	return f.aliasShape(fn, a), nil
}

// deleteAlias succeeds for one that is not there.
func (f *Functions) deleteAlias(c *core.Call, in *aliasInput) (*struct{}, error) {
	fn, _, err := f.function(c, in.FunctionName, "")
	if err != nil {
		return nil, err
	}
	if a := f.aliasOf(fn, in.Name); a != nil {
		return &struct{}{}, f.aliases.Delete(a.live)
	}
	return &struct{}{}, nil
}

type listAliasesInput struct {
	FunctionName            string `valid:"required,min=1,max=140"`
	FunctionVersion, Marker string
	MaxItems                *int32 `valid:"min=1,max=10000"`
}

type listAliasesOutput struct {
	Aliases    []aliasShape
	NextMarker string
}

func (f *Functions) listAliases(c *core.Call, in *listAliasesInput) (*listAliasesOutput, error) {
	fn, _, err := f.function(c, in.FunctionName, "")
	if err != nil {
		return nil, err
	}
	known := map[string]*alias{}
	for _, a := range f.aliases.At(fn.account, fn.region) {
		if refer(fn.account, fn.region, a.function).name == fn.name && (in.FunctionVersion == "" || a.version == in.FunctionVersion) {
			known[a.name] = a
		}
	}
	out := &listAliasesOutput{Aliases: []aliasShape{}}
	var names []string
	names, out.NextMarker = property.Page(sortedKeys(known), in.Marker, size(in.MaxItems))
	for _, name := range names {
		out.Aliases = append(out.Aliases, *f.aliasShape(fn, known[name]))
	}
	return out, nil
}
