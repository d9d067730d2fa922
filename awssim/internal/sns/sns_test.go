package sns_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func topic(t *testing.T, name string, attributes map[string]string) (*awssim.AWS, *sns.Client, *string) {
	t.Helper()
	a := sdktest.New(t)
	c := sns.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))
	out, err := c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String(name), Attributes: attributes})
	must(t, err)
	return a, c, out.TopicArn
}

func TestPublishedMessagesAreKept(t *testing.T) {
	a, c, arn := topic(t, "alerts", nil)
	if *arn != "arn:aws:sns:eu-central-1:111122223333:alerts" {
		t.Errorf("the topic is %s", *arn)
	}
	out, err := c.Publish(t.Context(), &sns.PublishInput{
		TopicArn: arn, Message: aws.String("3 need a person"), Subject: aws.String("setmend"),
		MessageAttributes: map[string]types.MessageAttributeValue{"result": {DataType: aws.String("String"), StringValue: aws.String("attention")}}})
	must(t, err)
	a.Lock()
	defer a.Unlock()
	kept := a.Topics().Messages(*arn)
	if len(kept) != 1 || kept[0].ID != *out.MessageId || kept[0].Body != "3 need a person" || kept[0].Subject != "setmend" || kept[0].Attributes["result"] != "attention" {
		t.Errorf("kept are %+v", kept)
	}
}

func TestCreatingATopicAgainAnswersTheSame(t *testing.T) {
	_, c, arn := topic(t, "alerts", nil)
	again, err := c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("alerts")})
	must(t, err)
	list, err := c.ListTopics(t.Context(), &sns.ListTopicsInput{})
	must(t, err)
	if *again.TopicArn != *arn || len(list.Topics) != 1 {
		t.Errorf("the second is %s, and %d are listed", *again.TopicArn, len(list.Topics))
	}
}

func TestMessagesAreBounded(t *testing.T) {
	_, c, arn := topic(t, "alerts", nil)
	publish := func(size int) error {
		_, err := c.Publish(t.Context(), &sns.PublishInput{TopicArn: arn, Message: aws.String(strings.Repeat("x", size))})
		return err
	}
	must(t, publish(256<<10))
	sdktest.WantCode(t, publish(256<<10+1), "InvalidParameter")
}

func TestRefusals(t *testing.T) {
	a, c, arn := topic(t, "alerts", nil)
	for name, test := range map[string]struct {
		in   sns.PublishInput
		code string
	}{
		"no such topic":          {sns.PublishInput{TopicArn: aws.String(*arn + "x"), Message: aws.String("m")}, "NotFound"},
		"no topic":               {sns.PublishInput{Message: aws.String("m")}, "InvalidParameter"},
		"no message":             {sns.PublishInput{TopicArn: arn, Message: aws.String("")}, "InvalidParameter"},
		"long subject":           {sns.PublishInput{TopicArn: arn, Message: aws.String("m"), Subject: aws.String(strings.Repeat("s", 101))}, "InvalidParameter"},
		"structure, no default":  {sns.PublishInput{TopicArn: arn, Message: aws.String(`{"sms":"m"}`), MessageStructure: aws.String("json")}, "InvalidParameter"},
		"structure that is none": {sns.PublishInput{TopicArn: arn, Message: aws.String(`m`), MessageStructure: aws.String("json")}, "InvalidParameter"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Publish(t.Context(), &test.in)
			sdktest.WantCode(t, err, test.code)
		})
	}
	stranger := sns.NewFromConfig(sdktest.Config(a, "200000000001", "eu-central-1"))
	_, err := stranger.Publish(t.Context(), &sns.PublishInput{TopicArn: arn, Message: aws.String("m")})
	sdktest.WantCode(t, err, "AuthorizationError")
}

func TestFIFOTopicsDropRepetitionsForFiveMinutes(t *testing.T) {
	a, c, arn := topic(t, "alerts.fifo", map[string]string{"FifoTopic": "true", "ContentBasedDeduplication": "true"})
	publish := func() string {
		out, err := c.Publish(t.Context(), &sns.PublishInput{TopicArn: arn, Message: aws.String("m"), MessageGroupId: aws.String("g")})
		must(t, err)
		return *out.MessageId
	}
	first := publish()
	if again := publish(); again != first {
		t.Errorf("a repetition is message %s, want %s", again, first)
	}
	a.Advance(5 * time.Minute)
	if later := publish(); later == first {
		t.Error("after five minutes it is still taken for a repetition")
	}
	_, err := c.Publish(t.Context(), &sns.PublishInput{TopicArn: arn, Message: aws.String("m")})
	sdktest.WantCode(t, err, "InvalidParameter")
}

