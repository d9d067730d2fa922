package cloudwatch_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	internal "github.com/setmend/setmend/awssim/internal/cloudwatch"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func FuzzActions(f *testing.F) {
	service := internal.New(core.NewWorld(core.Options{}), nil).Service()
	service.Protocols = []core.Protocol{core.JSON10} // which of its protocols makes no difference here
	f.Add(3, `{"Namespace":"n","MetricName":"m","StartTime":0,"EndTime":1e9,"Period":60,"Statistics":["Sum"]}`)
	sdktest.FuzzActions(f, service, func(*awssim.AWS) error { return nil })
}
