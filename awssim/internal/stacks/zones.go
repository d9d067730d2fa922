package stacks

// zoneLetters are the Availability Zones of the regions whose zones are not a, b
// and c, as an account made lately sees them.
var zoneLetters = map[string]string{
	"us-east-1": "abcdef", "us-west-1": "ac", "us-west-2": "abcd", "ap-northeast-1": "acd", "ap-northeast-2": "abcd",
	"ca-central-1": "abd", "cn-north-1": "abd",
}

// zonesOf lists a region's Availability Zones.
func zonesOf(region string) []string {
	letters := zoneLetters[region]
	if letters == "" {
		letters = "abc"
	}
	var out []string
	for _, letter := range letters {
		out = append(out, region+string(letter))
	}
	return out
}
