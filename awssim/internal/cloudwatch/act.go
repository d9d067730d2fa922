package cloudwatch

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// SetTargets has alarms act: on topics and functions.
func (w *CloudWatch) SetTargets(targets core.Deliverer) { w.targets = targets }

// Changed schedules the evaluation of a place's alarms, every minute from now on, with
// or without requests.
func (w *CloudWatch) Changed(account, region string) {
	at := [2]string{account, region}
	if w.ticking[at] {
		return
	}
	w.ticking[at] = true
	w.world.KeepMoving()
	w.world.After(time.Minute, func() { w.tick(at) })
}

func (w *CloudWatch) tick(at [2]string) {
	all := w.alarms.At(at[0], at[1])
	if len(all) == 0 {
		delete(w.ticking, at)
		return
	}
	call := &core.Call{World: w.world, Caller: core.Principal{Account: at[0]}, Region: at[1]}
	for _, name := range sortedNames(all) {
		w.evaluate(call, all[name])
	}
	w.world.After(time.Minute, func() { w.tick(at) })
}

// act runs the actions that an alarm names for its new state, and publishes the change.
func (w *CloudWatch) act(account, region string, a *alarm, was, reason string) {
	arn := fmt.Sprintf("arn:%s:cloudwatch:%s:%s:alarm:%s", w.world.Options.Partition, region, account, a.AlarmName)
	if w.world.Listening() {
		w.world.Publish(core.Event{Source: "aws.cloudwatch", DetailType: "CloudWatch Alarm State Change", Account: account, Region: region, Resources: []string{arn}, Detail: map[string]any{
			"alarmName": a.AlarmName, "state": map[string]any{"value": a.state, "reason": reason, "timestamp": w.world.Now().UTC().Format("2006-01-02T15:04:05.000+0000")},
			"previousState": map[string]any{"value": was}, "configuration": map[string]any{"description": a.AlarmDescription},
		}})
	}
	if w.targets == nil || a.ActionsEnabled != nil && !*a.ActionsEnabled {
		return
	}
	actions := map[string][]string{"ALARM": a.AlarmActions, "OK": a.OKActions, "INSUFFICIENT_DATA": a.InsufficientDataActions}[a.state]
	message := notification(account, region, arn, a, was, reason, w.world.Now())
	for _, to := range actions {
		w.world.After(0, func() {
			w.targets.Deliver(core.Delivery{Target: to, Payload: message, Account: account, Region: region, Source: "cloudwatch.amazonaws.com", SourceARN: arn,
				Subject: fmt.Sprintf("%s: \"%s\" in %s", a.state, a.AlarmName, region)}, func(error) {})
		})
	}
}

// notification is what an alarm publishes.
func notification(account, region, arn string, a *alarm, was, reason string, at time.Time) []byte {
	dimensions := []map[string]string{}
	for _, d := range a.Dimensions {
		dimensions = append(dimensions, map[string]string{"name": d.Name, "value": d.Value})
	}
	text, err := json.Marshal(map[string]any{
		"AlarmName": a.AlarmName, "AlarmDescription": a.AlarmDescription, "AWSAccountId": account, "NewStateValue": a.state, "NewStateReason": reason,
		"StateChangeTime": at.UTC().Format("2006-01-02T15:04:05.000+0000"), "Region": region, "AlarmArn": arn, "OldStateValue": was,
		"Trigger": map[string]any{"MetricName": a.MetricName, "Namespace": a.Namespace, "StatisticType": "Statistic", "Statistic": a.Statistic, "Dimensions": dimensions,
			"Period": a.Period, "EvaluationPeriods": a.EvaluationPeriods, "DatapointsToAlarm": a.DatapointsToAlarm, "ComparisonOperator": a.ComparisonOperator,
			"Threshold": a.Threshold, "TreatMissingData": a.TreatMissingData},
	})
	if err != nil { // texts and numbers
		return nil
	}
	return text
}
