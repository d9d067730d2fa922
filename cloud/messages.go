package cloud

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/setmend/setmend/fleet"
)

// Publish sends a message to an SNS topic, in the topic's own region. The
// subject may be empty; AWS takes 100 characters of it, and 256 KiB of message.
func (a *AWS) Publish(ctx context.Context, topicARN, subject, message string) error {
	client := sns.NewFromConfig(a.sdk, func(o *sns.Options) {
		o.APIOptions = append(o.APIOptions, a.count)
		if parts := strings.Split(topicARN, ":"); len(parts) == 6 && parts[3] != "" {
			o.Region = parts[3]
		}
	})
	_, err := call(ctx, a, publish.on("%s", topicARN), client.Publish,
		&sns.PublishInput{TopicArn: aws.String(topicARN), Subject: optional(subject), Message: aws.String(message)})
	return err
}

// Parameter reads an SSM parameter, decrypted; found is false if there is none.
func (a *AWS) Parameter(ctx context.Context, name string) (value string, found bool, err error) {
	client := ssm.NewFromConfig(a.sdk, func(o *ssm.Options) { o.APIOptions = append(o.APIOptions, a.count) })
	out, err := call(ctx, a, getParameter.on("parameter %s", name), client.GetParameter,
		&ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	if fleet.KindOf(err) == fleet.NotFound {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if out.Parameter == nil {
		return "", false, unreadable(getParameter, "parameter "+name)
	}
	return aws.ToString(out.Parameter.Value), true, nil
}
