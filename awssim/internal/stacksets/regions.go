package stacksets

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// regionsOf are the regions of each partition as of November 2026.
var regionsOf = map[string][]string{
	"aws": {
		"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
		"ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
		"ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1",
		"eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
		"il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2",
		"us-west-1", "us-west-2",
	},
	"aws-cn":     {"cn-north-1", "cn-northwest-1"},
	"aws-us-gov": {"us-gov-east-1", "us-gov-west-1"},
	"aws-eusc":   {"eusc-de-east-1"},
}

// regionList returns the distinct regions of a request in its order. It fails for an
// empty list, and for a region that the partition does not have or, by
// Options.ExtraRegions, has not been given. The text is what users met in a region
// that StackSets did not know yet (seen: aws_list_all#26).
func (s *Service) regionList(list []string) ([]string, error) {
	out := distinct(list)
	if len(out) == 0 {
		return nil, core.Invalid("Regions are required")
	}
	known, listed := regionsOf[s.world.Options.Partition]
	for _, region := range out {
		if listed && !slices.Contains(known, region) && !slices.Contains(s.options.ExtraRegions, region) {
			return nil, core.Invalid("AWS CloudFormation StackSets is not supported in %s", strings.ToLower(region))
		}
	}
	return out, nil
}
