package ssm

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Parameter is the structure of that name in the API.
type Parameter struct {
	Name, Type, Value string
	Version           int64
	Selector          string
	LastModifiedDate  time.Time
	ARN, DataType     string
}

func (s *Store) shape(c *core.Call, p *parameter, v *version, selector string, decrypt bool) *Parameter {
	return &Parameter{
		Name: p.name, Type: v.kind, Value: v.shown(decrypt), Version: v.number, Selector: selector,
		LastModifiedDate: v.modified, ARN: s.arn(c, p.name), DataType: v.dataType,
	}
}

type getParameterInput struct {
	Name           string `valid:"required,min=1"`
	WithDecryption bool
}

type getParameterOutput struct{ Parameter *Parameter }

func (s *Store) getParameter(c *core.Call, in *getParameterInput) (*getParameterOutput, error) {
	p, v, selector, err := s.find(c, in.Name)
	if err != nil {
		return nil, err
	}
	return &getParameterOutput{Parameter: s.shape(c, p, v, selector, in.WithDecryption)}, nil
}

type getParametersInput struct {
	Names          []string `valid:"required,min=1,max=10"`
	WithDecryption bool
}

type getParametersOutput struct {
	Parameters        []Parameter
	InvalidParameters []string
}

func (s *Store) getParameters(c *core.Call, in *getParametersInput) (*getParametersOutput, error) {
	out := &getParametersOutput{Parameters: []Parameter{}, InvalidParameters: []string{}}
	for _, name := range in.Names {
		p, v, selector, err := s.find(c, name)
		if err != nil {
			out.InvalidParameters = append(out.InvalidParameters, name)
			continue
		}
		out.Parameters = append(out.Parameters, *s.shape(c, p, v, selector, in.WithDecryption))
	}
	return out, nil
}

type getHistoryInput struct {
	Name           string `valid:"required,min=1,max=2048"`
	WithDecryption bool
	MaxResults     *int32 `valid:"min=1,max=50"`
	NextToken      string
}

// ParameterHistory is the structure of that name in the API.
type ParameterHistory struct {
	Name, Type, KeyId                    string
	LastModifiedDate                     time.Time
	LastModifiedUser, Description, Value string
	AllowedPattern                       string
	Version                              int64
	Labels                               []string
	Tier, DataType                       string
}

type getHistoryOutput struct {
	Parameters []ParameterHistory
	NextToken  string
}

func (s *Store) getParameterHistory(c *core.Call, in *getHistoryInput) (*getHistoryOutput, error) {
	p, _, _, err := s.find(c, in.Name)
	if err != nil {
		return nil, err
	}
	versions, next, err := page(p.versions, in.MaxResults, 50, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &getHistoryOutput{Parameters: []ParameterHistory{}, NextToken: next}
	for _, v := range versions {
		out.Parameters = append(out.Parameters, ParameterHistory{
			Name: p.name, Type: v.kind, KeyId: v.keyID, LastModifiedDate: v.modified, LastModifiedUser: v.user,
			Description: v.description, Value: v.shown(in.WithDecryption), AllowedPattern: v.allowedPattern,
			Version: v.number, Labels: append([]string{}, v.labels...), Tier: v.tier, DataType: v.dataType,
		})
	}
	return out, nil
}

type deleteParameterInput struct {
	Name string `valid:"required,min=1,max=2048"`
}

func (s *Store) deleteParameter(c *core.Call, in *deleteParameterInput) (*struct{}, error) {
	if !s.delete(c, in.Name) {
		return nil, refuse("ParameterNotFound", "Parameter %s not found.", in.Name)
	}
	return &struct{}{}, nil
}

type deleteParametersInput struct {
	Names []string `valid:"required,min=1,max=10"`
}

type deleteParametersOutput struct{ DeletedParameters, InvalidParameters []string }

func (s *Store) deleteParameters(c *core.Call, in *deleteParametersInput) (*deleteParametersOutput, error) {
	out := &deleteParametersOutput{DeletedParameters: []string{}, InvalidParameters: []string{}}
	for _, name := range in.Names {
		if s.delete(c, name) {
			out.DeletedParameters = append(out.DeletedParameters, name)
		} else {
			out.InvalidParameters = append(out.InvalidParameters, name)
		}
	}
	return out, nil
}

func (s *Store) delete(c *core.Call, name string) bool {
	p, l := s.live.Get(c.Caller.Account, c.Region, plainName(name))
	if p == nil || s.live.Delete(l) != nil {
		return false
	}
	s.publish(c, p, "Delete")
	return true
}
