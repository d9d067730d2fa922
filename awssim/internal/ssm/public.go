package ssm

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"sync"
	"time"
)

// public are the parameters that AWS keeps below /aws/service in every region,
// by the form of their names. A value is made from region and name, so it is the
// same in every world: an AMI's id, an image's address, a version.
var public = sync.OnceValue(func() []publicForm {
	return []publicForm{
		{regexp.MustCompile(`^ami-amazon-linux-latest/(amzn|amzn2|al2022|al2023)-ami-[a-z0-9._-]*(x86_64|arm64)[a-z0-9-]*$`), amiID},
		{regexp.MustCompile(`^ami-windows-latest/(EC2LaunchV2-|TPM-)?Windows_Server-[A-Za-z0-9_.-]+$`), amiID},
		{regexp.MustCompile(`^ami-macos-latest/[A-Za-z0-9_.-]+$|^ec2-macos/[a-z0-9_]+/[a-z0-9_]+/latest/image_id$`), amiID},
		{regexp.MustCompile(`^ecs/optimized-ami/(amazon-linux|amazon-linux-2|amazon-linux-2023|windows_server)(/[A-Za-z0-9_.-]+)*/(recommended|[a-zA-Z0-9._-]+)/image_id$`), amiID},
		{regexp.MustCompile(`^ecs/optimized-ami/(amazon-linux|amazon-linux-2|amazon-linux-2023)(/[a-z0-9_.-]+)*/recommended$`), recommended},
		{regexp.MustCompile(`^ecs/optimized-ami/(amazon-linux|amazon-linux-2|amazon-linux-2023)(/[a-z0-9_.-]+)*/recommended/(image_name|os|ecs_agent_version|ecs_runtime_version)$`), versionText},
		{regexp.MustCompile(`^ami-windows-latest/[A-Za-z0-9_.-]+/image_id$`), amiID},
		{regexp.MustCompile(`^eks/optimized-ami/1\.[0-9]{1,2}/(amazon-linux-2|amazon-linux-2-arm64|amazon-linux-2-gpu|amazon-linux-2023)(/[a-z0-9_.-]+)*/recommended/image_id$`), amiID},
		{regexp.MustCompile(`^eks/optimized-ami/1\.[0-9]{1,2}/(amazon-linux-2|amazon-linux-2-arm64|amazon-linux-2-gpu|amazon-linux-2023)(/[a-z0-9_.-]+)*/recommended$`), recommended},
		{regexp.MustCompile(`^eks/optimized-ami/1\.[0-9]{1,2}/(amazon-linux-2|amazon-linux-2-arm64|amazon-linux-2-gpu|amazon-linux-2023)(/[a-z0-9_.-]+)*/recommended/(image_name|release_version)$`), versionText},
		{regexp.MustCompile(`^bottlerocket/aws-(ecs-[0-9]|k8s-1\.[0-9]{1,2})(-(nvidia|fips|nvidia-fips))?/(x86_64|arm64)/[a-z0-9.-]+/image_id$`), amiID},
		{regexp.MustCompile(`^bottlerocket/aws-(ecs-[0-9]|k8s-1\.[0-9]{1,2})(-(nvidia|fips|nvidia-fips))?/(x86_64|arm64)/[a-z0-9.-]+/image_version$`), versionText},
		{regexp.MustCompile(`^canonical/ubuntu/(server|server-minimal|pro-server|pro-fips-server|eks|eks-pro)/[A-Za-z0-9._/-]+/ami-id$`), amiID},
		{regexp.MustCompile(`^debian/(release|daily)/[a-z0-9-]+/[a-z0-9._-]+/(amd64|arm64)$`), amiID},
		{regexp.MustCompile(`^suse/[a-z0-9._/-]+/[A-Za-z0-9._-]+$`), amiID},
		{regexp.MustCompile(`^freebsd/(amd64|arm64|aarch64)/[a-z-]+/(ufs|zfs)/[A-Za-z0-9._/-]+$`), amiID},
		{regexp.MustCompile(`^(deeplearning|neuron)/[A-Za-z0-9._/-]+/(ami-id|image_id)$`), amiID},
		{regexp.MustCompile(`^cloud9/amis/[a-z0-9_-]+$`), amiID},
		{regexp.MustCompile(`^storagegateway/ami/[A-Z0-9_]+/latest$|^datasync/ami$|^ica/ami/[A-Za-z0-9._/-]+$`), amiID},
		{regexp.MustCompile(`^marketplace/prod-[a-z0-9]+/[A-Za-z0-9._ -]+$`), amiID},
		{regexp.MustCompile(`^aws-for-fluent-bit/[a-z0-9.-]+$`), func(region, name string) string {
			return "906394416424.dkr.ecr." + region + ".amazonaws.com/aws-for-fluent-bit:" + name[strings.LastIndexByte(name, '/')+1:]
		}},
		{regexp.MustCompile(`^global-infrastructure/current-region$`), func(region, _ string) string { return region }},
		{regexp.MustCompile(`^global-infrastructure/(regions|services)/[a-z0-9-]+(/services/[a-z0-9-]+|/regions/[a-z0-9-]+)?$`), func(_, name string) string {
			return name[strings.LastIndexByte(name, '/')+1:]
		}},
		{regexp.MustCompile(`^global-infrastructure/regions/[a-z0-9-]+/(longName|domain|geolocationCountry|geolocationRegion|partition)$`), regionFact},
	}
})

// publicForm is the form of some public parameters' names, with what makes a value.
type publicForm struct {
	name *regexp.Regexp
	make func(region, name string) string
}

const publicRoot = "/aws/service/"

// published is a public parameter's value in a region, false if there is none of
// that name.
func published(region, name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, publicRoot)
	if !ok {
		return "", false
	}
	for _, p := range public() {
		if p.name.MatchString(rest) {
			return p.make(region, rest), true
		}
	}
	return "", false
}

func hashed(region, name string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %s", region, name)
	return h.Sum64()
}

func amiID(region, name string) string {
	name = strings.TrimSuffix(name, "/image_id")
	return fmt.Sprintf("ami-0%016x", hashed(region, name))
}

func versionText(region, name string) string {
	h := hashed(region, name)
	return fmt.Sprintf("1.%d.%d", h%40, h>>8%10)
}

func recommended(region, name string) string {
	return fmt.Sprintf(`{"schema_version":"1","image_id":"%s","image_name":"%s"}`, amiID(region, name), strings.ReplaceAll(name, "/", "-"))
}

func regionFact(_, name string) string {
	parts := strings.Split(name, "/")
	region, fact := parts[2], parts[3]
	switch fact {
	case "partition":
		switch {
		case strings.HasPrefix(region, "cn-"):
			return "aws-cn"
		case strings.HasPrefix(region, "us-gov-"):
			return "aws-us-gov"
		}
		return "aws"
	case "domain":
		if strings.HasPrefix(region, "cn-") {
			return "amazonaws.com.cn"
		}
		return "amazonaws.com"
	}
	return region
}

// publicParameter is a public parameter as if it were stored.
func publicParameter(region, name string) *parameter {
	value, ok := published(region, name)
	if !ok {
		return nil
	}
	return &parameter{name: name, tier: standard, versions: []version{{number: 1, value: value, kind: String, dataType: "text",
		modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}}
}
