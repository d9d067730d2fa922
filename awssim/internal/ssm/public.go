package ssm

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// publishers are the names below /aws/service that hold machine images, as the
// Systems Manager user guide lists them.
var publishers = []string{
	"ami-amazon-linux-latest/", "ami-windows-latest/", "ami-macos-latest/", "ecs/optimized-ami/", "eks/optimized-ami/", "bottlerocket/",
	"canonical/ubuntu/", "debian/release/", "debian/daily/", "suse/", "freebsd/", "marketplace/", "neuron/", "deeplearning/ami/", "cloud9/amis/",
	"datasync/ami", "storagegateway/ami/", "elemental/", "rhel/", "redhat/", "aws-parallelcluster/", "codebuild/", "nvidia/",
}

// publicValue is the value of one of AWS's own parameters, the same for all: image
// ids below /aws/service, and what there is to know of regions.
func publicValue(region, name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "/aws/service/")
	if !ok {
		return "", false
	}
	if what, is := strings.CutPrefix(rest, "global-infrastructure/"); is {
		return infrastructure(what)
	}
	for _, publisher := range publishers {
		if strings.HasPrefix(rest, publisher) {
			return image(region, rest), true
		}
	}
	return "", false
}

// image is an image's id, or for a name that ends in recommended what AWS tells of
// it, as JSON.
func image(region, name string) string {
	id := "ami-" + digits(region+" "+name, 17)
	if !strings.HasSuffix(name, "/recommended") {
		return id
	}
	text, err := json.Marshal(map[string]string{
		"image_id": "ami-" + digits(region+" "+name+"/image_id", 17), "image_name": strings.ReplaceAll(strings.TrimSuffix(name, "/recommended"), "/", "-"),
		"image_version": "1", "os": "Linux", "schema_version": "1",
	})
	if err != nil { // texts only
		return id
	}
	return string(text)
}

// digits are n hexadecimal digits that follow from a text.
func digits(text string, n int) string {
	var out strings.Builder
	for i := 0; out.Len() < n; i++ {
		h := fnv.New64a()
		h.Write([]byte(text + strconv.Itoa(i)))
		out.WriteString(strconv.FormatUint(h.Sum64()|1<<63, 16))
	}
	return out.String()[:n]
}

// infrastructure answers what AWS's parameters tell of its regions.
func infrastructure(what string) (string, bool) {
	parts := strings.Split(what, "/")
	if len(parts) < 2 || parts[0] != "regions" {
		return "", false
	}
	region := parts[1]
	switch strings.Join(parts[2:], "/") {
	case "":
		return region, true
	case "domain":
		return "amazonaws.com", true
	case "partition":
		return "aws", true
	}
	return "", false
}

// public is one of AWS's parameters as it is read; nil if the name is none's.
func (s *Store) public(c *core.Call, name string) *parameter {
	value, ok := publicValue(c.Region, name)
	if !ok {
		return nil
	}
	return &parameter{name: name, tier: standard, tags: map[string]string{}, versions: []version{{
		number: 1, kind: String, value: value, dataType: "text", tier: standard, user: "AWS", modified: c.Now(),
	}}}
}