func TestBatchesFailEntryByEntry(t *testing.T) {
	_, c, arn := topic(t, "alerts", nil)
	out, err := c.PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: arn, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
		{Id: aws.String("good"), Message: aws.String("m")},
		{Id: aws.String("bad"), Message: aws.String("m"), Subject: aws.String("two\nlines")},
	}})
	must(t, err)
	if len(out.Successful) != 1 || len(out.Failed) != 1 || *out.Failed[0].Id != "bad" || !out.Failed[0].SenderFault {
		t.Errorf("%d succeed, %d fail", len(out.Successful), len(out.Failed))
	}
	twice := types.PublishBatchRequestEntry{Id: aws.String("same"), Message: aws.String("m")}
	_, err = c.PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: arn, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{twice, twice}})
	sdktest.WantCode(t, err, "BatchEntryIdsNotDistinct")
}

func TestSubscriptionsAndTagsAreListed(t *testing.T) {
	_, c, arn := topic(t, "alerts", nil)
	made, err := c.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-central-1:111122223333:q")})
	must(t, err)
	list, err := c.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: arn})
	must(t, err)
	if len(list.Subscriptions) != 1 || *list.Subscriptions[0].SubscriptionArn != *made.SubscriptionArn {
		t.Errorf("listed are %v", list.Subscriptions)
	}
	_, err = c.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: made.SubscriptionArn})
	must(t, err)
	_, err = c.TagResource(t.Context(), &sns.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("gas")}}})
	must(t, err)
	tags, err := c.ListTagsForResource(t.Context(), &sns.ListTagsForResourceInput{ResourceArn: arn})
	must(t, err)
	attributes, err := c.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: arn})
	must(t, err)
	if len(tags.Tags) != 1 || attributes.Attributes["SubscriptionsConfirmed"] != "0" {
		t.Errorf("tags are %v, attributes %v", tags.Tags, attributes.Attributes)
	}
}

func TestATopicGivesBackItsAttributesAndRefusesOthers(t *testing.T) {
	_, c, arn := topic(t, "alerts", map[string]string{"DisplayName": "Alerts", "KmsMasterKeyId": "alias/aws/sns"})
	_, err := c.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("DeliveryPolicy"), AttributeValue: aws.String(`{"http":{}}`)})
	must(t, err)
	out, err := c.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: arn})
	must(t, err)
	for name, want := range map[string]string{"DisplayName": "Alerts", "KmsMasterKeyId": "alias/aws/sns", "DeliveryPolicy": `{"http":{}}`, "EffectiveDeliveryPolicy": `{"http":{}}`, "Owner": "111122223333"} {
		if got := out.Attributes[name]; got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if !strings.Contains(out.Attributes["Policy"], "__default_policy_ID") {
		t.Errorf("the policy is %s", out.Attributes["Policy"])
	}
	_, err = c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("alerts"), Attributes: map[string]string{"DisplayName": "Others"}})
	sdktest.WantCode(t, err, "InvalidParameter")
	if !strings.Contains(err.Error(), "Topic already exists with different attributes") {
		t.Error(err)
	}
	_, err = c.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("alerts"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	sdktest.WantCode(t, err, "InvalidParameter")
}

func TestAnEmailSubscriptionWaitsForItsConfirmation(t *testing.T) {
	a, c, arn := topic(t, "alerts", nil)
	made, err := c.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: arn, Protocol: aws.String("email"), Endpoint: aws.String("gas@example.com"), ReturnSubscriptionArn: true,
		Attributes: map[string]string{"FilterPolicy": `{"result":["attention"]}`}})
	must(t, err)
	pending := func() string {
		out, err := c.GetSubscriptionAttributes(t.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: made.SubscriptionArn})
		must(t, err)
		if out.Attributes["FilterPolicy"] != `{"result":["attention"]}` || out.Attributes["FilterPolicyScope"] != "MessageAttributes" {
			t.Errorf("%v", out.Attributes)
		}
		return out.Attributes["PendingConfirmation"]
	}
	list, err := c.ListSubscriptions(t.Context(), &sns.ListSubscriptionsInput{})
	must(t, err)
	if got := *list.Subscriptions[0].SubscriptionArn; got != "PendingConfirmation" || pending() != "true" {
		t.Errorf("listed as %s, pending %s", got, pending())
	}
	_, err = c.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: aws.String("guessed")})
	sdktest.WantCode(t, err, "InvalidParameter")
	a.Lock()
	token := a.Topics().ConfirmationToken(*made.SubscriptionArn)
	a.Unlock()
	_, err = c.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: arn, Token: &token})
	must(t, err)
	if pending() != "false" {
		t.Error("it is pending after its confirmation")
	}
	_, err = c.SetSubscriptionAttributes(t.Context(), &sns.SetSubscriptionAttributesInput{SubscriptionArn: made.SubscriptionArn, AttributeName: aws.String("RawMessageDelivery"), AttributeValue: aws.String("true")})
	must(t, err)
	if pending() != "false" {
		t.Error("setting an attribute undid the confirmation")
	}
}
