package ssm

import (
	"maps"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

type tag struct {
	Key   string  `valid:"required,min=1,max=128"`
	Value *string `valid:"required,max=256"`
}

func setTags(to map[string]string, tags []tag) {
	for _, t := range tags {
		to[t.Key] = ""
		if t.Value != nil {
			to[t.Key] = *t.Value
		}
	}
}

type addTagsInput struct {
	ResourceType string `valid:"required"`
	ResourceId   string `valid:"required"`
	Tags         []tag  `valid:"required"`
}

func (s *Store) addTags(c *core.Call, in *addTagsInput) (*struct{}, error) {
	p, err := s.tagged(c, in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	setTags(p.tags, in.Tags)
	return &struct{}{}, s.writeTags(c, p)
}

type removeTagsInput struct {
	ResourceType string   `valid:"required"`
	ResourceId   string   `valid:"required"`
	TagKeys      []string `valid:"required"`
}

func (s *Store) removeTags(c *core.Call, in *removeTagsInput) (*struct{}, error) {
	p, err := s.tagged(c, in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(p.tags, key)
	}
	return &struct{}{}, s.writeTags(c, p)
}

type listTagsInput struct {
	ResourceType string `valid:"required"`
	ResourceId   string `valid:"required"`
}

type listTagsOutput struct{ TagList []tag }

func (s *Store) listTags(c *core.Call, in *listTagsInput) (*listTagsOutput, error) {
	p, err := s.tagged(c, in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	out := &listTagsOutput{TagList: []tag{}}
	for _, key := range slices.Sorted(maps.Keys(p.tags)) {
		value := p.tags[key]
		out.TagList = append(out.TagList, tag{Key: key, Value: &value})
	}
	return out, nil
}

// writeTags makes a parameter's tags the live ones.
func (s *Store) writeTags(c *core.Call, p *parameter) error {
	_, l := s.live.Get(c.Caller.Account, c.Region, p.name)
	properties := map[string]any{}
	for k, v := range l.Properties {
		properties[k] = v
	}
	properties["Tags"] = property.Any(p.tags)
	if len(p.tags) == 0 {
		delete(properties, "Tags")
	}
	_, err := s.live.Change(l, properties)
	return err
}

// tagged finds the resource of a tagging call; only parameters have tags here.
func (s *Store) tagged(c *core.Call, kind, id string) (*parameter, error) {
	if kind != "Parameter" {
		return nil, refuse("InvalidResourceType", "The embedded AWS tags resources of type Parameter only.")
	}
	p := s.here(c)[plainName(id)]
	if p == nil {
		return nil, refuse("InvalidResourceId", "The resource ID isn't valid. Verify that you entered the correct ID and try again.")
	}
	return p, nil
}
