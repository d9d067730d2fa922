package cloudwatch_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T) (*awssim.AWS, *cloudwatch.Client) {
	t.Helper()
	a := sdktest.New(t)
	return a, cloudwatch.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))
}

var set = []types.Dimension{{Name: aws.String("StackSet"), Value: aws.String("audit-role")}}

func put(t *testing.T, c *cloudwatch.Client, data ...types.MetricDatum) {
	t.Helper()
	_, err := c.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("setmend"), MetricData: data})
	must(t, err)
}

func healed(value float64, at time.Time) types.MetricDatum {
	return types.MetricDatum{MetricName: aws.String("Healed"), Dimensions: set, Value: aws.Float64(value), Timestamp: aws.Time(at), Unit: types.StandardUnitCount}
}

func TestStatisticsAreExactByPeriod(t *testing.T) {
	a, c := client(t)
	start := a.Now().Truncate(time.Hour)
	put(t, c, healed(1, start), healed(5, start.Add(time.Minute)), healed(3, start.Add(5*time.Minute)))
	put(t, c, types.MetricDatum{MetricName: aws.String("Healed"), Dimensions: set, Timestamp: aws.Time(start), Unit: types.StandardUnitCount,
		Values: []float64{2, 4}, Counts: []float64{3, 1}})
	out, err := c.GetMetricStatistics(t.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("setmend"), MetricName: aws.String("Healed"), Dimensions: set,
		StartTime: aws.Time(start), EndTime: aws.Time(start.Add(10 * time.Minute)), Period: aws.Int32(300),
		Statistics: []types.Statistic{types.StatisticSum, types.StatisticMaximum, types.StatisticAverage, types.StatisticSampleCount},
	})
	must(t, err)
	var got []string
	for _, p := range out.Datapoints {
		got = append(got, fmt.Sprintf("%s sum %g max %g n %g", p.Timestamp.Sub(start), *p.Sum, *p.Maximum, *p.SampleCount))
	}
	want := []string{"0s sum 16 max 5 n 6", "5m0s sum 3 max 3 n 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("datapoints differ (-want +got):\n%s", diff)
	}
}

func TestMetricDataComesNewestFirst(t *testing.T) {
	a, c := client(t)
	start := a.Now().Truncate(time.Hour)
	put(t, c, healed(1, start), healed(2, start.Add(time.Minute)))
	out, err := c.GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(start), EndTime: aws.Time(start.Add(time.Hour)),
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("healed"), MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("setmend"), MetricName: aws.String("Healed"), Dimensions: set},
			Period: aws.Int32(60), Stat: aws.String("Sum")}}},
	})
	must(t, err)
	if diff := cmp.Diff([]float64{2, 1}, out.MetricDataResults[0].Values); diff != "" {
		t.Errorf("values differ (-want +got):\n%s", diff)
	}
}

func TestMetricsAreListedByNameAndDimension(t *testing.T) {
	a, c := client(t)
	put(t, c, healed(1, a.Now()), types.MetricDatum{MetricName: aws.String("Runs"), Value: aws.Float64(1)})
	for name, test := range map[string]struct {
		in   cloudwatch.ListMetricsInput
		want int
	}{
		"all":            {cloudwatch.ListMetricsInput{}, 2},
		"by name":        {cloudwatch.ListMetricsInput{MetricName: aws.String("Runs")}, 1},
		"by dimension":   {cloudwatch.ListMetricsInput{Dimensions: []types.DimensionFilter{{Name: aws.String("StackSet")}}}, 1},
		"by other value": {cloudwatch.ListMetricsInput{Dimensions: []types.DimensionFilter{{Name: aws.String("StackSet"), Value: aws.String("x")}}}, 0},
	} {
		out, err := c.ListMetrics(t.Context(), &test.in)
		must(t, err)
		if len(out.Metrics) != test.want {
			t.Errorf("%s: %d metrics, want %d", name, len(out.Metrics), test.want)
		}
	}
}

func TestDataThatCloudWatchWouldRefuse(t *testing.T) {
	a, c := client(t)
	for name, data := range map[string]types.MetricDatum{
		"no value":   {MetricName: aws.String("m")},
		"two values": {MetricName: aws.String("m"), Value: aws.Float64(1), Values: []float64{1}},
		"too old":    {MetricName: aws.String("m"), Value: aws.Float64(1), Timestamp: aws.Time(a.Now().Add(-15 * 24 * time.Hour))},
		"too new":    {MetricName: aws.String("m"), Value: aws.Float64(1), Timestamp: aws.Time(a.Now().Add(3 * time.Hour))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("setmend"), MetricData: []types.MetricDatum{data}})
			sdktest.WantCode(t, err, "InvalidParameterValue")
		})
	}
	_, err := c.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/EC2"), MetricData: []types.MetricDatum{{MetricName: aws.String("m"), Value: aws.Float64(1)}}})
	sdktest.WantCode(t, err, "InvalidParameterValue")
}

func TestAlarmsFollowTheirMetric(t *testing.T) {
	a, c := client(t)
	_, err := c.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("drift"), Namespace: aws.String("setmend"), MetricName: aws.String("Healed"), Dimensions: set,
		Statistic: types.StatisticSum, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(2), DatapointsToAlarm: aws.Int32(1),
		Threshold: aws.Float64(10), ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold})
	must(t, err)
	state := func() types.StateValue {
		out, err := c.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
		must(t, err)
		return out.MetricAlarms[0].StateValue
	}
	if got := state(); got != types.StateValueInsufficientData {
		t.Errorf("without data it is %s", got)
	}
	put(t, c, healed(3, a.Now()))
	a.Advance(time.Minute)
	if got := state(); got != types.StateValueOk {
		t.Errorf("below the threshold it is %s", got)
	}
	put(t, c, healed(30, a.Now()))
	a.Advance(time.Minute)
	if got := state(); got != types.StateValueAlarm {
		t.Errorf("above the threshold it is %s", got)
	}
	_, err = c.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"drift"}})
	must(t, err)
	_, err = c.DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"drift"}})
	sdktest.WantCode(t, err, "ResourceNotFound")
}
