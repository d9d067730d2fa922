package awssim_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

// A specimen is a template in the style of a platform team, with what must come
// of it, from the comments at its head:
//
//	# parameters: Name=value, List="a,b"
//	# needs: another-template-of-the-file.yaml
//	# object: bucket/key=content
//	# organization: the account is the management account of one with trusted access
//	# output: Key=value
//	# refused: how the request's refusal begins, or what it contains
//	# rolled back: what an event of the failed creation contains
//	# drifts: why it is not in sync right after its creation
//
// Without refused or rolled back, it deploys and is in sync.
type specimen struct {
	name, text          string
	parameters, outputs map[string]string
	objects             map[string]string
	needs               string
	refused, rolledBack string
	drifts              bool
	organization        bool
	kept                bool // for another that needs it
}

func readSpecimen(f txtar.File) specimen {
	s := specimen{name: f.Name, parameters: map[string]string{}, outputs: map[string]string{}, objects: map[string]string{}}
	text := string(f.Data)
	for strings.HasPrefix(text, "# ") {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		key, value, _ := strings.Cut(strings.TrimPrefix(line, "# "), ": ")
		name, rest, _ := strings.Cut(value, "=")
		switch strings.TrimSuffix(key, ":") {
		case "parameters":
			for _, one := range splitQuoted(value) {
				k, v, _ := strings.Cut(one, "=")
				s.parameters[k] = strings.Trim(v, `"`)
			}
		case "needs":
			s.needs = value
		case "object":
			s.objects[name] = rest
		case "output":
			s.outputs[name] = rest
		case "refused":
			s.refused = value
		case "rolled back":
			s.rolledBack = value
		case "organization":
			s.organization = true
		case "drifts":
			s.drifts = true
		default:
			panic("unknown directive in " + f.Name + ": " + line)
		}
	}
	s.text = text
	return s
}

// splitQuoted splits at commas outside of quotes.
func splitQuoted(s string) []string {
	quoted := false
	return strings.FieldsFunc(strings.ReplaceAll(s, ", ", ","), func(r rune) bool {
		quoted = quoted != (r == '"')
		return r == ',' && !quoted
	})
}

// TestTemplatesOfPlatformTeamsDeployAsInAWS deploys, updates and deletes every specimen
// through the SDK in a world of its own.
func TestTemplatesOfPlatformTeamsDeployAsInAWS(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	total := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			total++
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+f.Name, func(t *testing.T) {
				c := newBench(t)
				s := readSpecimen(f)
				if s.needs != "" {
					i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == s.needs })
					first := readSpecimen(archive.Files[i])
					first.kept = true
					c.deploy(first)
				}
				c.deploy(s)
			})
		}
	}
	if total < 140 {
		t.Errorf("%d templates only", total)
	}
}

// bench deploys specimens in one world.
type bench struct {
	*testing.T
	aws     *awssim.AWS
	stacks  *cloudformation.Client
	buckets *s3.Client
}

func newBench(t *testing.T) *bench {
	a := sdktest.New(t)
	config := sdktest.Config(a, sdktest.Management, "us-east-1")
	return &bench{t, a, cloudformation.NewFromConfig(config), s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })}
}

func (c *bench) deploy(s specimen) {
	c.Helper()
	ctx := context.Background()
	if s.organization {
		c.organize()
	}
	for name, content := range s.objects {
		bucket, key, _ := strings.Cut(name, "/")
		if _, err := c.buckets.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			c.Fatal(err)
		}
		if _, err := c.buckets.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte(content))}); err != nil {
			c.Fatal(err)
		}
	}
	name, _, _ := strings.Cut(s.name, ".")
	in := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &s.text,
		Capabilities: []cfn.Capability{cfn.CapabilityCapabilityNamedIam, cfn.CapabilityCapabilityIam, cfn.CapabilityCapabilityAutoExpand}}
	for k, v := range s.parameters {
		in.Parameters = append(in.Parameters, cfn.Parameter{ParameterKey: aws.String(k), ParameterValue: aws.String(v)})
	}
	_, err := c.stacks.CreateStack(ctx, in)
	if s.refused != "" {
		if err == nil || !strings.Contains(err.Error(), s.refused) {
			c.Errorf("refused with %v\nwant %s", err, s.refused)
		}
		return
	}
	if err != nil {
		c.Fatal(err)
	}
	stack := c.settled(name)
	if s.rolledBack != "" {
		if why := c.reasons(name); stack.StackStatus != cfn.StackStatusRollbackComplete || !strings.Contains(why, s.rolledBack) {
			c.Errorf("%s: %s\nwant %s", stack.StackStatus, why, s.rolledBack)
		}
		return
	}
	if stack.StackStatus != cfn.StackStatusCreateComplete {
		c.Fatalf("%s: %s", stack.StackStatus, c.reasons(name))
	}
	got := map[string]string{}
	for _, o := range stack.Outputs {
		got[*o.OutputKey] = aws.ToString(o.OutputValue)
	}
	for k, want := range s.outputs {
		if v, there := got[k]; !there || v != want {
			c.Errorf("output %s is %q, not %q", k, v, want)
		}
	}
	c.inSync(name, s.drifts)
	c.retag(name, s)
}

