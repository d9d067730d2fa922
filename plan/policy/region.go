package policy

import (
	"regexp"
	"slices"
	"sync"

	"github.com/setmend/setmend/fleet"
)

var regionForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`) })

// PlausibleRegion reports whether the name has the form AWS gives regions.
func PlausibleRegion(region fleet.Region) bool { return regionForm().MatchString(string(region)) }

// KnownRegions are the regions of AWS's commercial, China and GovCloud
// partitions as of November 2026. A name that is not here may be newer; it is
// suspected, not refused.
var KnownRegions = []fleet.Region{
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
	"ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
	"ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1",
	"cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2",
	"eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
	"sa-east-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
}

func KnownRegion(region fleet.Region) bool { return slices.Contains(KnownRegions, region) }
