package cloudwatch

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// Report takes a number in that another service reports, as of now.
func (w *CloudWatch) Report(account, region, namespace, metric, unit string, value float64, dimensions ...[2]string) {
	var list []Dimension
	for _, d := range dimensions {
		list = append(list, Dimension{d[0], d[1]})
	}
	call := &core.Call{World: w.world, Caller: core.Principal{Account: account}, Region: region}
	w.add(call, namespace, datum{MetricName: metric, Dimensions: list, Value: &value, Unit: unit})
}
