package integration

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
)

func organized(t *testing.T) (*Bound, *awssim.AWS) {
	t.Helper()
	b, sim := embed(t)
	sim.Lock()
	defer sim.Unlock()
	if err := sim.Organization().Create(management, "Management"); err != nil {
		t.Fatal(err)
	}
	return b, sim
}

func TestTheCallerIsKnown(t *testing.T) {
	b, _ := embed(t)
	got := b.call(t, "sts:getCallerIdentity", `{}`).(map[string]any)
	if got["Account"] != management {
		t.Errorf("answered %v", got)
	}
}

func TestOrganizationsAndCloudFormationAnswer(t *testing.T) {
	b, _ := organized(t)
	accounts := b.call(t, "organizations:listAccounts", `{"MaxResults":20}`).(map[string]any)["Accounts"].([]any)
	if first := accounts[0].(map[string]any); first["Id"] != management || first["Status"] != "ACTIVE" {
		t.Errorf("accounts %v", accounts)
	}
	wantJSON(t, b.call(t, "cloudformation:listStackSets", `{}`), `{"Summaries":[]}`)
	if name, _ := b.refused(t, "cloudformation:describeStackSet", `{"StackSetName":"none"}`); name != "CloudFormation.StackSetNotFoundException" {
		t.Errorf("named %s", name)
	}
	if name, _ := b.refused(t, "cloudformation:describeStacks", `{"StackName":"none"}`); name != "CloudFormation.CloudFormationException" {
		t.Errorf("named %s", name)
	}
}

func TestRulesAreSwitchedOffAndOn(t *testing.T) {
	b, _ := embed(t)
	client := eventbridge.NewFromConfig(b.aws.SDK())
	if _, err := client.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("nightly"), ScheduleExpression: aws.String("rate(1 day)")}); err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string]string{"disableRule": "DISABLED", "enableRule": "ENABLED"} {
		wantJSON(t, b.call(t, "eventbridge:"+action, `{"Name":"nightly"}`), `{}`)
		rules := b.call(t, "eventbridge:listRules", `{"NamePrefix":"night"}`).(map[string]any)["Rules"].([]any)
		if got := rules[0].(map[string]any)["State"]; got != want {
			t.Errorf("after %s the rule is %v", action, got)
		}
	}
	if name, _ := b.refused(t, "eventbridge:enableRule", `{"Name":"none"}`); name != "EventBridge.ResourceNotFoundException" {
		t.Errorf("named %s", name)
	}
}

func TestMessagesArePublishedBothWays(t *testing.T) {
	b, _ := embed(t)
	out, err := sns.NewFromConfig(b.aws.SDK()).CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("ops")})
	if err != nil {
		t.Fatal(err)
	}
	topic := *out.TopicArn
	for resource, message := range map[string]string{"sns:publish": `"text"`, "arn:aws:states:::sns:publish": `{"patches":2}`} {
		got := b.call(t, resource, `{"TopicArn":"`+topic+`","Message":`+message+`}`).(map[string]any)
		if got["MessageId"] == nil {
			t.Errorf("%s answers %v", resource, got)
		}
	}
	missing := strings.Replace(topic, "ops", "none", 1)
	for resource, want := range map[string]string{"sns:publish": "Sns.NotFoundException", "arn:aws:states:::sns:publish": "SNS.NotFoundException"} {
		if name, _ := b.refused(t, resource, `{"TopicArn":"`+missing+`","Message":"m"}`); name != want {
			t.Errorf("%s fails with %s, want %s", resource, name, want)
		}
	}
}

func TestParametersAreReadAndAMissingOneHasItsException(t *testing.T) {
	b, _ := embed(t)
	b.call(t, "ssm:putParameter", `{"Name":"/app/tier","Value":"web","Type":"String"}`)
	got := b.call(t, "ssm:getParameter", `{"Name":"/app/tier"}`).(map[string]any)["Parameter"].(map[string]any)
	if got["Value"] != "web" || !strings.HasSuffix(got["LastModifiedDate"].(string), "Z") {
		t.Errorf("answered %v", got)
	}
	if name, _ := b.refused(t, "ssm:getParameter", `{"Name":"/none"}`); name != "Ssm.ParameterNotFoundException" {
		t.Errorf("named %s", name)
	}
}

func TestAnObjectsBodyIsItsText(t *testing.T) {
	b, sim := embed(t)
	sim.Lock()
	err := sim.Objects().CreateBucket(management, region, "data")
	sim.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{`"plain text"`: "plain text", `{"a":[1.50]}`: `{"a":[1.50]}`} {
		b.call(t, "s3:putObject", `{"Bucket":"data","Key":"k","Body":`+body+`}`)
		if got := b.call(t, "s3:getObject", `{"Bucket":"data","Key":"k"}`).(map[string]any); got["Body"] != want || got["ETag"] == nil {
			t.Errorf("answered %v, want body %s", got, want)
		}
	}
	if name, _ := b.refused(t, "s3:getObject", `{"Bucket":"data","Key":"none"}`); name != "S3.NoSuchKeyException" {
		t.Errorf("named %s", name)
	}
}

func TestAlarmsAreDescribed(t *testing.T) {
	b, _ := embed(t)
	wantJSON(t, b.call(t, "cloudwatch:describeAlarms", `{"AlarmNamePrefix":"web-"}`), `{"MetricAlarms":[]}`)
}

// The embedded AWS refuses what comes faster than AWS lets it.
func TestCallsKeepToAWSsRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := organized(t)
		for range 20 {
			b.call(t, "cloudformation:listStackSets", `{}`)
		}
		stats := b.aws.Stats()
		if stats.ByAction["ListStackSets"] != 20 || stats.Throttled != 0 || stats.Writes != 0 {
			t.Errorf("counted %+v", stats)
		}
	})
}

func TestItemReadersSeeS3(t *testing.T) {
	b, sim := embed(t)
	sim.Lock()
	err := sim.Objects().CreateBucket(management, region, "data")
	sim.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	s3 := b.Objects()
	for _, key := range []string{"in/b.json", "in/a.json", "out/c.json"} {
		if err := s3.Put(t.Context(), "data", key, []byte(`[1]`)); err != nil {
			t.Fatal(err)
		}
	}
	var keys []any
	for item, err := range s3.List(t.Context(), "data", "in/") {
		if err != nil {
			t.Fatal(err)
		}
		object := value(t, string(item)).(map[string]any)
		keys = append(keys, object["Key"])
		if object["Size"] != 3.0 || object["Etag"] == "" || object["LastModified"].(float64) < 1e9 {
			t.Errorf("listed %s", item)
		}
	}
	if len(keys) != 2 || keys[0] != "in/a.json" || keys[1] != "in/b.json" {
		t.Errorf("keys %v", keys)
	}
	body, err := s3.Get(t.Context(), "data", "in/a.json")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if text, err := io.ReadAll(body); err != nil || string(text) != "[1]" {
		t.Errorf("read %s, %v", text, err)
	}
	if _, err := s3.Get(t.Context(), "data", "none"); fleet.KindOf(err) != fleet.NotFound {
		t.Errorf("error %v", err)
	}
	for _, err := range s3.List(t.Context(), "none", "") {
		if fleet.KindOf(err) != fleet.NotFound {
			t.Errorf("error %v", err)
		}
	}
}
