package ssm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func client(t *testing.T) *ssm.Client {
	return ssm.NewFromConfig(sdktest.Config(sdktest.New(t), sdktest.Management, "eu-central-1"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, c *ssm.Client, name, value string) *ssm.PutParameterOutput {
	t.Helper()
	out, err := c.PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String(name), Value: aws.String(value), Type: types.ParameterTypeString, Overwrite: aws.Bool(true)})
	must(t, err)
	return out
}

func get(t *testing.T, c *ssm.Client, name string) *types.Parameter {
	t.Helper()
	out, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name)})
	must(t, err)
	return out.Parameter
}

func TestVersionsCountUpAndCanBeReadByNumberLabelAndARN(t *testing.T) {
	c := client(t)
	put(t, c, "/setmend/config", "one")
	if out := put(t, c, "/setmend/config", "two"); out.Version != 2 {
		t.Errorf("the second version is %d", out.Version)
	}
	_, err := c.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{
		Name: aws.String("/setmend/config"), ParameterVersion: aws.Int64(1), Labels: []string{"stable"}})
	must(t, err)
	for ref, want := range map[string]string{
		"/setmend/config":        "two",
		"/setmend/config:1":      "one",
		"/setmend/config:stable": "one",
		"arn:aws:ssm:eu-central-1:111122223333:parameter/setmend/config": "two",
	} {
		if got := get(t, c, ref); *got.Value != want {
			t.Errorf("%s is %q, want %q", ref, *got.Value, want)
		}
	}
	_, err = c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/setmend/config:7")})
	sdktest.WantCode(t, err, "ParameterVersionNotFound")
}

func TestOnlyAHundredVersionsAreKept(t *testing.T) {
	c := client(t)
	for i := range 103 {
		put(t, c, "counter", fmt.Sprint(i))
	}
	_, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("counter:3")})
	sdktest.WantCode(t, err, "ParameterVersionNotFound")
	if got := get(t, c, "counter:4"); *got.Value != "3" {
		t.Errorf("version 4 is %q", *got.Value)
	}
	n, p := 0, ssm.NewGetParameterHistoryPaginator(c, &ssm.GetParameterHistoryInput{Name: aws.String("counter")})
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		must(t, err)
		n += len(out.Parameters)
	}
	if n != 100 {
		t.Errorf("history has %d versions", n)
	}
}

func TestALabelledOldestVersionBlocksNewOnes(t *testing.T) {
	c := client(t)
	for i := range 100 {
		put(t, c, "counter", fmt.Sprint(i))
	}
	_, err := c.LabelParameterVersion(t.Context(), &ssm.LabelParameterVersionInput{Name: aws.String("counter"), ParameterVersion: aws.Int64(1), Labels: []string{"keep"}})
	must(t, err)
	_, err = c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("counter"), Value: aws.String("x"), Overwrite: aws.Bool(true)})
	sdktest.WantCode(t, err, "ParameterMaxVersionLimitExceeded")
}

func TestTiersBoundTheSize(t *testing.T) {
	c := client(t)
	put4 := func(tier types.ParameterTier, size int) (*ssm.PutParameterOutput, error) {
		return c.PutParameter(t.Context(), &ssm.PutParameterInput{
			Name: aws.String("big"), Value: aws.String(strings.Repeat("x", size)), Type: types.ParameterTypeString, Tier: tier, Overwrite: aws.Bool(true)})
	}
	_, err := put4(types.ParameterTierStandard, 4097)
	sdktest.WantCode(t, err, "ValidationException")
	_, err = put4(types.ParameterTierAdvanced, 8193)
	sdktest.WantCode(t, err, "ValidationException")
	out, err := put4(types.ParameterTierIntelligentTiering, 4097)
	must(t, err)
	if out.Tier != types.ParameterTierAdvanced {
		t.Errorf("Intelligent-Tiering chose %s for 4097 bytes", out.Tier)
	}
	_, err = put4(types.ParameterTierStandard, 1)
	sdktest.WantCode(t, err, "ValidationException")
}

func TestASecureStringIsDecryptedOnlyWhenAsked(t *testing.T) {
	c := client(t)
	_, err := c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("secret"), Value: aws.String("hunter2"), Type: types.ParameterTypeSecureString})
	must(t, err)
	if got := get(t, c, "secret"); strings.Contains(*got.Value, "hunter2") {
		t.Errorf("the secret is answered in the clear")
	}
	out, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("secret"), WithDecryption: aws.Bool(true)})
	must(t, err)
	if *out.Parameter.Value != "hunter2" {
		t.Errorf("decrypted it is %q", *out.Parameter.Value)
	}
}

func TestPathsAreOneLevelOrRecursiveAndPagedByTen(t *testing.T) {
	c := client(t)
	for i := range 12 {
		put(t, c, fmt.Sprintf("/sets/%02d", i), "x")
		put(t, c, fmt.Sprintf("/sets/deep/%02d", i), "x")
	}
	put(t, c, "/setsuna", "x")
	count := func(recursive bool) (n, pages int) {
		p := ssm.NewGetParametersByPathPaginator(c, &ssm.GetParametersByPathInput{Path: aws.String("/sets/"), Recursive: aws.Bool(recursive)})
		for p.HasMorePages() {
			out, err := p.NextPage(t.Context())
			must(t, err)
			n, pages = n+len(out.Parameters), pages+1
		}
		return n, pages
	}
	if n, pages := count(false); n != 12 || pages != 2 {
		t.Errorf("one level has %d parameters on %d pages, want 12 on 2", n, pages)
	}
	if n, pages := count(true); n != 24 || pages != 3 {
		t.Errorf("recursively there are %d parameters on %d pages, want 24 on 3", n, pages)
	}
}

