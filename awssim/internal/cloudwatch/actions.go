package cloudwatch

import "github.com/setmend/setmend/awssim/internal/core"

type alarmActionsInput struct {
	AlarmNames []string `valid:"required,max=100"`
}

func (w *CloudWatch) enableAlarmActions(c *core.Call, in *alarmActionsInput) (*struct{}, error) {
	return w.switchActions(c, in.AlarmNames, true)
}

func (w *CloudWatch) disableAlarmActions(c *core.Call, in *alarmActionsInput) (*struct{}, error) {
	return w.switchActions(c, in.AlarmNames, false)
}

// switchActions sets ActionsEnabled of the alarms that are there; the API has no
// error for one that is not.
func (w *CloudWatch) switchActions(c *core.Call, names []string, on bool) (*struct{}, error) {
	for _, name := range names {
		a, l := w.alarms.Get(c.Caller.Account, c.Region, name)
		if a == nil {
			continue
		}
		properties, err := a.properties()
		if err != nil {
			return nil, err
		}
		properties["ActionsEnabled"] = on
		if tags, had := l.Properties["Tags"]; had {
			properties["Tags"] = tags
		}
		if _, err := w.alarms.Change(l, properties); err != nil {
			return nil, err
		}
	}
	return &struct{}{}, nil
}
