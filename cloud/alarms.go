package cloud

import (
	"context"
	"path"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/setmend/setmend/fleet"
)

// Alarms lists the names of the CloudWatch alarms in the stack's account and region
// that are in alarm and match one of the patterns, in which * is any letters. Alarms
// that lack data are not in alarm.
func (a *AWS) Alarms(ctx context.Context, stack fleet.MemberStack, patterns []string) ([]string, error) {
	m, err := a.member(ctx, stack)
	if err != nil {
		return nil, err
	}
	options := m.cfn.Options()
	client := cloudwatch.NewFromConfig(a.sdk, func(o *cloudwatch.Options) {
		o.Region, o.Credentials = options.Region, options.Credentials
		o.APIOptions = append(o.APIOptions, a.count)
	})
	names := []string{}
	err = pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, m.on(describeAlarms), client.DescribeAlarms, &cloudwatch.DescribeAlarmsInput{
			StateValue: cw.StateValueAlarm, AlarmTypes: []cw.AlarmType{cw.AlarmTypeMetricAlarm, cw.AlarmTypeCompositeAlarm}, NextToken: token, MaxRecords: aws.Int32(100),
		})
		if err != nil {
			return nil, err
		}
		for _, alarm := range out.MetricAlarms {
			names = matching(names, aws.ToString(alarm.AlarmName), patterns)
		}
		for _, alarm := range out.CompositeAlarms {
			names = matching(names, aws.ToString(alarm.AlarmName), patterns)
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

func matching(names []string, name string, patterns []string) []string {
	for _, pattern := range patterns {
		if ok, err := path.Match(pattern, name); name == pattern || ok && err == nil {
			return append(names, name)
		}
	}
	return names
}
