package organizations

import (
	"maps"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// maxTags is the number of tags that a resource can have.
const maxTags = 50

// Tag is a key with a value.
type Tag struct {
	Key   string  `valid:"required,min=1,max=128"`
	Value *string `valid:"required,max=256"`
}

func setTags(to map[string]string, tags []Tag) {
	for _, t := range tags {
		to[t.Key] = ""
		if t.Value != nil {
			to[t.Key] = *t.Value
		}
	}
}

type tagResourceInput struct {
	ResourceId string `valid:"required"`
	Tags       []Tag  `valid:"required"`
}

func (o *Organization) tagResource(_ *core.Call, in *tagResourceInput) (*Empty, error) {
	tags, err := o.tagsOf(in.ResourceId)
	if err != nil {
		return nil, err
	}
	after := maps.Clone(tags)
	setTags(after, in.Tags)
	if len(after) > maxTags {
		return nil, constraint("MAX_TAG_LIMIT_EXCEEDED", "You have exceeded the number of tags allowed on this resource.")
	}
	setTags(tags, in.Tags)
	return &Empty{}, nil
}

type untagResourceInput struct {
	ResourceId string   `valid:"required"`
	TagKeys    []string `valid:"required"`
}

func (o *Organization) untagResource(_ *core.Call, in *untagResourceInput) (*Empty, error) {
	tags, err := o.tagsOf(in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	return &Empty{}, nil
}

type listTagsInput struct {
	ResourceId string `valid:"required"`
	NextToken  string
}

type listTagsOutput struct {
	Tags      []Tag
	NextToken string
}

// listTags answers all at once: the action has no MaxResults.
func (o *Organization) listTags(_ *core.Call, in *listTagsInput) (*listTagsOutput, error) {
	tags, err := o.tagsOf(in.ResourceId)
	if err != nil {
		return nil, err
	}
	out := &listTagsOutput{Tags: []Tag{}}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		out.Tags = append(out.Tags, Tag{Key: key, Value: &value})
	}
	return out, nil
}

// tagsOf finds the tags of an account, OU, root or policy.
func (o *Organization) tagsOf(id string) (map[string]string, error) {
	switch {
	case o.members[id] != nil:
		return o.members[id].tags, nil
	case o.units[id] != nil:
		return o.units[id].tags, nil
	case o.policies[id] != nil && !strings.HasPrefix(id, "p-Full"):
		return o.policies[id].tags, nil
	}
	return nil, refuse("TargetNotFoundException", "We can't find a root, OU, account, or policy with the TargetId that you specified.")
}
