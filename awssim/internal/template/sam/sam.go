// Package sam is the AWS::Serverless-2016-10-31 transform.
package sam

import "github.com/setmend/setmend/awssim/internal/template"

// Name is the transform's name.
const Name = "AWS::Serverless-2016-10-31"

// Transform replaces the serverless resources of a template.
func Transform(root *template.Map, p *template.Partial) error {
	return &template.Error{Message: "Transform " + Name + " failed with: not covered"}
}
