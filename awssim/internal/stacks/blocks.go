package stacks

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

const (
	vpcType       = "AWS::EC2::VPC"
	cidrBlockType = "AWS::EC2::VPCCidrBlock"
)

// ipv6Blocks are the IPv6 blocks of a VPC: those that resources of its template
// associate with it (templates wait for them by DependsOn, and take their subnets'
// blocks from here).
func (v *view) ipv6Blocks(vpc *template.Resource) ([]any, error) {
	blocks := []any{}
	t := v.deployment.template
	for _, r := range t.Resources {
		if r.Type != cidrBlockType || !slices.Contains(t.Uses(r, "VpcId").Resources, vpc.LogicalID) {
			continue
		}
		if _, active := v.active(r.LogicalID); !active {
			continue
		}
		i, err := v.identity(r)
		if err != nil {
			return nil, err
		}
		if block := resource.Find(r.Type).Model(i)["Ipv6CidrBlock"]; block != nil {
			blocks = append(blocks, block)
		}
	}
	return blocks, nil
}
