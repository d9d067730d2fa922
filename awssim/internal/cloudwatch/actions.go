package cloudwatch

import "github.com/setmend/setmend/awssim/internal/core"

type alarmActionsInput struct {
	AlarmNames []string `valid:"required,max=100"`
}

func (w *CloudWatch) enableAlarmActions(c *core.Call, in *alarmActionsInput) (*struct{}, error) {
	return w.switchActions(c, in, true)
}

func (w *CloudWatch) disableAlarmActions(c *core.Call, in *alarmActionsInput) (*struct{}, error) {
	return w.switchActions(c, in, false)
}

// switchActions passes over alarms that there are not, as CloudWatch does.
func (w *CloudWatch) switchActions(c *core.Call, in *alarmActionsInput, on bool) (*struct{}, error) {
	for _, name := range in.AlarmNames {
		if a := w.alarms[alarmKey{c.Caller.Account, c.Region, name}]; a != nil {
			a.ActionsEnabled = &on
			a.updated = c.Now()
		}
	}
	return &struct{}{}, nil
}