func TestUnknownNamesAreNamed(t *testing.T) {
	c := client(t)
	put(t, c, "known", "x")
	out, err := c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"unknown", "known"}})
	must(t, err)
	if diff := cmp.Diff([]string{"unknown"}, out.InvalidParameters); diff != "" || len(out.Parameters) != 1 {
		t.Errorf("invalid names differ (-want +got):\n%s", diff)
	}
	gone, err := c.DeleteParameters(t.Context(), &ssm.DeleteParametersInput{Names: []string{"unknown", "known"}})
	must(t, err)
	if diff := cmp.Diff([]string{"known"}, gone.DeletedParameters); diff != "" {
		t.Errorf("deleted names differ (-want +got):\n%s", diff)
	}
	_, err = c.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String("known")})
	sdktest.WantCode(t, err, "ParameterNotFound")
}

func TestRefusals(t *testing.T) {
	c := client(t)
	put(t, c, "there", "x")
	for name, test := range map[string]struct {
		in   ssm.PutParameterInput
		code string
	}{
		"no overwrite":      {ssm.PutParameterInput{Name: aws.String("there"), Value: aws.String("y"), Type: types.ParameterTypeString}, "ParameterAlreadyExists"},
		"no type":           {ssm.PutParameterInput{Name: aws.String("new"), Value: aws.String("y")}, "ValidationException"},
		"reserved prefix":   {ssm.PutParameterInput{Name: aws.String("/AWS/x"), Value: aws.String("y"), Type: types.ParameterTypeString}, "ValidationException"},
		"relative path":     {ssm.PutParameterInput{Name: aws.String("a/b"), Value: aws.String("y"), Type: types.ParameterTypeString}, "ValidationException"},
		"too deep":          {ssm.PutParameterInput{Name: aws.String(strings.Repeat("/x", 16)), Value: aws.String("y"), Type: types.ParameterTypeString}, "HierarchyLevelLimitExceededException"},
		"pattern broken":    {ssm.PutParameterInput{Name: aws.String("new"), Value: aws.String("y"), Type: types.ParameterTypeString, AllowedPattern: aws.String(`^\d+$`)}, "ParameterPatternMismatchException"},
		"pattern malformed": {ssm.PutParameterInput{Name: aws.String("new"), Value: aws.String("y"), Type: types.ParameterTypeString, AllowedPattern: aws.String(`(`)}, "InvalidAllowedPatternException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.PutParameter(t.Context(), &test.in)
			sdktest.WantCode(t, err, test.code)
		})
	}
}

func TestParametersBelongToOneAccountAndRegion(t *testing.T) {
	a := sdktest.New(t)
	put(t, ssm.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1")), "here", "x")
	for _, at := range [][2]string{{sdktest.Management, "eu-west-1"}, {"200000000001", "eu-central-1"}} {
		_, err := ssm.NewFromConfig(sdktest.Config(a, at[0], at[1])).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("here")})
		sdktest.WantCode(t, err, "ParameterNotFound")
	}
}

func TestDescribeFilters(t *testing.T) {
	c := client(t)
	put(t, c, "/a/one", "x")
	put(t, c, "/b/two", "x")
	_, err := c.AddTagsToResource(t.Context(), &ssm.AddTagsToResourceInput{
		ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: aws.String("/b/two"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("gas")}}})
	must(t, err)
	for _, test := range []struct {
		filter types.ParameterStringFilter
		want   string
	}{
		{types.ParameterStringFilter{Key: aws.String("Name"), Option: aws.String("BeginsWith"), Values: []string{"/a"}}, "/a/one"},
		{types.ParameterStringFilter{Key: aws.String("Path"), Option: aws.String("Recursive"), Values: []string{"/b"}}, "/b/two"},
		{types.ParameterStringFilter{Key: aws.String("tag:team"), Values: []string{"gas"}}, "/b/two"},
	} {
		out, err := c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{test.filter}})
		must(t, err)
		if len(out.Parameters) != 1 || *out.Parameters[0].Name != test.want {
			t.Errorf("filter %s finds %d parameters, want %s alone", *test.filter.Key, len(out.Parameters), test.want)
		}
	}
	_, err = c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Colour"), Values: []string{"red"}}}})
	sdktest.WantCode(t, err, "InvalidFilterKey")
}

func TestPublicParametersAreReadEverywhere(t *testing.T) {
	const name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
	a := sdktest.New(t)
	read := func(region string) string {
		out, err := ssm.NewFromConfig(sdktest.Config(a, "200000000001", region)).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(name)})
		if err != nil {
			t.Fatal(err)
		}
		if want := "arn:aws:ssm:" + region + "::parameter" + name; *out.Parameter.ARN != want {
			t.Errorf("the ARN is %s", *out.Parameter.ARN)
		}
		return *out.Parameter.Value
	}
	if here, there := read("eu-central-1"), read("us-east-1"); here == there || !strings.HasPrefix(here, "ami-") || len(here) != len("ami-")+17 || here != read("eu-central-1") {
		t.Errorf("the images are %s and %s", here, there)
	}
	_, err := ssm.NewFromConfig(sdktest.Config(a, "200000000001", "eu-central-1")).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/aws/service/no-such-thing")})
	sdktest.WantCode(t, err, "ParameterNotFound")
}