// retag updates a stack's tags, looks whether it is in sync with them, and deletes it
// unless another needs it.
func (c *bench) retag(name string, s specimen) {
	c.Helper()
	ctx := context.Background()
	in := &cloudformation.UpdateStackInput{StackName: &name, UsePreviousTemplate: aws.Bool(true), Tags: []cfn.Tag{{Key: aws.String("team"), Value: aws.String("platform")}},
		Capabilities: []cfn.Capability{cfn.CapabilityCapabilityNamedIam, cfn.CapabilityCapabilityIam, cfn.CapabilityCapabilityAutoExpand}}
	for k := range s.parameters {
		in.Parameters = append(in.Parameters, cfn.Parameter{ParameterKey: aws.String(k), UsePreviousValue: aws.Bool(true)})
	}
	if _, err := c.stacks.UpdateStack(ctx, in); err != nil {
		c.Fatal(err)
	}
	if stack := c.settled(name); stack.StackStatus != cfn.StackStatusUpdateComplete {
		c.Fatalf("after its update %s: %s", stack.StackStatus, c.reasons(name))
	}
	c.inSync(name, s.drifts)
	if s.kept {
		return
	}
	id := aws.ToString(c.settled(name).StackId)
	if _, err := c.stacks.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
		c.Fatal(err)
	}
	if stack := c.settled(id); stack.StackStatus != cfn.StackStatusDeleteComplete {
		c.Errorf("after its deletion %s: %s", stack.StackStatus, c.reasons(id))
	}
}

// organize makes the account the management account of an organization that has
// trusted access to stack sets.
func (c *bench) organize() {
	c.Helper()
	c.aws.Lock()
	err := c.aws.Organization().Create(sdktest.Management, "management")
	c.aws.Unlock()
	if err != nil {
		c.Fatal(err)
	}
	if _, err := c.stacks.ActivateOrganizationsAccess(context.Background(), &cloudformation.ActivateOrganizationsAccessInput{}); err != nil {
		c.Fatal(err)
	}
}

func (c *bench) settled(name string) cfn.Stack {
	c.Helper()
	for range 60 {
		c.aws.Advance(5 * time.Minute)
		out, err := c.stacks.DescribeStacks(context.Background(), &cloudformation.DescribeStacksInput{StackName: &name})
		if err != nil {
			c.Fatal(err)
		}
		if s := out.Stacks[0]; !strings.HasSuffix(string(s.StackStatus), "_IN_PROGRESS") {
			return s
		}
	}
	c.Fatalf("stack %s does not settle", name)
	return cfn.Stack{}
}

func (c *bench) reasons(name string) string {
	out, err := c.stacks.DescribeStackEvents(context.Background(), &cloudformation.DescribeStackEventsInput{StackName: &name})
	if err != nil {
		return err.Error()
	}
	var all []string
	for _, e := range out.StackEvents {
		if e.ResourceStatusReason != nil {
			all = append(all, *e.LogicalResourceId+": "+*e.ResourceStatusReason)
		}
	}
	return strings.Join(all, "; ")
}

// inSync detects drift right after the creation: there must be none, unless the
// specimen says so.
func (c *bench) inSync(name string, drifts bool) {
	c.Helper()
	ctx := context.Background()
	run, err := c.stacks.DetectStackDrift(ctx, &cloudformation.DetectStackDriftInput{StackName: &name})
	if err != nil {
		c.Fatal(err)
	}
	c.aws.Advance(5 * time.Minute)
	out, err := c.stacks.DescribeStackDriftDetectionStatus(ctx, &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: run.StackDriftDetectionId})
	if err != nil {
		c.Fatal(err)
	}
	if drifted := out.StackDriftStatus != cfn.StackDriftStatusInSync; drifted != drifts {
		c.Errorf("drift right after the creation: %s%s", out.StackDriftStatus, c.differences(name))
	}
}

func (c *bench) differences(name string) string {
	out, err := c.stacks.DescribeStackResourceDrifts(context.Background(), &cloudformation.DescribeStackResourceDriftsInput{StackName: &name})
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, d := range out.StackResourceDrifts {
		for _, p := range d.PropertyDifferences {
			fmt.Fprintf(&text, "\n%s %s: %s, not %s", *d.LogicalResourceId, *p.PropertyPath, aws.ToString(p.ActualValue), aws.ToString(p.ExpectedValue))
		}
	}
	return text.String()
}
