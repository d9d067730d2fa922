package ssm

import (
	"regexp"
	"testing"
)

func TestPublicParametersAreThereInEveryRegion(t *testing.T) {
	for name, want := range map[string]string{
		"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64":              `^ami-[0-9a-f]{17}$`,
		"/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2":                      `^ami-[0-9a-f]{17}$`,
		"/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base":              `^ami-[0-9a-f]{17}$`,
		"/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id":                 `^ami-[0-9a-f]{17}$`,
		"/aws/service/ecs/optimized-ami/amazon-linux-2/recommended":                          `"image_id":"ami-`,
		"/aws/service/eks/optimized-ami/1.31/amazon-linux-2/recommended/image_id":            `^ami-`,
		"/aws/service/bottlerocket/aws-k8s-1.31/x86_64/latest/image_id":                      `^ami-`,
		"/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id": `^ami-`,
		"/aws/service/global-infrastructure/regions/us-gov-west-1/partition":                 `^aws-us-gov$`,
		"/aws/service/ami-amazon-linux-latest/no-such-image":                                 ``,
		"/aws/service/nothing": ``,
	} {
		got, ok := published("us-east-1", name)
		if ok != (want != "") || !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
	one, _ := published("us-east-1", "/aws/service/datasync/ami")
	other, _ := published("eu-west-1", "/aws/service/datasync/ami")
	if one == other {
		t.Error("an image has the same id in two regions")
	}
}
