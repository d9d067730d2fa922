package elb_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/elb"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func FuzzActions(f *testing.F) {
	sdktest.FuzzActions(f, elb.New(core.NewWorld(core.Options{}), nil).Service(), func(*awssim.AWS) error { return nil })
}
